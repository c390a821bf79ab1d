import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { drop } from '../fixtures/indexes.ts'
import {
  filesBelow,
  proxied,
  restarted,
  type Proxied,
  type ProxiedOptions,
} from '../fixtures/proxied.ts'
import { serve, upstreamAt } from '../fixtures/serve.ts'
import { usualPath, type Upstream } from '../fixtures/upstream.ts'
import { ask, lasting, type Answer } from '../fixtures/wire.ts'

const wheel = makeWheel({
  name: 'leaf-lib',
  version: '1.0',
  requires: ['root-lib>=2'],
  extra: 'Summary: a leaf\nProject-URL: Source, https://example.org/leaf\n',
})
const newer = makeWheel({ name: 'leaf-lib', version: '1.1', extra: 'Summary: a newer leaf\n' })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.0' })
const mine = makeWheel({
  name: 'Acme.Util',
  version: '2.0',
  requiresPython: '>=3.8',
  requires: ['leaf-lib', 'other; extra == "fast"'],
  extra:
    'Summary: does things\nAuthor: Ann\nLicense: MIT\nKeywords: a,b\nClassifier: Private :: Do Not Upload\n' +
    'Project-URL: Home, https://example.org/\nProvides-Extra: fast\nDescription-Content-Type: text/markdown\n\n# Hello\n',
})

const infoKeys =
  'author author_email bugtrack_url classifiers description description_content_type docs_url download_url downloads dynamic home_page keywords license license_expression license_files maintainer maintainer_email name package_url platform project_url project_urls provides_extra release_url requires_dist requires_python summary version yanked yanked_reason'.split(
    ' ',
  )
const fileKeys =
  'comment_text core-metadata digests downloads filename has_sig md5_digest packagetype python_version requires_python size upload_time upload_time_iso_8601 url yanked yanked_reason'.split(
    ' ',
  )

interface Json {
  readonly info: Record<string, unknown>
  readonly releases: Record<string, Record<string, unknown>[]>
  readonly urls: Record<string, unknown>[]
  readonly [key: string]: unknown
}

const parse = ({ text }: Answer): Json => JSON.parse(text) as Json

/** A file as PyPI's JSON API has it, with keys that we know nothing of. */
const told = (upstream: Upstream, { filename, bytes }: typeof wheel, yanked = false) => ({
  filename,
  url: `${upstream.origin}${usualPath({ filename, bytes })}`,
  size: bytes.length,
  yanked,
  digests: { blake2b_256: 'ab'.repeat(32) },
  told_by: 'upstream',
})

const answerOf = (upstream: Upstream, more: object = {}) => {
  const files = [wheel, sdist].map(file => told(upstream, file))
  return {
    info: { name: 'Leaf.Lib', version: '1.0', summary: 'by upstream', new_key: [1] },
    last_serial: 77,
    ownership: { roles: [] },
    releases: { '0.9': [], '1.0': files },
    urls: files,
    vulnerabilities: [{ id: 'PYSEC-1' }],
    ...more,
  }
}

const tell = (upstream: Upstream, path: string, value: unknown, more: object = {}) =>
  upstream.behave(path, { body: JSON.stringify(value), headers: { etag: '"one"' }, ...more })

const setUp = async (t: Test, options: ProxiedOptions = {}): Promise<Proxied> => {
  const both = await proxied(t, options)
  both.upstream.project('leaf-lib', [
    { ...wheel },
    { filename: sdist.filename, bytes: sdist.bytes },
  ])
  return both
}

