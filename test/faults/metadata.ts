/** Core metadata of wheels, however upstream treats it. */
import t from 'tap'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { listing, sha256 } from '../fixtures/listing.ts'
import { fetched, kept, plain, proxied } from '../fixtures/proxied.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0', requires: ['six'] })
const large = makeWheel({ name: 'demo', version: '2.0', size: 17 * 1024 * 1024 })
const sdist = makeSdist({ name: 'demo', version: '1.0' })
const offered = { ...plain(wheel), metadata: wheel.metadata }

t.test('what upstream offers is passed on and kept (SA-82, TC-49, need 7)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [offered, plain(sdist)])
  const page = await listing(served.url, 'demo')
  const [file] = page.files.filter(({ filename }) => filename === wheel.filename)
  t.same(file?.['core-metadata'], { sha256: sha256(wheel.metadata) })
  t.notOk(page.files.find(({ filename }) => filename === sdist.filename)?.['core-metadata'])
  const path = upstream.path(wheel.filename)
  for (const cache of ['miss', 'hit']) {
    const answer = await fetched(served, `${path}.metadata`)
    t.same([answer.status, answer.cache, answer.body?.toString()], [200, cache, wheel.metadata])
    t.equal(answer.headers.get('content-encoding'), null)
  }
  t.equal(upstream.count(`${path}.metadata`), 1)
  t.equal(upstream.count(path), 0, 'the wheel was not needed')
  t.equal((await fetched(served, `${upstream.path(sdist.filename)}.metadata`)).status, 404)
})

for (const [what, behaviour] of Object.entries({
  'has another hash than announced (U40)': { body: 'Metadata-Version: 2.1\nName: evil\n' },
  'is not there though announced (TC-50, SA-82)': { status: 404 },
  'fails though announced (TC-50)': { status: 500 },
  'is refused (TC-50)': { status: 403 },
  'is a web page': { body: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } },
}))
  t.test(`metadata that ${what} is read out of the wheel`, async t => {
    const { served, upstream } = await proxied(t)
    upstream.project('demo', [offered])
    const path = upstream.path(wheel.filename)
    upstream.behave(`${path}.metadata`, behaviour)
    const { status, body } = await fetched(served, `${path}.metadata`)
    t.same([status, body?.toString()], [200, wheel.metadata])
    await upstream.down()
    t.equal((await fetched(served, `${path}.metadata`)).status, 200, 'and kept')
  })

for (const form of ['json', 'html'] as const) {
  t.test(`metadata that is not offered: a small wheel is fetched (${form})`, async t => {
    const { served, upstream } = await proxied(t, { upstream: { form } })
    upstream.project('demo', [plain(wheel)])
    const [file] = (await listing(served.url, 'demo')).files
    t.equal(file?.['core-metadata'], true, 'it is promised all the same')
    const { status, body } = await fetched(served, `${file?.url}.metadata`)
    t.same([status, body?.toString()], [200, wheel.metadata])
    t.same(await kept(served), [wheel.filename])
    t.equal(upstream.count(upstream.path(wheel.filename)) <= 2, true)
    const [now] = (await listing(served.url, 'demo')).files
    t.same(now?.['core-metadata'], { sha256: sha256(wheel.metadata) }, 'its hash is known now')
  })

  t.test(`metadata that is not offered: a large wheel is read in pieces (${form})`, async t => {
    const { served, upstream } = await proxied(t, { upstream: { form } })
    upstream.project('demo', [plain(large)])
    const path = upstream.path(large.filename)
    for (const cache of ['miss', 'hit']) {
      const { status, body, cache: how } = await fetched(served, `${path}.metadata`)
      t.same([status, body?.toString(), how], [200, large.metadata, cache])
    }
    t.same(await kept(served), [], 'the wheel is not fetched')
    const ranges = upstream.requests.filter(
      ({ method, path: asked }) => method === 'GET' && asked === path,
    )
    t.ok(ranges.length >= 1 && ranges.length <= 4, `${ranges.length} requests`)
    // Where the page tells no size the first answer does, and is broken off before its first byte is kept.
    const whole = ranges.filter(({ headers }) => headers.range === undefined)
    t.equal(whole.length, form === 'html' ? 1 : 0)
    t.ok((await fetched(served, path)).body?.equals(large.bytes), 'and later the wheel itself')
    t.equal((await fetched(served, `${path}.metadata`)).body?.toString(), large.metadata)
  })
}

t.test('an upstream without ranges has a large wheel fetched', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(large)])
  const path = upstream.path(large.filename)
  upstream.behave(path, { ranges: false })
  const { status, body } = await fetched(served, `${path}.metadata`)
  t.same([status, body?.toString()], [200, large.metadata])
  t.same(await kept(served), [large.filename])
})

t.test('a wheel without metadata has none, and is no failure of ours', async t => {
  const { served, upstream } = await proxied(t)
  const bytes = Buffer.from('not a zip at all')
  const bad = { filename: 'demo-3.0-py3-none-any.whl', bytes }
  const badLarge = { filename: 'demo-4.0-py3-none-any.whl', bytes: Buffer.alloc(17 * 1024 * 1024) }
  upstream.project('demo', [
    bad,
    badLarge,
    { ...plain(wheel), path: '/lost/demo-1.0-py2.py3-none-any.whl' },
  ])
  upstream.behave('/lost/demo-1.0-py2.py3-none-any.whl', { status: 404 })
  for (const { url } of (await listing(served.url, 'demo')).files)
    t.equal((await fetched(served, `${url}.metadata`)).status, 404)
  t.ok(
    (await fetched(served, upstream.path(bad.filename))).body?.equals(bytes),
    'the file is served',
  )
  t.same(
    served.log.told.filter(({ level }) => level === 'error'),
    [],
  )
})

t.test('upstream down: metadata that is not known is 502, never 404 (SA-106)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [offered])
  await listing(served.url, 'demo')
  await upstream.down()
  t.equal((await fetched(served, `${upstream.path(wheel.filename)}.metadata`)).status, 502)
})
