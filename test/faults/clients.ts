/** Many, slow, rude and vanishing clients against the whole server (faults C, section 2 of the list). */
import { readdirSync } from 'node:fs'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { makeWheel, noise } from '../fixtures/dist.ts'
import { drop } from '../fixtures/indexes.ts'
import { serve, upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { gate, startUpstream, usualPath, type Upstream } from '../fixtures/upstream.ts'
import { ask, raw, request11, statusOf } from '../fixtures/wire.ts'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.0', size: 20_000 })
const large = { filename: 'large-1.0.tar.gz', bytes: noise(64 << 20) }
const path = usualPath(wheel)
const largePath = usualPath(large)

const setUp = async (t: Test): Promise<{ served: Served; upstream: Upstream }> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...wheel }])
  upstream.project('large', [large])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  return { served, upstream }
}

const descriptors = () => readdirSync('/proc/self/fd').length

/** Waits until a claim holds; fails the test by its timeout when it never does. */
const until = async (claim: () => boolean): Promise<void> => {
  while (!claim()) await new Promise(resolve => setTimeout(resolve, 20))
}

const open = async (served: Served, bytes = ''): Promise<Socket> => {
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (bytes !== '') socket.write(bytes)
  return socket
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: here\r\n\r\n`

t.test('a thousand connections at once are all answered right (fault C12)', async t => {
  const { served, upstream } = await setUp(t)
  const before = descriptors()
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, n) =>
      ask(served.url, [path, '/simple/leaf-lib/', `${path}.metadata`][n % 3] ?? path),
    ),
  )
  t.ok(answers.every(({ status }) => status === 200))
  t.ok(answers.every(({ body }, n) => n % 3 !== 0 || body.equals(wheel.bytes)))
  t.equal(upstream.count(path), 1, 'one request upstream (contract 4.2)')
  await until(() => descriptors() < before + 20)
  t.pass('and the descriptors are given back (fault C38)')
})

t.test('two hundred downloads that are broken off leak nothing (fault C03)', async t => {
  const { served } = await setUp(t)
  await ask(served.url, largePath, { method: 'HEAD' })
  for (const target of [largePath, `/simple/`]) {
    await ask(served.url, target)
    const before = descriptors()
    for (let turn = 0; turn < 10; turn += 1) {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => open(served, get(target))))
      await Promise.all(sockets.map(socket => once(socket, 'readable')))
      for (const socket of sockets) socket.resetAndDestroy()
    }
    await until(() => descriptors() <= before + 8)
    t.pass(target)
  }
})

t.test('lists of names that are broken off leak nothing (fault C03)', async t => {
  const upstream = await startUpstream(t)
  const long = 'x'.repeat(180)
  const names = Array.from({ length: 15_000 }, (_, n) => `<a href="${long}${n}/">${long}${n}</a>`)
  upstream.behave('/simple/', { body: names.join('\n'), headers: { 'content-type': 'text/html' } })
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  t.match((await ask(served.url, '/simple/')).text, `${long}14999</a>`)
  t.equal((await ask(served.url, '/simple/', { method: 'HEAD' })).body.length, 0)
  const before = descriptors()
  const sockets = await Promise.all(Array.from({ length: 12 }, () => open(served, get('/simple/'))))
  await Promise.all(sockets.map(socket => once(socket, 'readable')))
  for (const socket of sockets) socket.resetAndDestroy()
  await until(() => descriptors() <= before + 8)
  t.pass()
})

t.test(
  'ten clients that stop reading: memory is bounded, others are served (fault C01)',
  async t => {
    const { served } = await setUp(t)
    await ask(served.url, largePath)
    global.gc?.()
    const before = process.memoryUsage().rss
    const sockets = await Promise.all(
      Array.from({ length: 10 }, () => open(served, get(largePath))),
    )
    await Promise.all(sockets.map(socket => once(socket, 'readable')))
    for (const socket of sockets) socket.pause()
    const begun = performance.now()
    t.equal((await ask(served.url, '/simple/leaf-lib/')).status, 200)
    t.ok((await ask(served.url, largePath)).body.equals(large.bytes))
    t.ok(performance.now() - begun < 5000)
    const grown = process.memoryUsage().rss - before
    t.ok(grown < 300 << 20, `${grown >> 20} MiB, this test's own 64 MiB and their parts among them`)
    for (const socket of sockets) socket.destroy()
  },
)