t.test("upstream's answer is passed on, its files are ours (PY-1, PY-7, SA-72)", async t => {
  const { upstream, served } = await setUp(t)
  const value = answerOf(upstream)
  tell(upstream, '/pypi/leaf-lib/json', value)
  const answer = await ask(served.url, '/pypi/leaf-lib/json')
  t.equal(answer.status, 200)
  t.match(answer.headers, {
    'content-type': 'application/json',
    'cache-control': 'no-cache',
    'access-control-allow-origin': '*',
    'x-pypi-last-serial': '77',
    etag: /^"[^"]+"$/,
    vary: /Accept-Encoding/,
  })
  const got = parse(answer)
  t.same(got.info, value.info)
  t.same([got['last_serial'], got['ownership']], [77, { roles: [] }])
  t.same(got['vulnerabilities'], value.vulnerabilities)
  t.same(Object.keys(got.releases), ['0.9', '1.0'])
  for (const [place, dist] of [wheel, sdist].entries()) {
    const file = got.urls[place]
    t.match(file, { filename: dist.filename, told_by: 'upstream', digests: { blake2b_256: /ab/ } })
    t.equal(file?.['url'], new URL(usualPath(dist), served.url).href)
    const bytes = Buffer.from(await (await fetch(String(file?.['url']))).arrayBuffer())
    t.ok(bytes.equals(dist.bytes))
  }
  t.same(got.releases['1.0'], got.urls)
  await ask(served.url, '/pypi/leaf-lib/json')
  t.equal(upstream.count('/pypi/leaf-lib/json'), 1, 'and it is kept')
})

t.test('a release, found in any spelling; what is not there (PY-2, TC-80)', async t => {
  const { upstream, served } = await setUp(t)
  const { releases: _releases, ...value } = answerOf(upstream)
  tell(upstream, '/pypi/leaf-lib/1.0/json', value)
  const got = parse(await ask(served.url, '/pypi/leaf-lib/1.0/json'))
  t.equal(got.info['summary'], 'by upstream')
  t.notOk('releases' in got)
  t.equal(got.urls.length, 2)
  const other = await ask(served.url, '/pypi/leaf-lib/1.0.0/json')
  t.equal(other.status, 200, 'TC-80')
  t.equal(parse(other).urls.length, 2)
  for (const path of [
    '/pypi/leaf-lib/9.9/json',
    '/pypi/leaf-lib/nonsense/json',
    '/pypi/unknown/json',
    '/pypi/-bad-/json',
    '/pypi/leaf-lib/1.0/other',
    '/pypi/leaf-lib/1.0/2.0/json',
    '/pypi/leaf-lib',
    '/pypi/json',
    '/pypi/',
  ]) {
    const answer = await ask(served.url, path)
    t.equal(answer.status, 404, path)
    t.same(JSON.parse(answer.text), { message: 'Not Found' })
    t.match(answer.headers, {
      'content-type': 'application/json',
      'access-control-allow-origin': '*',
    })
  }
})

t.test('another spelling or a final slash: 301 to the normal form (PY-1, PY-2)', async t => {
  const { served } = await setUp(t)
  const { origin } = new URL(served.url)
  for (const [asked, normal] of [
    ['/pypi/Leaf_Lib/json', '/pypi/leaf-lib/json'],
    ['/pypi/leaf-lib/json/', '/pypi/leaf-lib/json'],
    ['/pypi/LEAF.lib/json/', '/pypi/leaf-lib/json'],
    ['/pypi/Leaf_Lib/1.0+x/json', '/pypi/leaf-lib/1.0%2Bx/json'],
    ['/pypi/leaf-lib/1.0/json/', '/pypi/leaf-lib/1.0/json'],
    ['/pypi/Leaf-lib/%2F%2Fevil/json', undefined],
  ] as const) {
    const answer = await ask(served.url, asked)
    t.equal(answer.status, normal === undefined ? 404 : 301, asked)
    if (normal !== undefined)
      t.equal(new URL(answer.headers.location ?? '', origin + asked).href, origin + normal)
  }
})

