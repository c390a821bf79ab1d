/** What upstream's pages say is not used as a path, a URL or HTML before it was checked. */
import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import t from 'tap'
import { makeWheel, noise } from '../fixtures/dist.ts'
import { listing, sha256 } from '../fixtures/listing.ts'
import { fetched, filesBelow, isClean, kept, plain, proxied } from '../fixtures/proxied.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0' })
const hash = sha256(wheel.bytes)
const pathOf = (project: string) => `/files/${project}/${wheel.filename}`
const type = 'application/vnd.pypi.simple.v1+json'

const hostile = [
  // U71, U72
  '../evil-1.0.tar.gz',
  '..%2f..%2fevil-1.0.tar.gz',
  '%2e%2e%2fevil-1.0.tar.gz',
  '%252e%252e%252fevil-1.0.tar.gz',
  '..\\evil-1.0.tar.gz',
  'a%5c..%5cevil-1.0.tar.gz',
  '/etc/passwd',
  '/tmp/evil-1.0.tar.gz',
  'C:\\evil-1.0.tar.gz',
  '\\\\host\\share\\evil-1.0.tar.gz',
  '..',
  // U73
  'evil\0-1.0.tar.gz',
  'evil-1.0\r\nX-Evil: 1.tar.gz',
  'evil\u001b[31m-1.0.tar.gz',
  'evil\t-1.0.tar.gz',
  // U74
  `evil-${'1'.repeat(255 - 12)}.tar.gz`,
  `evil-${'1'.repeat(5000)}.tar.gz`,
  `evil-${'1'.repeat(100_000)}.tar.gz`,
  // U75
  'evil\u202e-1.0.tar.gz',
  'e\u0301vil-1.0.tar.gz',
  '\u00e9vil-1.0.tar.gz',
  'evil-1.0\uff0e\uff0e.tar.gz',
  // U76
  'evil-1.0.tar.gz.',
  'evil-1.0.tar.gz ',
  'evil-1.0.tar.gz::$DATA',
  // U77
  '-evil-1.0.tar.gz',
  '.evil-1.0.tar.gz',
  '.tar.gz',
  '',
  'index.html',
  'evil-1.0.json',
  'meta.json',
  'evil-1.0.tmp',
  'lock',
  'proxypypi.toml',
  // U78
  '<script>alert(1)</script>-1.0.tar.gz',
  '"><img src=x>-1.0.tar.gz',
]

t.test('hostile names are left out, the good file works (U71-U78, SA-110)', async t => {
  for (const form of ['json', 'html'] as const) {
    const { served, upstream } = await proxied(t)
    upstream.project('demo', [plain(wheel)])
    const path = upstream.path(wheel.filename)
    const entry = (filename: string, url: string) => ({ filename, url, hashes: { sha256: hash } })
    const files = [
      ...hostile.map((name, place) => entry(name, `/files/${place}/${encodeURIComponent(name)}`)),
      // The link is fine, the name is not, and the other way round.
      ...hostile.map((name, place) => entry(name, `/files/${place}/fine-1.0.tar.gz`)),
      entry(wheel.filename, path),
    ]
    const body =
      form === 'json' ?
        JSON.stringify({ meta: { 'api-version': '1.0' }, name: 'demo', files })
      : `<!DOCTYPE html><title>Links for demo</title>${files
          .filter(({ url }) => !url.includes('fine-1.0'))
          .map(({ url }) => `<a href="${url}">x</a>`)
          .join('\n')}`
    upstream.behave('/simple/demo/', {
      body,
      headers: { 'content-type': form === 'json' ? type : 'text/html' },
    })
    const page = await listing(served.url, 'demo')
    t.same(page.names, [wheel.filename], form)
    t.ok((await fetched(served, path)).body?.equals(wheel.bytes))
    for (const [place, name] of hostile.slice(0, 15).entries())
      for (const spelled of [name, encodeURIComponent(name)]) {
        const { status } = await fetched(served, `packages/-/pypi/files/${place}/${spelled}`)
        t.ok(status === 400 || status === 404, `${JSON.stringify(name)}: ${status}`)
      }
    t.same(await kept(served), [wheel.filename], 'nothing else was written')
    const text = String(
      (await fetched(served, 'simple/demo/', { headers: { accept: 'text/html' } })).body,
    )
    t.notMatch(text, /<script|<img|evil/)
    t.notMatch(JSON.stringify(served.log.told), /\\r|\\n|\\u0000|\\u001b/)
    t.notOk((await readdir(dirname(served.directory))).some(name => name.includes('evil')))
  }
})

t.test('markup in attributes is escaped (U78)', async t => {
  const { served, upstream } = await proxied(t)
  const markup = '"><script>alert(1)</script>'
  upstream.project('demo', [
    { ...plain(wheel), 'requires-python': `>=3${markup}`, yanked: markup, 'x-other': markup },
  ])
  const { body, headers } = await fetched(served, 'simple/demo/', {
    headers: { accept: 'text/html' },
  })
  t.notMatch(String(body), '<script')
  t.match(String(body), '&lt;script&gt;')
  t.match(headers.get('content-security-policy'), /sandbox|default-src 'none'/)
})

