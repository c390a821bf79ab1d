import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { listen } from '../../src/http/listener.ts'
import { text } from '../../src/http/reply.ts'
import { router } from '../../src/http/router.ts'
import { deferred } from './fixtures/deferred.ts'
import { listening, memoryLog, raw, request } from './fixtures/listening.ts'

const handle = router({
  '': { GET: (exchange, rest) => text(rest.length === 0 ? 200 : 404, `home ${exchange.path}`) },
  smuggled: { GET: () => text(200, 'SMUGGLED') },
})

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1])
const answers = (all: string) => all.split(/HTTP\/1\.1 \d{3} /).length - 1

t.test('a busy port is an error of the caller', async t => {
  const { port } = await listening(t, handle)
  const { log } = memoryLog()
  await t.rejects(listen({ port, bind: '127.0.0.1', handle, log }), { code: 'EADDRINUSE' })
})

t.test('the URL is one that can be opened', async t => {
  for (const [bind, pattern] of [
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+\/$/],
    ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+\/$/],
    ['localhost', /^http:\/\/localhost:\d+\/$/],
    ['::1', /^http:\/\/\[::1\]:\d+\/$/],
    ['::', /^http:\/\/\[::1\]:\d+\/$/],
  ] as const) {
    const listener = await listen({ port: 0, bind, handle, log: memoryLog().log }).catch(
      () => undefined,
    )
    // Machines without IPv6 cannot do the last two.
    if (listener === undefined) continue
    t.match(listener.url, pattern)
    await listener.close(0)
  }
})

