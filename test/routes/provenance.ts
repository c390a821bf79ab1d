import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { provenanceRoute } from '../../src/routes/provenance.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { drop, openFor } from '../fixtures/indexes.ts'
import { filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { proxied, restarted, type Proxied } from '../fixtures/proxied.ts'
import { ask } from '../fixtures/wire.ts'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.0' })
const plain = makeWheel({ name: 'leaf-lib', version: '1.1' })
const mine = makeWheel({ name: 'acme-util', version: '2.0' })
const type = 'application/vnd.pypi.integrity.v1+json'

// Odd spacing, which tells whether it is passed on byte for byte.
const object =
  '{"version": 1,\n  "attestation_bundles": [{"publisher": {"kind": "GitHub"}, "attestations": []}]}'

const theirs = '/integrity/leaf-lib/1.0/leaf_lib-1.0-py2.py3-none-any.whl/provenance'

const setUp = async (t: Test): Promise<Proxied> => {
  const both = await proxied(t, { settings: { private: ['acme-*'] } })
  const { upstream, served } = both
  upstream.project('leaf-lib', [
    { ...wheel, provenance: `${upstream.origin}${theirs}` },
    { ...plain, provenance: null },
  ])
  upstream.behave(theirs, { body: object })
  await drop(served.directory, mine.filename, mine.bytes)
  return both
}

t.test("upstream's object, byte for byte, offline too (PY-10, SA-88, need 45)", async t => {
  const both = await setUp(t)
  const answer = await ask(both.served.url, theirs)
  t.equal(answer.status, 200)
  t.equal(answer.text, object)
  t.match(answer.headers, { 'content-type': type, vary: 'Accept', etag: /^"/ })
  const page = await ask(both.served.url, '/simple/leaf-lib/', {
    headers: { accept: 'application/vnd.pypi.simple.v1+json' },
  })
  t.ok(page.text.includes(`${both.upstream.origin}${theirs}`), 'the page names the authority still')
  await both.upstream.down()
  const { served } = await restarted(t, both, { settings: { offline: true } })
  t.equal((await ask(served.url, theirs)).status, 404, 'a file that is not held is not listed')
})

t.test('with its file it is there when upstream is not', async t => {
  const both = await setUp(t)
  const { upstream } = both
  await ask(both.served.url, upstream.path(wheel.filename))
  await ask(both.served.url, theirs)
  await upstream.down()
  const { served } = await restarted(t, both, { settings: { offline: true } })
  t.equal((await ask(served.url, theirs)).text, object)
})

t.test('the media types, and 304 (PY-10)', async t => {
  const { served } = await setUp(t)
  for (const [accept, given] of [
    [undefined, type],
    ['*/*', type],
    [type, type],
    ['application/vnd.pypi.integrity.latest+json', type],
    ['application/json', 'application/json'],
    ['text/html, application/json;q=0.5', 'application/json'],
    ['text/html', undefined],
    [`${type};q=0`, undefined],
  ] as const) {
    const headers = accept === undefined ? {} : { accept }
    const answer = await ask(served.url, theirs, { headers })
    t.equal(answer.status, given === undefined ? 406 : 200, accept ?? 'none')
    if (given === undefined) continue
    t.equal(answer.headers['content-type'], given)
    const { etag = '' } = answer.headers
    const again = await ask(served.url, theirs, { headers: { ...headers, 'if-none-match': etag } })
    t.equal(again.status, 304)
    t.equal(again.headers.etag, etag)
  }
})

t.test('404 where there is none, 301 for another spelling', async t => {
  const { served } = await setUp(t)
  for (const path of [
    `/integrity/leaf-lib/1.1/${plain.filename}/provenance`,
    `/integrity/acme-util/2.0/${mine.filename}/provenance`,
    `/integrity/leaf-lib/2.0/${wheel.filename}/provenance`,
    `/integrity/leaf-lib/9.0/leaf_lib-9.0-py3-none-any.whl/provenance`,
    `/integrity/leaf-lib/1.0/${wheel.filename}`,
    `/integrity/leaf-lib/1.0/${wheel.filename}/other`,
    `/integrity/leaf-lib/1.0/${wheel.filename}/provenance/more`,
    '/integrity/leaf-lib/1.0/nonsense/provenance',
    '/integrity/',
  ]) {
    const answer = await ask(served.url, path)
    t.equal(answer.status, 404, path)
    t.ok(JSON.parse(answer.text))
  }
  const { origin } = new URL(served.url)
  for (const path of [theirs.replace('leaf-lib', 'Leaf.Lib'), `${theirs}/`]) {
    const moved = await ask(served.url, path)
    t.equal(moved.status, 301)
    t.equal(new URL(moved.headers.location ?? '', origin + path).href, origin + theirs)
  }
  const other = await ask(served.url, theirs.replace('/1.0/', '/1.0.0/'))
  t.equal(other.text, object, 'the version in any spelling')
})

t.test('upstream has lost it, fails, or sends something else', async t => {
  const { served, upstream } = await setUp(t)
  upstream.behave(theirs, { status: 404 })
  t.equal((await ask(served.url, theirs)).status, 404)
  const next = theirs.replaceAll('1.0', '1.2')
  const third = makeWheel({ name: 'leaf-lib', version: '1.2' })
  upstream.project('leaf-lib', [{ ...third, provenance: `${upstream.origin}${next}` }])
  upstream.behave(next, { body: '{"attestation_bundles": 3}' })
  await ask(served.url, '/simple/leaf-lib/', { headers: { 'cache-control': 'no-cache' } })
  t.equal((await ask(served.url, next)).status, 404)
})

t.test('only where upstream may send us (contract 4.4)', async t => {
  const { served, upstream } = await setUp(t)
  const inner = { ...wheel, provenance: 'http://127.0.0.2:1/integrity/x' }
  upstream.project('leaf-lib', [inner])
  t.equal((await ask(served.url, theirs)).status, 502)
})

t.test('the attestations of an upload (needs 45)', async t => {
  const directory = directoryOf(t)
  await drop(directory, mine.filename, mine.bytes)
  const { root } = openFor(t, directory)
  const asked: string[] = []
  const { GET } = provenanceRoute(root, async (name, filename) => {
    asked.push(`${name} ${filename}`)
    return [{ version: 1 }]
  })
  const exchange = { header: () => undefined, slash: false }
  const rest = ['acme-util', '2.0', mine.filename, 'provenance']
  const reply = await GET?.(exchange as never, rest)
  t.same(JSON.parse(typeof reply?.body === 'string' ? reply.body : ''), {
    version: 1,
    attestation_bundles: [{ publisher: { kind: 'proxypypi' }, attestations: [{ version: 1 }] }],
  })
  t.same(asked, [`${nameOf('acme-util')} ${filenameOf(mine.filename)}`])
})