t.test('a private project: from its files, upstream is not asked (needs 31)', async t => {
  const { upstream, served } = await setUp(t, { settings: { private: ['acme-*'] } })
  const beta = makeSdist({ name: 'acme-util', version: '3.0b1' })
  await drop(served.directory, mine.filename, mine.bytes)
  await drop(served.directory, `acme-util/${beta.filename}`, beta.bytes)
  const got = parse(await ask(served.url, '/pypi/acme-util/json'))
  t.same(Object.keys(got).toSorted(), [
    'info',
    'last_serial',
    'releases',
    'urls',
    'vulnerabilities',
  ])
  t.same(Object.keys(got.info).toSorted(), infoKeys, 'exactly the keys of PY-3')
  t.match(got.info, {
    name: 'Acme.Util',
    version: '2.0',
    summary: 'does things',
    author: 'Ann',
    license: 'MIT',
    keywords: 'a,b',
    classifiers: ['Private :: Do Not Upload'],
    description: '# Hello\n',
    description_content_type: 'text/markdown',
    project_urls: { Home: 'https://example.org/' },
    provides_extra: ['fast'],
    requires_dist: ['leaf-lib', 'other; extra == "fast"'],
    requires_python: '>=3.8',
    downloads: { last_day: -1, last_month: -1, last_week: -1 },
    home_page: null,
    yanked: false,
    yanked_reason: null,
  })
  t.same([got['last_serial'], got['vulnerabilities']], [-1, []])
  t.same(Object.keys(got.releases).toSorted(), ['2.0', '3.0b1'])
  const [file = {}] = got.urls
  t.same(Object.keys(file).toSorted(), fileKeys, 'exactly the keys of PY-4')
  t.match(file, {
    filename: mine.filename,
    packagetype: 'bdist_wheel',
    python_version: 'py2.py3',
    size: mine.bytes.length,
    digests: { sha256: /^[0-9a-f]{64}$/, md5: null, blake2b_256: null },
    upload_time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
    upload_time_iso_8601: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
    'core-metadata': { sha256: /^[0-9a-f]{64}$/ },
    has_sig: false,
    downloads: -1,
  })
  t.ok((await fetch(String(file['url']))).ok)
  t.match(got.releases['3.0b1'], [{ packagetype: 'sdist', python_version: 'source' }])
  const one = parse(await ask(served.url, '/pypi/acme-util/3.0.0-beta1/json'))
  t.match(one, {
    info: { version: '3.0b1', name: 'acme-util' },
    urls: [{ filename: beta.filename }],
  })
  t.equal(upstream.count(), 0)
})

t.test('cached: everything that is held is there offline, and no more (needs 3, 31)', async t => {
  const first = await setUp(t)
  const { upstream, served } = first
  tell(upstream, '/pypi/leaf-lib/json', answerOf(upstream))
  await ask(served.url, '/pypi/leaf-lib/json')
  await ask(served.url, usualPath(wheel))
  const { served: again } = await restarted(t, first, { settings: { offline: true } })
  const got = parse(await ask(again.url, '/pypi/leaf-lib/json'))
  t.equal(got.info['summary'], 'by upstream')
  t.same(
    got.urls.map(file => [file['filename'], file['told_by']]),
    [[wheel.filename, 'upstream']],
  )
  const one = parse(await ask(again.url, '/pypi/leaf-lib/1.0/json'))
  t.equal(one.urls.length, 1)
  t.same(one['vulnerabilities'], [{ id: 'PYSEC-1' }])
})

t.test('an upstream without JSON API: made of the page and one metadata file', async t => {
  const { upstream, served } = await setUp(t)
  upstream.project('leaf-lib', [
    { ...wheel },
    { ...newer, yanked: 'broken' },
    { filename: sdist.filename, bytes: sdist.bytes },
  ])
  const got = parse(await ask(served.url, '/pypi/leaf-lib/json'))
  t.match(got.info, {
    version: '1.0',
    summary: 'a leaf',
    requires_dist: ['root-lib>=2'],
    project_urls: { Source: 'https://example.org/leaf' },
  })
  t.match(got.releases['1.1'], [{ yanked: true, yanked_reason: 'broken' }])
  const yanked = parse(await ask(served.url, '/pypi/leaf-lib/1.1/json'))
  t.match(yanked.info, { yanked: true, yanked_reason: 'broken', summary: 'a newer leaf' })
  const files = upstream.requests
    .map(({ path }) => path)
    .filter(path => path.startsWith('/packages'))
  t.same(
    files,
    [wheel, newer].map(dist => `${usualPath(dist)}.metadata`),
    'nothing else is fetched',
  )
  const asked = upstream.count()
  await ask(served.url, '/pypi/leaf-lib/json')
  await ask(served.url, '/pypi/leaf-lib/1.1/json')
  t.equal(upstream.count(), asked, 'its lack is remembered')
})

t.test('no wheel is fetched for its metadata', async t => {
  const { upstream, served } = await setUp(t)
  upstream.project('leaf-lib', [{ filename: wheel.filename, bytes: wheel.bytes }])
  const cold = parse(await ask(served.url, '/pypi/leaf-lib/json'))
  t.match(cold, { info: { version: '1.0', summary: null }, urls: [{ filename: wheel.filename }] })
  t.equal(upstream.count(usualPath(wheel)), 0)
  await ask(served.url, usualPath(wheel))
  const warm = parse(await ask(served.url, '/pypi/leaf-lib/json'))
  t.equal(warm.info['summary'], 'a leaf', 'but once it is here, it tells')
})