// What Node's parser refuses. None of them may reach the second request.
const smuggling: Record<string, readonly string[]> = {
  C07: [
    'Content-Length: 4\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 4',
  ],
  C08: [
    'Content-Length: 0\r\nContent-Length: 40',
    'Content-Length: -1',
    'Content-Length: +4',
    'Content-Length: 4 4',
    'Content-Length: 0x4',
    'Content-Length: 99999999999999999999999',
    'Content-Length:',
  ],
  C09: [
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding:\x0bchunked',
    'Transfer-Encoding: x\r\n chunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  ],
  C10: ['X: a\nY: b', 'X: a\rY: b', 'X: a\x00b', 'X\x00: a', ' X: a'],
}

for (const [fault, headers] of Object.entries(smuggling))
  for (const header of headers)
    t.test(`fault ${fault}: ${JSON.stringify(header)} is refused and closed`, async t => {
      const { port, accesses } = await listening(t, handle)
      const second = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
      const { text: all } = await raw(
        port,
        `GET / HTTP/1.1\r\nHost: a\r\n${header}\r\n\r\n0\r\n\r\n${second}`,
      )
      t.notMatch(all, 'SMUGGLED')
      t.ok(answers(all) <= 1)
      if (all !== '') t.match(String(statusOf(all)), /^(?:200|400|501)$/)
      t.ok(accesses.length <= 1)
    })

t.test('bad chunks are refused, however long they go on (fault C11)', async t => {
  for (const chunk of [
    '-1',
    '0x5',
    'fffffffffffffffff',
    'zz',
    '5\n12345',
    `5;${'x'.repeat(100_000)}`,
  ]) {
    const { port } = await listening(t, handle)
    const { text: all } = await raw(
      port,
      `GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`,
    )
    t.notMatch(all, 'SMUGGLED')
    t.ok(answers(all) <= 1)
  }
})

t.test('what is no HTTP is answered with 400 and closed (faults C20, C22)', async t => {
  const { port, lines } = await listening(t, handle)
  for (const bytes of [
    'garbage\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'get / HTTP/1.1\r\nHost: a\r\n\r\n',
    'FOO / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
  ]) {
    const { text: all } = await raw(port, bytes)
    t.equal(statusOf(all), 400, JSON.stringify(bytes))
    t.match(all, /\r\nConnection: close\r\n/)
  }
  t.strictSame(lines, [])
})

t.test('too much of a request line or headers is 431 (faults C04, C05)', async t => {
  const { port } = await listening(t, handle)
  for (const bytes of [
    request(`GET /${'a'.repeat(64 * 1024)}`),
    request('GET /', `X: ${'a'.repeat(256 * 1024)}`),
    request('GET /', ...Array.from({ length: 5000 }, (_, n) => `X-${n}: abcdefghij`)),
  ]) {
    const { text: all, reset } = await raw(port, bytes)
    // Of what we did not read the kernel makes a reset, which may overtake the answer.
    t.ok(reset || statusOf(all) === 431)
  }
  t.equal(statusOf((await raw(port, request(`GET /${'a'.repeat(20_000)}`))).text), 404)
})

t.test('a hundred requests at once are answered in order (fault C06)', async t => {
  const { port, accesses } = await listening(t, async exchange => text(200, exchange.path))
  const paths = Array.from({ length: 100 }, (_, n) => `/n${n}`)
  const bytes = paths.map(path => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
  const { text: all } = await raw(port, bytes + request('GET /last'))
  t.strictSame([...all.matchAll(/^\/(?:n\d+|last)$/gm)].map(String), [...paths, '/last'])
  t.equal(accesses.length, 101)
})

t.test('a body that nobody wants is not waited for (faults C14, C30)', async t => {
  const { port } = await listening(t, handle)
  for (const header of [
    'Content-Length: 10000000000',
    'Transfer-Encoding: chunked',
    'Content-Length: 5',
  ]) {
    const { text: all } = await raw(port, `GET / HTTP/1.1\r\nHost: a\r\n${header}\r\n\r\n`)
    t.equal(statusOf(all), 200)
    t.match(all, /\r\nConnection: close\r\n/)
  }
  const { text: all } = await raw(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n')
  t.equal(statusOf(all), 405)
})

t.test('methods that are not ours (faults C16, C17, C19)', async t => {
  const { port } = await listening(t, handle)
  const ask = async (line: string, ...headers: string[]) =>
    (await raw(port, request(line, ...headers))).text
  t.equal(statusOf(await ask('OPTIONS *')), 204)
  const trace = await ask('TRACE /', 'X-Secret: echo')
  t.equal(statusOf(trace), 405)
  t.notMatch(trace, 'echo')
  t.equal(statusOf(await ask('PROPFIND /')), 405)
  t.match(await ask('DELETE /'), /^HTTP\/1\.1 405 [^]*\r\nAllow: GET, HEAD, OPTIONS\r\n/)
  t.match(await ask('CONNECT evil.example:443'), /^HTTP\/1\.1 405 [^]*no proxy/)
  t.match(await ask('GET http://evil.example/'), /home \/\n$/)
})

t.test('expectations and upgrades (fault C21)', async t => {
  const { port } = await listening(t, handle)
  const ask = async (...headers: string[]) => (await raw(port, request('GET /', ...headers))).text
  const expected = await ask('Expect: 100-continue', 'Content-Length: 5')
  t.equal(statusOf(expected), 200)
  t.notMatch(expected, '100 Continue')
  t.equal(statusOf(await ask('Expect: nonsense')), 417)
  t.equal(statusOf(await ask('Upgrade: websocket', 'Connection: upgrade')), 200)
  t.equal(statusOf(await ask('Upgrade: h2c', 'HTTP2-Settings: x')), 200)
})

t.test('odd header names do no harm (fault C28)', async t => {
  const { port } = await listening(t, handle)
  const { text: all } = await raw(
    port,
    request(
      'GET /',
      '__proto__: x',
      '__proto__: y',
      'constructor: x',
      ...Array.from({ length: 500 }, () => 'Accept: a/b'),
    ),
  )
  t.equal(statusOf(all), 200)
})

t.test('a client that half-closes gets its answer (fault C29)', async t => {
  const asked = deferred()
  const { port } = await listening(t, async () => {
    await asked.promise
    return text(200, 'late')
  })
  const socket = connect(port, '127.0.0.1')
  socket.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', asked.resolve)
  const chunks: string[] = []
  for await (const chunk of socket) chunks.push(String(chunk))
  t.match(chunks.join(''), /late\n$/)
})

/** A connection that sends nothing, the beginning of a request, or that and then letter after letter. */
const slowly = (port: number, kind: number): Promise<string> =>
  new Promise(resolve => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      if (kind > 0) socket.write('GET / HTTP/1.1\r\nX-')
    })
    // Not before the beginning is out, however long the connection takes.
    const dripping = setInterval(() => kind === 2 && !socket.connecting && socket.write('a'), 50)
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('error', () => {})
    socket.once('close', () => {
      clearInterval(dripping)
      resolve(Buffer.concat(chunks).toString())
    })
  })

t.test('headers that come in drops end in 408; nobody else waits (faults C13, C31)', async t => {
  const { log } = memoryLog()
  const options = { port: 0, bind: '127.0.0.1', handle, log, headers: 300 }
  const { port, close } = await listen(options)
  t.teardown(() => close(0))
  const slow = Array.from({ length: 300 }, (_, n) => slowly(port, n % 3))
  const { text: quick } = await raw(port, request('GET /'))
  t.equal(statusOf(quick), 200)
  for (const answer of await Promise.all(slow)) if (answer !== '') t.equal(statusOf(answer), 408)
})

t.test('an idle connection is closed', async t => {
  const { log } = memoryLog()
  const { port, close } = await listen({ port: 0, bind: '127.0.0.1', handle, log, idle: 20 })
  t.teardown(() => close(0))
  const socket = connect(port, '127.0.0.1')
  socket.resume()
  await once(socket, 'close')
  t.pass()
})
