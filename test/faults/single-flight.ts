/** Many clients, one upstream request; the download is the server's, not the first client's. */
import { get, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { fetched, isClean, kept, plain, proxied } from '../fixtures/proxied.ts'
import { gate } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0', size: 3_000_000 })
const { filename, bytes } = wheel

const begun = async (url: string, path: string): Promise<IncomingMessage> => {
  const request = get(new URL(path, url), { agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  await once(response, 'readable')
  return response
}

t.test(
  'twenty clients for one file: one request, the same bytes (U94, TC-42, need 2, P09)',
  async t => {
    const { served, upstream } = await proxied(t)
    upstream.project('demo', [plain(wheel)])
    const path = upstream.path(filename)
    const open = gate()
    upstream.behave(path, {
      chunk: 300_000,
      between: sent => (sent === 300_000 ? open : undefined),
    })
    const all = Array.from({ length: 20 }, () => fetched(served, path))
    await sleep(200)
    open.open()
    for (const { status, body } of await Promise.all(all)) {
      t.equal(status, 200)
      t.ok(body?.equals(bytes))
    }
    t.equal(upstream.count(path), 1)
    t.equal((await fetched(served, path)).cache, 'hit')
    t.equal(upstream.count(path), 1)
  },
)

t.test('fifty clients for one page: one request (U94, PY-32)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(wheel)])
  upstream.behave(upstream.page('demo'), { before: sleep(100) })
  const all = await Promise.all(Array.from({ length: 50 }, () => fetched(served, 'simple/demo/')))
  t.ok(all.every(({ status }) => status === 200))
  t.equal(upstream.count(upstream.page('demo')), 1)
})

t.test('the first client leaves, the file arrives all the same (TC-43, P09)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(wheel)])
  const path = upstream.path(filename)
  const rest = gate()
  upstream.behave(path, { chunk: 300_000, between: sent => (sent === 300_000 ? rest : undefined) })
  const first = await begun(served.url, path)
  const second = fetched(served, path)
  first.destroy()
  await once(first, 'close')
  rest.open()
  t.ok((await second).body?.equals(bytes), 'the one who joined has it')
  t.same(await kept(served), [filename])
  t.equal(upstream.count(path), 1)
})

t.test('nobody waits any more, the file arrives all the same (P09)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(wheel)])
  const path = upstream.path(filename)
  const rest = gate()
  upstream.behave(path, { chunk: 300_000, between: sent => (sent === 300_000 ? rest : undefined) })
  const first = await begun(served.url, path)
  first.destroy()
  await once(first, 'close')
  rest.open()
  const until = performance.now() + 5000
  while ((await kept(served)).join() !== filename && performance.now() < until) await sleep(20)
  t.same(await kept(served), [filename])
  t.equal((await fetched(served, path)).cache, 'hit')
  t.equal(upstream.count(path), 1)
})

t.test('upstream dies in the middle of twenty downloads (U97)', async t => {
  const { served, upstream } = await proxied(t)
  const half = gate()
  const names = Array.from({ length: 20 }, (_, place) => `demo${place}`)
  const paths = names.map(name => {
    const own = makeWheel({ name, version: '1.0', size: 400_000 })
    upstream.project(name, [plain(own)])
    upstream.behave(upstream.path(own.filename), {
      chunk: 100_000,
      between: sent => (sent === 200_000 ? half : undefined),
    })
    return upstream.path(own.filename)
  })
  const all = paths.map(path => fetched(served, path))
  while (names.some(name => upstream.count(upstream.page(name)) === 0)) await sleep(10)
  await sleep(200)
  await upstream.down()
  half.open()
  for (const one of await Promise.all(all)) t.notOk(isClean(one), `cleanly: ${one.status}`)
  t.same(await kept(served), [])
  for (const path of paths) upstream.behave(path, undefined)
  await upstream.up()
  const again = await Promise.all(paths.map(path => fetched(served, path)))
  t.ok(again.every(isClean), 'all succeed after it is back')
})

t.test('HEAD fetches nothing and knows all (TC-44)', async t => {
  const { served, upstream } = await proxied(t, { upstream: { form: 'html' } })
  const lost = makeWheel({ name: 'demo', version: '0.1' })
  const shy = makeWheel({ name: 'demo', version: '0.2' })
  upstream.project('demo', [plain(wheel), plain(lost), plain(shy)])
  upstream.behave(upstream.path(lost.filename), { status: 404 })
  upstream.behave(upstream.path(shy.filename), { status: 405 })
  const head = (path: string) => fetched(served, path, { method: 'HEAD' })
  const { status, headers } = await head(upstream.path(filename))
  t.equal(status, 200)
  t.match(Object.fromEntries(headers), {
    'content-length': String(bytes.length),
    'accept-ranges': 'bytes',
  })
  t.equal((await head(upstream.path(lost.filename))).status, 404)
  t.equal((await head(upstream.path(shy.filename))).status, 200, 'though upstream knows no HEAD')
  t.same(await kept(served), [])
})

t.test('ranges of a file that is not here yet (TC-45)', async t => {
  const { served, upstream } = await proxied(t)
  const total = bytes.length
  const ranges: [string, number, Buffer | undefined][] = [
    ['bytes=0-0', 206, bytes.subarray(0, 1)],
    ['bytes=5-9', 206, bytes.subarray(5, 10)],
    ['bytes=5-', 206, bytes.subarray(5)],
    ['bytes=-10000', 206, bytes.subarray(-10_000)],
    ['bytes=-1', 206, bytes.subarray(-1)],
    [`bytes=-${total + 5}`, 206, bytes],
    [`bytes=${total}-`, 416, undefined],
    ['bytes=9-5', 200, bytes],
    ['bytes=abc', 200, bytes],
    ['items=0-1', 200, bytes],
  ]
  await Promise.all(
    ranges.map(async ([range, expected, part], place) => {
      const path = `/packages/00/${String(place).padStart(2, '0')}/${'0'.repeat(60)}/demo${place}-1.0-py3-none-any.whl`
      upstream.project(`demo${place}`, [{ filename: path.split('/').at(-1) ?? '', bytes, path }])
      for (const temperature of ['cold', 'warm']) {
        const { status, body, headers } = await fetched(served, path, { headers: { range } })
        t.equal(status, expected, `${range} ${temperature}`)
        if (part !== undefined) t.ok(body?.equals(part), `${range} ${temperature}: its bytes`)
        if (status === 206) t.match(headers.get('content-range'), new RegExp(`/${total}$`))
        if (status === 416) t.equal(headers.get('content-range'), `bytes */${total}`)
      }
    }),
  )
})