t.test('what is no answer of a JSON API counts as none', async t => {
  const { upstream, served } = await setUp(t, { source: { refresh: 0 } })
  for (const body of [
    '<html>log in</html>',
    '[]',
    '{"info":{}}',
    JSON.stringify(answerOf(upstream, { info: { name: 'other', version: '1.0' } })),
    JSON.stringify(answerOf(upstream)).replace(
      '"by upstream"',
      '['.repeat(5000) + ']'.repeat(5000),
    ),
  ]) {
    upstream.behave('/pypi/leaf-lib/json', { body })
    // Its lack is believed for a while, but not against the client's wish.
    const headers = { 'cache-control': 'no-cache' }
    const answer = await ask(served.url, '/pypi/leaf-lib/json', { headers })
    t.equal(answer.status, 200)
    t.equal(parse(answer).info['summary'], 'a leaf', body.slice(0, 40))
  }
})

t.test('unsafe files in an answer are left out (fault U50)', async t => {
  const { upstream, served } = await setUp(t)
  const files = [
    { ...told(upstream, wheel), url: 'javascript:alert(1)' },
    { ...told(upstream, wheel), filename: '../../x.whl' },
    { filename: 'leaf_lib-1.0.zip', url: 'https://files.example/leaf_lib-1.0.zip' },
    'nonsense',
    null,
  ]
  tell(upstream, '/pypi/leaf-lib/json', answerOf(upstream, { releases: { '1.0': files } }))
  const got = parse(await ask(served.url, '/pypi/leaf-lib/json'))
  t.same(
    got.urls.map(file => file['url']),
    [
      new URL('packages/-/pypi/~files.example/leaf_lib-1.0.zip', served.url).href,
      new URL(usualPath(wheel), served.url).href,
      new URL(usualPath(sdist), served.url).href,
    ],
  )
})

t.test('an old answer is confirmed, and stays good when upstream fails (PY-31)', async t => {
  const { upstream, served } = await setUp(t, { source: { refresh: 0 } })
  tell(upstream, '/pypi/leaf-lib/json', answerOf(upstream))
  const first = await ask(served.url, '/pypi/leaf-lib/json')
  upstream.behave('/pypi/leaf-lib/json', { status: 304 })
  const second = await ask(served.url, '/pypi/leaf-lib/json')
  t.equal(second.text, first.text)
  t.equal(upstream.requests.at(-1)?.headers['if-none-match'], '"one"')
  upstream.behave('/pypi/leaf-lib/json', { status: 500 })
  const third = await ask(served.url, '/pypi/leaf-lib/json')
  t.equal(third.text, first.text)
  await upstream.down()
  t.equal((await ask(served.url, '/pypi/leaf-lib/json')).text, first.text)
})

t.test('a broken copy of an answer does no harm (fault S20)', async t => {
  const { upstream, served } = await setUp(t)
  tell(upstream, '/pypi/leaf-lib/json', answerOf(upstream))
  await ask(served.url, '/pypi/leaf-lib/json')
  const [kept = ''] = (await filesBelow(served.directory)).filter(path =>
    path.includes('documents'),
  )
  const path = join(served.directory, kept)
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('by upstream', 'by anybody!'))
  // As another process, which has not read it yet.
  const other = await serve(t, {
    directory: served.directory,
    upstreams: [upstreamAt(upstream.url.href)],
  })
  t.equal(parse(await ask(other.url, '/pypi/leaf-lib/json')).info['summary'], 'a leaf')
  t.equal(parse(await ask(other.url, '/pypi/leaf-lib/json')).info['summary'], 'by upstream')
})

t.test('local files beside those of upstream, and a newer release of ours', async t => {
  const { upstream, served } = await setUp(t, { settings: { merge: ['leaf-lib'] } })
  tell(upstream, '/pypi/leaf-lib/json', answerOf(upstream))
  const local = makeWheel({ name: 'leaf-lib', version: '1.0+acme', extra: 'Summary: ours\n' })
  await drop(served.directory, local.filename, local.bytes)
  const got = parse(await ask(served.url, '/pypi/leaf-lib/json'))
  t.same(Object.keys(got.releases), ['0.9', '1.0', '1.0+acme'])
  t.match(got, { info: { version: '1.0+acme', summary: 'ours' }, vulnerabilities: [] })
  t.same(
    got.urls.map(file => file['filename']),
    [local.filename],
  )
})

