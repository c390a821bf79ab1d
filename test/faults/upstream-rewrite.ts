/** Upstream's pages as ours: every fact passed on, in either form. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { listing, sha256 } from '../fixtures/listing.ts'
import { fetched, plain, proxied } from '../fixtures/proxied.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0', requiresPython: '>=3.8,<4' })
const sdist = makeSdist({ name: 'demo', version: '1.1' })
const hash = sha256(wheel.bytes)
const type = 'application/vnd.pypi.simple.v1+json'
const html = { 'content-type': 'text/html' }
const json = { 'content-type': type }
const anchors = (text: string) => text.match(/<a .*|<meta name="pypi:project.*/g)

t.test('JSON is passed on whole, unknown keys too (SA-100, TC-13)', async t => {
  const { served, upstream } = await proxied(t)
  const file = {
    filename: wheel.filename,
    url: '/x/demo-1.0-py2.py3-none-any.whl',
    hashes: { sha256: hash, blake2b: 'ab' },
    size: wheel.bytes.length,
    'upload-time': '2024-05-06T07:08:09.123456Z',
    'requires-python': '>=3',
    yanked: 'why',
    provenance: 'https://pypi.org/integrity/x',
    'x-new': { deep: [1, null, 'a'] },
    'dist-info-metadata': true,
  }
  const page = {
    meta: { 'api-version': '1.4', '_last-serial': 7, 'x-meta': 1 },
    name: 'demo',
    versions: ['1.0'],
    'project-status': { status: 'archived', reason: 'old <b>' },
    'x-page': { a: [true] },
    files: [file],
  }
  upstream.behave('/simple/demo/', { body: JSON.stringify(page), headers: json })
  const { body, headers } = await fetched(served, 'simple/demo/', { headers: { accept: type } })
  const got = JSON.parse(String(body)) as {
    files: Record<string, unknown>[]
    [key: string]: unknown
  }
  const { url, ...rest } = got.files[0] ?? {}
  const { url: _url, 'dist-info-metadata': _old, ...expected } = file
  t.match(url, /^\.\.\/\.\.\/packages\/-\/pypi\//)
  t.same(rest, { ...expected, 'core-metadata': true })
  t.same({ ...got, files: [] }, { ...page, files: [] })
  t.equal(headers.get('x-pypi-last-serial'), '7', 'SA-48')
})

t.test('HTML and JSON upstreams give equal pages (TC-11, TC-12, SA-101, SA-102, FX-1)', async t => {
  const files = [
    {
      ...plain(wheel),
      metadata: wheel.metadata,
      'requires-python': '>=3.8,<4',
      yanked: 'a "reason" <b>',
    },
    { ...plain(sdist), yanked: true, provenance: 'https://pypi.org/integrity/demo' },
    plain(makeWheel({ name: 'demo', version: '1.2+local.1' })),
  ]
  const of = async (form: 'html' | 'json') => {
    const { served, upstream } = await proxied(t, { upstream: { form } })
    upstream.project('demo', files, { status: 'deprecated', reason: 'use & other' })
    const page = JSON.parse(
      String((await fetched(served, 'simple/demo/', { headers: { accept: type } })).body),
    ) as { files: Record<string, unknown>[] }
    const text = String(
      (await fetched(served, 'simple/demo/', { headers: { accept: 'text/html' } })).body,
    )
    return { page, text }
  }
  const [fromHtml, fromJson] = [await of('html'), await of('json')]
  t.match(fromHtml.page, { meta: { 'api-version': '1.0' } }, 'SA-57')
  t.notOk(
    fromHtml.page.files.some(
      file => 'upload-time' in file || 'size' in file || Object.values(file).includes(null),
    ),
  )
  t.same(
    fromHtml.page.files.map(file => ({ yanked: false, ...file })),
    fromJson.page.files.map(({ size: _size, 'upload-time': _time, ...file }) => file),
  )
  t.same(anchors(fromHtml.text), anchors(fromJson.text))
  t.match(fromHtml.text, 'data-yanked="a &quot;reason&quot; &lt;b&gt;"')
  t.match(fromJson.text, 'content="deprecated"')
})

t.test('what bandersnatch writes becomes clean (TC-29, PY-44, SA-55)', async t => {
  const { served, upstream } = await proxied(t)
  const file = {
    filename: sdist.filename,
    url: '../../packages/x/demo-1.1.tar.gz',
    hashes: { sha256: 'A'.repeat(64) },
    size: 3,
    'upload-time': '',
    'requires-python': '',
    yanked: '',
  }
  upstream.behave('/simple/demo/', {
    body: JSON.stringify({
      meta: { 'api-version': '1.1', '_last-serial': '42' },
      name: 'demo',
      files: [
        file,
        {
          ...file,
          filename: 'demo-1.2.tar.gz',
          size: null,
          'upload-time': null,
          yanked: null,
          hashes: null,
        },
      ],
      versions: ['1.1'],
    }),
    headers: json,
  })
  const page = JSON.parse(
    String((await fetched(served, 'simple/demo/', { headers: { accept: type } })).body),
  ) as { meta: unknown; files: Record<string, unknown>[] }
  t.match(page.meta, { '_last-serial': 42 })
  t.notMatch(JSON.stringify(page), /null|""/)
  t.match(page.files[0], { yanked: true, hashes: { sha256: 'a'.repeat(64) } })
})

t.test('real pages of others are read (need 14, PY-45)', async t => {
  const { served, upstream } = await proxied(t)
  for (const name of ['six', 'torch', 'black', 'mmcv', 'jax']) {
    const page = readFileSync(new URL(`../fixtures/pages/${name}.html`, import.meta.url), 'utf8')
    const names = new Set(page.match(/(?<=href="[^"#]*)[^/"#]+(?=["#])/g))
    upstream.behave(`/simple/${name}/`, {
      body: page,
      headers: html,
    })
    const { files, status } = await listing(served.url, name)
    t.equal(status, 200)
    t.equal(files.length, names.size, `${name}: all its files`)
    t.ok(
      files.every(({ url }) => url.startsWith(served.url)),
      'every link is ours (P08)',
    )
  }
})