t.test('hashes that are none, sizes that are none (U37-U39)', async t => {
  const odd: Record<string, unknown>[] = [
    { hashes: { sha256: '../../etc/passwd' } },
    { hashes: { sha256: 'x'.repeat(64) } },
    { hashes: { sha256: 5 } },
    { hashes: { '../sha': 'ab', sha256: '' } },
    { hashes: 'none' },
    { size: -1 },
    { size: 1e300 },
    { size: '12' },
    { size: 1.5 },
    { size: null },
    { hashes: {} },
  ]
  const { served, upstream } = await proxied(t)
  const files = odd.map((fields, place) => {
    const own = makeWheel({ name: 'demo', version: `1.${place}` })
    const path = `/files/${place}/${own.filename}`
    upstream.behave(path, { body: own.bytes })
    return { own, entry: { filename: own.filename, url: path, hashes: {}, ...fields } }
  })
  upstream.behave('/simple/demo/', {
    body: JSON.stringify({ meta: {}, files: files.map(({ entry }) => entry) }),
    headers: { 'content-type': type },
  })
  const page = await listing(served.url, 'demo')
  t.equal(page.files.length, odd.length)
  for (const { own, entry } of files) {
    const listed = page.files.find(({ filename }) => filename === own.filename)
    t.notMatch(JSON.stringify(listed), /passwd|xxxx|null|1e\+?300/)
    t.ok((await fetched(served, listed?.url ?? '')).body?.equals(own.bytes), JSON.stringify(entry))
  }
  const after = await listing(served.url, 'demo')
  for (const { own } of files)
    t.match(
      after.files.find(({ filename }) => filename === own.filename),
      { hashes: { sha256: sha256(own.bytes) }, size: own.bytes.length },
      'our own hash is recorded at first sight (U37)',
    )
})

t.test('a wrong hash or size on the page: refused, until the page is right (U36, U39)', async t => {
  for (const wrong of [
    { hashes: { sha256: 'c'.repeat(64) } },
    { hashes: { md5: 'c'.repeat(32) } },
    { size: 5 },
  ]) {
    const { served, upstream } = await proxied(t, { source: { refresh: 0 } })
    upstream.project('demo', [{ ...plain(wheel), ...wrong }])
    await listing(served.url, 'demo')
    const path = upstream.path(wheel.filename)
    for (const time of [1, 2]) {
      const answer = await fetched(served, path)
      t.notOk(isClean(answer), `${JSON.stringify(wrong)} ${time}: ${answer.status}`)
    }
    t.same(await kept(served), [])
    upstream.project('demo', [plain(wheel)])
    await listing(served.url, 'demo')
    t.ok((await fetched(served, path)).body?.equals(wheel.bytes))
  }
})

t.test("one project cannot replace another's file (U42)", async t => {
  const poison = noise(500)
  for (const order of [
    ['evil', 'demo'],
    ['demo', 'evil'],
  ]) {
    const { served, upstream } = await proxied(t)
    upstream.project('demo', [{ ...plain(wheel), path: pathOf('demo') }])
    upstream.project('evil', [{ filename: wheel.filename, bytes: poison, path: pathOf('evil') }])
    for (const name of order) {
      const [file] = (await listing(served.url, name)).files
      const { body } = await fetched(served, file?.url ?? '')
      t.ok(body?.equals(name === 'demo' ? wheel.bytes : poison), `${name} in ${order.join()}`)
    }
    for (const name of order) {
      const page = await listing(served.url, name)
      t.equal(page.files.length, 1)
      const { body } = await fetched(served, page.files[0]?.url ?? '')
      t.equal(sha256(body ?? ''), page.files[0]?.hashes['sha256'], `${name}: page and bytes agree`)
    }
    const byName = await fetched(served, `package/${wheel.filename}`)
    t.ok(byName.body?.equals(wheel.bytes), 'by its name alone it is the project that it names')
  }
})

t.test('longest names that are allowed', async t => {
  const { served, upstream } = await proxied(t)
  const filename =
    `demo-1.0-${'x'.repeat(220 - 26)}-none-any.whl`.slice(0, -4).padEnd(216, 'y') + '.whl'
  upstream.project('demo', [{ filename, bytes: wheel.bytes }])
  const [file] = (await listing(served.url, 'demo')).files
  t.equal(file?.filename.length, 220)
  t.equal((await fetched(served, file?.url ?? '')).status, 200)
  t.equal(
    (await fetched(served, `${file?.url}.metadata`)).status,
    200,
    'with room for all that belongs to it',
  )
  t.ok((await filesBelow(served.directory)).some(path => path.endsWith(filename)))
})

t.test('odd but allowed names (TC-48, TC-52, FN-16)', async t => {
  const { served, upstream } = await proxied(t)
  const names = [
    'demo-1.0+local.1.tar.gz',
    'demo-1!2.0.zip',
    'Demo-1.0~rc.tar.bz2',
    'demo-1.0.tgz',
    'demo-1.0-py2.7.egg',
    'demo-1.0.win32-py2.7.exe',
    'demo-1.0.win32.msi',
    'demo-src.zip',
  ]
  upstream.project(
    'demo',
    names.map(filename => ({ filename, bytes: Buffer.from(filename) })),
  )
  const page = await listing(served.url, 'demo')
  t.same(page.names, names.toSorted())
  for (const { url, filename } of page.files) {
    for (const spelled of [url, url.replaceAll('%2B', '+'), url.replaceAll('!', '%21')]) {
      const { status, body, headers } = await fetched(served, spelled)
      t.same([status, body?.toString()], [200, filename], spelled)
      t.equal(headers.get('content-type'), 'application/octet-stream')
      t.equal(headers.get('content-encoding'), null)
      t.equal(headers.get('content-disposition'), null)
    }
  }
})