t.test('a quarantined project offers nothing (SA-92)', async t => {
  const { upstream, served } = await setUp(t)
  upstream.project('leaf-lib', [{ ...wheel }], { status: 'quarantined' })
  tell(upstream, '/pypi/leaf-lib/json', answerOf(upstream))
  t.equal((await ask(served.url, '/pypi/leaf-lib/json')).status, 404)
  t.equal((await ask(served.url, '/pypi/leaf-lib/1.0/json')).status, 404)
})

t.test('validators, codings, HEAD (SA-44 to SA-47)', async t => {
  const { served } = await setUp(t)
  const path = '/pypi/leaf-lib/json'
  const plain = await ask(served.url, path)
  const packed = await ask(served.url, path, { headers: { 'accept-encoding': 'gzip' } })
  t.equal(packed.headers['content-encoding'], 'gzip')
  t.equal(gunzipSync(packed.body).toString(), plain.text)
  t.not(packed.headers.etag, plain.headers.etag)
  const head = await ask(served.url, path, { method: 'HEAD' })
  t.equal(head.text, '')
  t.same({ ...lasting(head), 'x-cache': 'miss' }, lasting(plain))
  for (const { headers } of [plain, packed]) {
    const again = await ask(served.url, path, {
      headers: {
        'if-none-match': headers.etag ?? '',
        'accept-encoding': headers['content-encoding'] ?? 'identity',
      },
    })
    t.equal(again.status, 304)
    t.equal(again.headers.etag, headers.etag)
    t.notOk(again.headers['content-type'])
  }
})

t.test('URLs are those of the asker, and nobody else gets them (faults X03, X04)', async t => {
  const { served } = await setUp(t)
  const urlFor = async (headers: Record<string, string>) => {
    const answer = await ask(served.url, '/pypi/leaf-lib/json', { headers })
    return String(parse(answer).urls[0]?.['url']).replace(/packages.*$/, '')
  }
  t.equal(await urlFor({ host: 'evil.example' }), 'http://evil.example/')
  t.equal(await urlFor({}), served.url, 'it was not kept for others')
  t.equal(await urlFor({ host: 'pypi.corp:8443' }), 'http://pypi.corp:8443/')
  t.match(await urlFor({ host: 'a"b/c' }), /^http:\/\/127\.0\.0\.1:\d+\/$/)
  const proxy = {
    host: '127.0.0.1:8000',
    'x-forwarded-host': 'pypi.corp, inner',
    'x-forwarded-proto': 'https',
    'x-forwarded-prefix': '/python/',
  }
  t.equal(await urlFor(proxy), 'https://pypi.corp/python/', 'a reverse proxy on this machine')
  const odd = { 'x-forwarded-host': 'a b', 'x-forwarded-proto': 'ftp', 'x-forwarded-prefix': '/"' }
  t.equal(await urlFor({ host: 'pypi.corp', ...odd }), 'http://pypi.corp/')
})

t.test('an upstream that is down: what is held, else 502', async t => {
  const { upstream, served } = await setUp(t)
  await ask(served.url, usualPath(wheel))
  await upstream.down()
  const got = parse(await ask(served.url, '/pypi/leaf-lib/json'))
  t.match(got.info, { version: '1.0', summary: 'a leaf' })
  t.equal((await ask(served.url, '/pypi/other-lib/json')).status, 502)
})

t.test('an index that is not called simple has no JSON API', async t => {
  const both = await proxied(t, { upstream: { root: '/whl/' } })
  both.upstream.project('leaf-lib', [{ ...wheel }])
  const answer = await ask(both.served.url, '/pypi/leaf-lib/json')
  t.equal(parse(answer).info['summary'], 'a leaf')
  t.equal(both.upstream.requests.filter(({ path }) => path.includes('json')).length, 0)
})

t.test('no upstream at all', async t => {
  const served = await serve(t)
  t.equal((await ask(served.url, '/pypi/leaf-lib/json')).status, 404)
})