t.test('one of two who share a download goes away (fault C02)', async t => {
  const { served, upstream } = await setUp(t)
  const half = gate()
  upstream.behave(largePath, {
    chunk: 32 << 20,
    between: sent => (sent > 0 ? half : undefined),
  })
  const first = await open(served, get(largePath))
  await once(first, 'readable')
  const second = ask(served.url, largePath)
  first.destroy()
  half.open()
  t.ok((await second).body.equals(large.bytes))
  t.equal(upstream.count(largePath), 1)
  t.match((await ask(served.url, largePath, { method: 'HEAD' })).headers, { 'x-cache': 'hit' })
})

t.test('a hundred pipelined requests of all kinds are answered in order (fault C06)', async t => {
  const { served } = await setUp(t)
  const targets = Array.from(
    { length: 100 },
    (_, n) =>
      [path, '/simple/leaf-lib/', '/nothing', '/simple/Leaf', `${path}.metadata`][n % 5] ?? '',
  )
  const all = await raw(served.url, targets.map(get).join('') + request11('GET /-/health'))
  const statuses = [...all.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(found => Number(found[1]))
  t.same(statuses, [...targets.map((_, n) => [200, 200, 404, 301, 200][n % 5]), 200])
})

t.test('one connection, one after another, with what fails between (C14, C30)', async t => {
  const { served } = await setUp(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (const target of [path, '/simple/none/', '/%zz', '/simple/leaf-lib/', `${path}x`, path])
    await ask(served.url, target, { agent })
  const headers = { 'content-length': '6' }
  const answer = await ask(served.url, path, { agent, headers, body: 'a body' })
  t.ok(answer.body.equals(wheel.bytes))
  t.equal((await ask(served.url, '/-/health', { agent })).status, 200)
  agent.destroy()
})

t.test('HTTP/1.0 gets everything, plain, and the end of the connection (fault C18)', async t => {
  const { served } = await setUp(t)
  for (const target of [path, '/simple/', '/simple/leaf-lib/', '/']) {
    const answer = await raw(served.url, `GET ${target} HTTP/1.0\r\n\r\n`)
    t.equal(statusOf(answer), 200, target)
    t.notMatch(answer, /transfer-encoding/i)
    t.match(answer, /\r\nConnection: close\r\n/)
  }
  const kept = await raw(
    served.url,
    `GET ${path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n` + request11('GET /-/health'),
  )
  t.equal(kept.split(/HTTP\/1\.1 200 OK/).length, 3, 'and stays open for who asks')
})

t.test('a half-closed connection gets a whole download (fault C29)', async t => {
  const { served } = await setUp(t)
  for (const _ of ['cold', 'warm']) {
    const socket = await open(served)
    socket.end(request11(`GET ${largePath}`))
    let length = 0
    for await (const chunk of socket) length += (chunk as Buffer).length
    t.ok(length > large.bytes.length)
  }
})

t.test('closing lets a download finish, cold or held (fault C36)', async t => {
  const { served, upstream } = await setUp(t)
  const go = gate()
  upstream.behave(largePath, { chunk: 32 << 20, between: sent => (sent > 0 ? go : undefined) })
  const socket = await open(served, get(largePath))
  await once(socket, 'readable')
  const closing = served.close()
  go.open()
  let length = 0
  for await (const chunk of socket) length += (chunk as Buffer).length
  t.ok(length > large.bytes.length)
  await closing
  await t.rejects(ask(served.url, '/'), { code: 'ECONNREFUSED' })
})

t.test('a flood of names that do not exist fills nothing (fault C35)', async t => {
  const { served } = await setUp(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 50 })
  const before = readdirSync(served.directory, { recursive: true }).length
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => ask(served.url, `/simple/flood-${n}/`, { agent })),
  )
  t.ok(answers.every(({ status }) => status === 404))
  t.ok(readdirSync(served.directory, { recursive: true }).length < before + 20)
  t.equal((await ask(served.url, '/simple/leaf-lib/')).status, 200)
  agent.destroy()
})

t.test('headers of ten thousand elements take no time (fault C27)', async t => {
  const { served } = await setUp(t)
  await drop(served.directory, wheel.filename, wheel.bytes)
  for (const [name, element] of [
    ['accept', 'a/b'],
    ['accept-encoding', 'x'],
    ['cookie', 'a=b'],
    ['if-none-match', '"x"'],
    ['range', '0-1'],
  ] as const) {
    const value = Array.from({ length: 28_000 / (element.length + 1) }, () => element).join(',')
    const begun = performance.now()
    for (const target of ['/simple/leaf-lib/', path])
      t.equal((await ask(served.url, target, { headers: { [name]: value } })).status, 200, name)
    t.ok(performance.now() - begun < 1000)
  }
})
