/** An upstream that fails: nothing is said to be absent, and what is known is served. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { rm } from 'node:fs/promises'
import t from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { listing } from '../fixtures/listing.ts'
import {
  complaints,
  fetched,
  filesBelow,
  hasty,
  kept,
  plain,
  proxied,
  restarted,
} from '../fixtures/proxied.ts'
import { serve, upstreamAt } from '../fixtures/serve.ts'
import type { Behaviour } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0' })
const newer = makeWheel({ name: 'demo', version: '2.0' })
const json = 'application/vnd.pypi.simple.v1+json'
const login =
  '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>'
const never = new Promise(() => {})

const failures: readonly (readonly [what: string, behaviour: Behaviour, status: number])[] = [
  ['500', { status: 500 }, 502],
  ['502', { status: 502 }, 502],
  ['503', { status: 503 }, 502],
  ['504', { status: 504 }, 502],
  ['401 (U04)', { status: 401 }, 502],
  ['403 (U04)', { status: 403 }, 502],
  ['429 (U04)', { status: 429 }, 502],
  ['451 (U04)', { status: 451 }, 502],
  ['204', { status: 204 }, 502],
  ['206', { status: 206, body: '{}' }, 502],
  ['304 unasked (U82)', { status: 304 }, 502],
  ['a closed connection (U15)', { close: true }, 502],
  ['a reset (U15)', { close: true, reset: true }, 502],
  ['silence (U09)', { before: never }, 504],
  ['half a page (U20)', { cutAfter: 40 }, 502],
  ['half a page in chunks (U21)', { cutAfter: 40, length: 'chunked' }, 502],
  ['a page that stands still', { cutAfter: 40, open: true }, 504],
  ['no HTTP (U25)', { raw: 'SSH-2.0-OpenSSH_9.6\r\n' }, 502],
  ['a login page (SA-106)', { body: login, headers: { 'content-type': 'text/html' } }, 502],
  ['a login page called JSON', { body: login, headers: { 'content-type': json } }, 502],
  [
    'octets (U68)',
    { body: '\0\x01\x02', headers: { 'content-type': 'application/octet-stream' } },
    502,
  ],
  ['no body', { body: '' }, 502],
  ['cut JSON (U64)', { body: '{"meta":{"api-version":"1.0"},"files":[' }, 502],
  ['JSON that is no page (U64)', { body: '[]' }, 502],
  ['files that are no list (U64)', { body: '{"meta":{},"files":{"a":1}}' }, 502],
  ['files that are no objects (U64)', { body: '{"meta":{},"files":[1,2,null]}' }, 502],
  ['another project (U67, SA-109)', { body: '{"meta":{},"name":"other","files":[]}' }, 502],
  ['version 2.0 (U61, SA-58)', { body: '{"meta":{"api-version":"2.0"},"files":[]}' }, 502],
  ['broken gzip (U34)', { body: 'x', headers: { 'content-encoding': 'gzip' } }, 502],
]

t.test('a page never seen is 502 or 504, never absent or empty (U01, SA-106, TC-25)', async t => {
  const { served, upstream } = await proxied(t)
  await Promise.all(
    failures.map(async ([what, behaviour, expected], place) => {
      const name = `demo${place}`
      upstream.project(name, [plain(wheel)])
      upstream.behave(upstream.page(name), behaviour)
      const began = performance.now()
      const { status, body } = await fetched(served, `simple/${name}/`)
      t.equal(status, expected, what)
      t.match(body?.toString(), /^[^\n]+\n$/, `${what}: one line`)
      t.ok(performance.now() - began < 4000, `${what}: in time`)
    }),
  )
  t.same(await kept(served), [], 'nothing is kept')
  t.same(
    (await filesBelow(served.directory)).filter(path => path.includes('/pages/')),
    [],
    'no pages either',
  )
  await Promise.all(
    failures.map(async ([what], place) => {
      upstream.behave(upstream.page(`demo${place}`), undefined)
      t.equal((await listing(served.url, `demo${place}`)).status, 200, `${what}: healed at once`)
    }),
  )
})

t.test('a page seen before is served whatever happens, soon (U02, U69, P02, need 3)', async t => {
  const all = await proxied(t, { source: { refresh: 0 } })
  const { served, upstream } = all
  await Promise.all(
    failures.map(async (_, place) => {
      upstream.project(`demo${place}`, [plain(wheel)])
      t.equal((await listing(served.url, `demo${place}`)).source, 'miss')
    }),
  )
  await Promise.all(
    failures.map(async ([what, behaviour], place) => {
      if (behaviour.status !== 304) upstream.project(`demo${place}`, [plain(newer)])
      upstream.behave(upstream.page(`demo${place}`), behaviour)
      const began = performance.now()
      const { status, source, names } = await listing(served.url, `demo${place}`)
      t.equal(status, 200, what)
      t.same(names, [wheel.filename], `${what}: the old page`)
      // A CDN's 304 confirms what we asked with its validator.
      t.equal(source, behaviour.status === 304 ? 'revalidated' : 'stale', `${what}: and it says so`)
      t.ok(performance.now() - began < 2500, `${what}: within a second or so`)
    }),
  )
  await upstream.down()
  const { served: again } = await restarted(t, all, { source: { refresh: 0 } })
  const page = await listing(again.url, 'demo0')
  t.same(
    [page.status, page.source, page.names],
    [200, 'stale', [wheel.filename]],
    'after a restart',
  )
  t.equal((await fetched(again, 'simple/never-seen/')).status, 502)
})

t.test('what was fetched is served with upstream down (P02, U07, TC-51)', async t => {
  const all = await proxied(t, { source: { refresh: 0 } })
  const { served, upstream } = all
  upstream.project('demo', [{ ...plain(wheel), metadata: wheel.metadata }, plain(newer)])
  const path = upstream.path(wheel.filename)
  t.equal((await fetched(served, path)).status, 200, 'without its page having been asked for')
  t.equal((await fetched(served, `${path}.metadata`)).status, 200)
  await upstream.down()
  for (const isRestarted of [false, true]) {
    const at = isRestarted ? (await restarted(t, all, { source: { refresh: 0 } })).served : served
    t.same((await listing(at.url, 'demo')).names, [wheel.filename, newer.filename])
    t.ok((await fetched(at, path)).body?.equals(wheel.bytes))
    t.equal((await fetched(at, `${path}.metadata`)).body?.toString(), wheel.metadata)
    const began = performance.now()
    t.equal((await fetched(at, upstream.path(newer.filename))).status, 502, 'U08')
    t.equal((await fetched(at, 'simple/unknown/')).status, 502, 'U07')
    t.ok(performance.now() - began < 3000, 'not after the full timeout')
  }
})

t.test('started while upstream is down it recovers alone (U96, U07)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(wheel)])
  await upstream.down()
  t.equal((await fetched(served, 'simple/demo/')).status, 502)
  t.equal((await fetched(served, 'simple/')).status, 502)
  await upstream.up()
  t.equal((await listing(served.url, 'demo')).status, 200)
  t.equal((await fetched(served, 'simple/')).status, 200)
})

t.test(
  '404 and 410 are 404, cost no disk and are forgotten within a minute (U05, SA-107)',
  async t => {
    const { served, upstream } = await proxied(t, { source: { refresh: 0.3 } })
    upstream.behave(upstream.page('gone'), { status: 410 })
    for (const name of ['never', 'gone', 'never', 'gone'])
      t.equal((await fetched(served, `simple/${name}/`)).status, 404)
    t.equal(upstream.count(upstream.page('never')), 1, 'remembered')
    t.notOk((await filesBelow(served.directory)).some(path => /never|gone/.test(path)))
    upstream.project('never', [plain(wheel)])
    t.equal(
      (await listing(served.url, 'never', { headers: { 'cache-control': 'no-cache' } })).status,
      200,
    )
  },
)

t.test('an outage is told in a handful of lines (U02, contract 1)', async t => {
  const { served, upstream } = await proxied(t, { source: { refresh: 0 } })
  const names = Array.from({ length: 20 }, (_, place) => `demo${place}`)
  for (const name of names) upstream.project(name, [plain(wheel)])
  await Promise.all(names.map(name => listing(served.url, name)))
  const ask = async () => {
    for (let turn = 0; turn < 5; turn += 1)
      for (const name of names) t.equal((await listing(served.url, name)).status, 200)
  }
  const before = upstream.count()
  upstream.behave('*', { status: 503, headers: { 'retry-after': '60' } })
  await ask()
  t.ok(complaints(served).length <= 3, complaints(served).join('\n'))
  t.ok(upstream.count() - before <= 6, `asked ${upstream.count() - before} times in an outage`)
  upstream.behave('*', undefined)
  await upstream.down()
  await ask()
  await Promise.all(names.map(name => fetched(served, `simple/${name}x/`)))
  t.ok(complaints(served).length <= 4, complaints(served).join('\n'))
})

t.test('a pause that upstream asks for is kept, within bounds (U04, PY-39)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.behave('*', { status: 429, headers: { 'retry-after': '3600' } })
  t.equal((await fetched(served, 'simple/one/')).status, 502)
  t.equal((await fetched(served, 'simple/two/')).status, 502)
  t.equal(upstream.count(), 1, 'the second was not asked for')
})

t.test('headers that drip for ever have a deadline (U10), others are served meanwhile', async t => {
  const sockets = new Set<Socket>()
  const dripping = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.write('HTTP/1.1 200 OK\r\n')
    const timer = setInterval(() => socket.write('X-Drip: a\r\n'), 50)
    socket.on('close', () => clearInterval(timer))
  })
  await new Promise<void>(resolve => dripping.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    dripping.close()
  })
  const { port } = dripping.address() as AddressInfo
  const served = await serve(t, {
    ...hasty,
    upstreams: [upstreamAt(`http://127.0.0.1:${port}/simple/`)],
  })
  const began = performance.now()
  const [slow, health] = await Promise.all([
    fetched(served, 'simple/demo/'),
    fetched(served, '-/health'),
  ])
  t.equal(slow.status, 504)
  t.equal(health.status, 200)
  t.ok(performance.now() - began < 4000)
})

t.test('a dead host of files spoils its files only (U08)', async t => {
  const gone = createServer()
  await new Promise<void>(resolve => gone.listen(0, '127.0.0.1', resolve))
  const { port } = gone.address() as AddressInfo
  await new Promise(resolve => gone.close(resolve))
  const source = { fileHosts: [`127.0.0.1:${port}`] }
  const { served, upstream } = await proxied(t, { source })
  upstream.project('demo', [
    { ...plain(newer), url: `http://127.0.0.1:${port}/packages/${newer.filename}` },
    plain(wheel),
  ])
  const page = await listing(served.url, 'demo')
  const statuses = await Promise.all(page.files.map(({ url }) => fetched(served, url)))
  t.same(
    statuses.map(({ status }) => status),
    [502, 200],
  )
})

t.test('after the directory of pages was wiped a file is still found (TC-51, SA-75)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(wheel)])
  t.equal((await listing(served.url, 'demo')).status, 200)
  await rm(`${served.directory}/.proxypypi/cache`, { recursive: true, maxRetries: 10 })
  t.equal((await fetched(served, upstream.path(wheel.filename))).status, 200)
})
