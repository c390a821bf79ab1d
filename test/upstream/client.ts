import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import t, { type Test } from 'tap'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Log } from '../../src/log.ts'
import type { UpstreamSettings } from '../../src/settings.ts'
import {
  discardAnswer,
  UpstreamClient,
  UpstreamError,
  type Answer,
  type Timeouts,
} from '../../src/upstream/client.ts'
import { caFile, gate, startUpstream } from '../fixtures/upstream.ts'

const nothing = () => {}
const silent: Log = {
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  access: nothing,
  flush: async () => {},
  reopen: nothing,
}

const usual: Timeouts = { connect: 2, firstByte: 2, idle: 2 }
const limits = { maxBytes: 1_000_000, timeout: 5 }

const clientOf = (
  t: Test,
  settings: UpstreamSettings,
  timeouts: Partial<Timeouts> = {},
  env: Record<string, string> = {},
) => {
  const client = new UpstreamClient(settings, { ...usual, ...timeouts }, silent, env)
  t.teardown(() => client.close())
  return client
}

const bytesOf = async (client: UpstreamClient, answer: Answer): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of client.bytesOf(answer)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const failure = async (work: Promise<unknown>): Promise<UpstreamError> => {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof UpstreamError) return error
  throw error instanceof Error ? error : new Error('it did not fail')
}

const bytes = randomBytes(300_000)
const file = { filename: 'six-1.0.tar.gz', bytes }

const started = async (t: Test, timeouts: Partial<Timeouts> = {}) => {
  const upstream = await startUpstream(t)
  upstream.project('six', [file])
  const path = upstream.path(file.filename)
  const client = clientOf(t, upstream.settings(), timeouts)
  return { upstream, client, path, url: new URL(path, upstream.origin) }
}

t.test('every answer is in a log that wants debug lines (D29)', async t => {
  const { upstream, path, url } = await started(t)
  const said: unknown[] = []
  const log: Log = { ...silent, debug: (message, fields) => said.push([message, fields]) }
  const settings = { ...upstream.settings(), credentials: { username: 'ci', password: 'geheim' } }
  const client = new UpstreamClient(settings, usual, log, {})
  t.teardown(() => client.close())
  discardAnswer(await client.get(url))
  t.same(said, [
    [
      'upstream answers',
      { upstream: settings.name, url: `${upstream.origin}${path}`, status: 200 },
    ],
  ])
})

t.test('an answer', async t => {
  await t.test('comes with status, headers, final URL and all its bytes', async t => {
    const { client, url } = await started(t)
    const answer = await client.get(url)
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('content-length'), '300000')
    t.equal(answer.url.href, url.href)
    t.ok((await bytesOf(client, answer)).equals(bytes))
  })

  await t.test('is asked for with headers of our own', async t => {
    const { client, url, upstream } = await started(t)
    discardAnswer(await client.get(url, { headers: { 'if-none-match': '"x"' } }))
    discardAnswer(await client.get(upstream.url, { kind: 'page' }))
    const [asked, page] = upstream.requests
    t.match(asked?.headers['user-agent'], /^proxypypi\/\d/)
    t.equal(asked?.headers['accept-encoding'], 'identity')
    t.equal(asked?.headers['if-none-match'], '"x"')
    t.equal(page?.headers['accept-encoding'], 'gzip, br')
    t.strictSame(Object.keys(asked?.headers ?? {}).toSorted(), [
      'accept-encoding',
      'connection',
      'host',
      'if-none-match',
      'user-agent',
    ])
  })

  await t.test('of 304, 401, 403 and 404 is the caller’s to judge', async t => {
    const { client, url, upstream, path } = await started(t)
    for (const status of [304, 401, 403, 404, 410]) {
      upstream.behave(path, { status })
      const answer = await client.get(url)
      t.equal(answer.status, status)
      discardAnswer(answer)
    }
    t.equal(upstream.count(path), 5)
  })

  await t.test('to HEAD has headers and no body', async t => {
    const { client, url } = await started(t)
    const answer = await client.get(url, { method: 'HEAD' })
    t.equal(answer.headers.get('content-length'), '300000')
    t.equal((await bytesOf(client, answer)).length, 0)
  })

  await t.test('to a range request is what upstream makes of it', async t => {
    const { client, url } = await started(t)
    const answer = await client.get(url, { headers: { range: 'bytes=299990-' } })
    t.equal(answer.status, 206)
    t.ok((await bytesOf(client, answer)).equals(bytes.subarray(299_990)))
  })

  await t.test('has a header called __proto__ without harm (fault C28)', async t => {
    const { client, url, upstream, path } = await started(t)
    upstream.behave(path, {
      raw: 'HTTP/1.1 200 OK\r\n__proto__: a\r\n__proto__: b\r\nX: 1\r\nX: 2\r\nContent-Length: 0\r\n\r\n',
    })
    const answer = await client.get(url)
    t.equal(answer.headers.get('x'), '1, 2')
    t.equal(answer.headers.get('__proto__'), 'a, b')
  })

  await t.test('that is discarded leaves the connection usable', async t => {
    const { client, url, upstream, path } = await started(t)
    upstream.behave(path, { status: 404, times: 1 })
    const answer = await client.get(url)
    discardAnswer(answer)
    await once(answer.body, 'close')
    t.equal((await bytesOf(client, await client.get(url))).length, 300_000)
  })
})

t.test('passing failures are hidden (faults U15, U16)', async t => {
  await t.test('503 twice and then 200 is one 200', async t => {
    const { client, url, upstream, path } = await started(t)
    upstream.behave(path, { status: 503, times: 2 })
    const answer = await client.get(url)
    t.equal(answer.status, 200)
    t.ok((await bytesOf(client, answer)).equals(bytes))
    t.equal(upstream.count(path), 3)
  })

  await t.test('connections closed or reset without an answer are opened again', async t => {
    const { client, url, upstream, path } = await started(t)
    for (const reset of [false, true]) {
      upstream.behave(path, { close: true, reset, times: 2 })
      t.ok((await bytesOf(client, await client.get(url))).equals(bytes))
    }
  })

  await t.test('the third failure is told, with what upstream said of coming back', async t => {
    const { client, url, upstream, path } = await started(t)
    upstream.behave(path, { status: 502 })
    const error = await failure(client.get(url))
    t.match(error, { kind: 'status', status: 502, answered: 502 })
    t.equal(error.message, `upstream fake: ${url.href}: it answers 502`)
    t.equal(upstream.count(path), 3)
    upstream.behave(path, { status: 503, headers: { 'retry-after': '30' } })
    t.match(await failure(client.get(url)), { kind: 'status', answered: 503, retryAfter: 30 })
    t.equal(upstream.count(path), 4, 'half a minute is not waited for')
  })

  await t.test('429 and 501 are not tried again', async t => {
    const { client, url, upstream, path } = await started(t)
    for (const status of [429, 501]) {
      upstream.behave(path, { status })
      t.match(await failure(client.get(url)), { kind: 'status', answered: status })
    }
    t.equal(upstream.count(path), 2)
  })

  await t.test('a caller who has gone is not waited for', async t => {
    const { client, url, upstream, path } = await started(t)
    upstream.behave(path, { before: gate() })
    const signal = AbortSignal.timeout(50)
    t.match(await failure(client.get(url, { signal })), { kind: 'timeout', status: 504 })
    const own = new AbortController()
    const asking = client.get(url, { signal: own.signal })
    own.abort(new Error('gone'))
    await t.rejects(asking, { message: 'gone' })
  })
})

t.test('an upstream that cannot be reached', async t => {
  await t.test('refuses', async t => {
    const { client, url, upstream } = await started(t)
    await upstream.down()
    const error = await failure(client.get(url))
    t.match(error, { kind: 'unreachable', status: 502 })
    t.match(error.message, /connection refused$/)
    await upstream.up()
    t.equal((await bytesOf(client, await client.get(url))).length, 300_000, 'it recovers')
  })

  await t.test('has no address', async t => {
    const url = new URL('http://no-such-host.invalid/simple/')
    const client = clientOf(t, { name: 'gone', url, fileHosts: [], refresh: 1 })
    t.match(await failure(client.get(url)), { kind: 'unreachable' })
  })

  await t.test('never answers (U09), drips headers (U10), or promises for ever (U26)', async t => {
    const { client, url, upstream, path } = await started(t, { firstByte: 0.3 })
    upstream.behave(path, { before: gate() })
    t.match(await failure(client.get(url)), {
      kind: 'timeout',
      status: 504,
      message: /no answer in time/,
    })
    for (const piece of ['X-A: b\r\n', 'HTTP/1.1 103 Early Hints\r\n\r\n']) {
      const server = createServer(socket => {
        socket.on('error', nothing)
        const start = piece.startsWith('HTTP') ? '' : 'HTTP/1.1 200 OK\r\n'
        socket.write(start)
        const timer = setInterval(() => socket.write(piece), 20)
        socket.on('close', () => clearInterval(timer))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const at = new URL(`http://127.0.0.1:${port}/`)
      const dripping = clientOf(t, { ...upstream.settings(), url: at }, { firstByte: 0.3 })
      t.match(await failure(dripping.get(at)), { kind: 'timeout' })
      server.close()
    }
  })
})

t.test('a connection that never stands is given up', async t => {
  const server = createServer(socket => socket.on('error', nothing)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const url = new URL(`https://127.0.0.1:${port}/`)
  const client = clientOf(t, { name: 'x', url, fileHosts: [], refresh: 1 }, { connect: 0.2 })
  t.match(await failure(client.get(url)), {
    kind: 'timeout',
    status: 504,
    message: /no connection/,
  })
})

t.test('a body', async t => {
  await t.test('that breaks off is an error, however it is framed (U20, U21)', async t => {
    const { client, url, upstream, path } = await started(t)
    for (const behaviour of [
      { cutAfter: 100_000 },
      { cutAfter: 299_999 },
      { cutAfter: 0 },
      { cutAfter: 100_000, reset: true },
      { cutAfter: 100_000, length: 'chunked' },
      { length: 400_000 },
    ] as const) {
      upstream.behave(path, behaviour)
      const answer = await client.get(url)
      const error = await failure(bytesOf(client, answer))
      t.match(error, { kind: 'unreachable', status: 502 }, JSON.stringify(behaviour))
    }
  })

  await t.test('without length, or chunked, is whole when it ends (U23)', async t => {
    const { client, url, upstream, path } = await started(t)
    for (const length of ['none', 'chunked'] as const) {
      upstream.behave(path, { length })
      t.ok((await bytesOf(client, await client.get(url))).equals(bytes), length)
    }
  })

  await t.test(
    'that stalls ends after the idle time, one that is slow does not (U11-U13)',
    async t => {
      const { client, url, upstream, path } = await started(t, { idle: 0.3 })
      upstream.behave(path, { beforeBody: gate() })
      const stalled = await client.get(url)
      t.match(await failure(bytesOf(client, stalled)), { kind: 'timeout', status: 504 })
      upstream.behave(path, {
        chunk: 60_000,
        between: () => new Promise(resolve => setTimeout(resolve, 120)),
      })
      t.ok((await bytesOf(client, await client.get(url))).equals(bytes))
    },
  )

  await t.test('that nobody reads holds upstream back, and is broken off when left', async t => {
    const large = { filename: 'big-1.0.tar.gz', bytes: Buffer.alloc(64_000_000) }
    const upstream = await startUpstream(t)
    upstream.project('big', [large])
    const path = upstream.path(large.filename)
    let sent = 0
    const broken = gate()
    upstream.behave(path, {
      chunk: 1_000_000,
      between: at => {
        sent = at
        return undefined
      },
    })
    const client = clientOf(t, upstream.settings())
    const answer = await client.get(new URL(path, upstream.origin))
    answer.body.on('error', nothing).once('close', () => broken.open())
    await once(answer.body, 'readable')
    await new Promise(resolve => setTimeout(resolve, 200))
    t.ok(sent < 32_000_000, `${sent} bytes went out`)
    t.ok(answer.body.readableLength < 1_000_000)
    answer.body.destroy()
    await broken
  })

  await t.test('compressed unasked is decoded (U33), wrongly it fails (U34)', async t => {
    const wheel = { filename: 'six-1.0-py3-none-any.whl', bytes }
    const { client, upstream } = await started(t)
    upstream.project('six', [wheel])
    const path = upstream.path(wheel.filename)
    const url = new URL(path, upstream.origin)
    for (const encoding of ['gzip', 'deflate', 'br'] as const) {
      upstream.behave(path, { encoding })
      t.ok((await bytesOf(client, await client.get(url))).equals(bytes), encoding)
    }
    const zipped = gzipSync(bytes)
    for (const [coding, body] of [
      ['gzip', zipped.subarray(0, 1000)],
      ['gzip', bytes],
      ['br', bytes],
      ['br', Buffer.concat([brotliCompressSync(''), bytes])],
      ['zstd', zipped],
      ['gzip, gzip', zipped],
    ] as const) {
      upstream.behave(path, { body, headers: { 'content-encoding': coding } })
      t.match(await failure(bytesOf(client, await client.get(url))), { kind: 'invalid' }, coding)
    }
    upstream.behave(path, { status: 206, body: zipped, headers: { 'content-encoding': 'gzip' } })
    t.match(await failure(bytesOf(client, await client.get(url))), { kind: 'invalid' })
  })

  await t.test('of a .tar.gz that is called gzip is left as it is', async t => {
    const { client, url, upstream, path } = await started(t)
    upstream.behave(path, { headers: { 'content-encoding': 'x-gzip' } })
    t.ok((await bytesOf(client, await client.get(url))).equals(bytes))
  })
})

t.test('what is not HTTP is refused (U24-U27)', async t => {
  const { client, url, upstream, path } = await started(t)
  for (const raw of [
    'nonsense\r\n\r\n',
    'HTTP/1.1 abc\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde',
    'HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nabcde',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabcde',
    'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n',
    `HTTP/1.1 200 OK\r\n${'X-Header: y\r\n'.repeat(10_000)}Content-Length: 0\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(600_000)}\r\nContent-Length: 0\r\n\r\n`,
  ]) {
    upstream.behave(path, { raw })
    const error = await failure(client.get(url))
    t.equal(error.status, 502, raw.slice(0, 60))
    t.match(error.kind, /^(?:invalid|unreachable)$/)
  }
  upstream.behave(path, {
    raw: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
    open: true,
    times: 1,
  })
  t.equal((await bytesOf(client, await client.get(url))).toString(), 'ok')
  upstream.behave(path, undefined)
  t.ok(
    (await bytesOf(client, await client.get(url))).equals(bytes),
    'a second answer is dropped (U27)',
  )
})

t.test('redirects', async t => {
  await t.test('are followed, relative and absolute, and links go from the end (U45)', async t => {
    const { client, url, upstream, path } = await started(t)
    upstream.behave('/a', { redirect: 'b?x=1' })
    upstream.behave('/b', { redirect: url.href, status: 307 })
    const answer = await client.get(new URL('/a', upstream.origin))
    t.equal(answer.url.href, url.href)
    t.ok((await bytesOf(client, answer)).equals(bytes))
    t.equal(upstream.count(path), 1)
  })

  await t.test('end after five, or when they lead nowhere (U46)', async t => {
    const { client, upstream } = await started(t)
    const url = new URL('/a', upstream.origin)
    upstream.behave('/a', { redirect: '/a' })
    t.match(await failure(client.get(url)), { kind: 'invalid', message: /more than 5 redirects/ })
    t.equal(upstream.count('/a'), 6)
    upstream.behave('/a', { redirect: 'http://[' })
    t.match(await failure(client.get(url)), { kind: 'invalid', message: /leads nowhere/ })
    upstream.behave('/a', { status: 302 })
    t.match(await failure(client.get(url)), { kind: 'invalid', message: /leads nowhere/ })
  })

  await t.test('do not lead into the network or to other schemes (U47, U48)', async t => {
    const { client, upstream } = await started(t)
    const other = await startUpstream(t)
    const { port } = new URL(other.origin)
    const url = new URL('/a', upstream.origin)
    for (const target of [
      'file:///etc/passwd',
      'ftp://127.0.0.1/',
      'data:text/plain,x',
      other.origin,
      `http://localhost:${port}/`,
      `http://2130706433:${port}/`,
      `http://0177.1:${port}/`,
      `http://0x7f.1:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://[::1]:${port}/`,
      `http://0:${port}/`,
      'http://169.254.169.254/latest/meta-data/',
      'http://10.0.0.1/',
    ]) {
      upstream.behave('/a', { redirect: target })
      const error = await failure(client.get(url))
      t.match(error, { kind: 'refused', status: 502 }, target)
      t.match(await failure(client.get(new URL(target))), { kind: 'refused' }, `link to ${target}`)
    }
    t.equal(other.count(), 0)
    const named = clientOf(t, upstream.settings({ fileHosts: [other.host] }))
    upstream.behave('/a', { redirect: `${other.origin}/b` })
    discardAnswer(await named.get(url))
    t.equal(other.count('/b'), 1, 'file-hosts allows it')
  })

  await t.test('to a name with a private address are refused at the connection', async t => {
    const { client } = await started(t)
    // Reached only where a resolver exists that knows the machine's own name.
    const { hostname } = await import('node:os')
    const error = await failure(client.get(new URL(`http://${hostname()}:9/`)))
    t.match(error.kind, /^(?:refused|unreachable)$/)
  })

  await t.test('do not leave https (U49)', async t => {
    const upstream = await startUpstream(t, { tls: true })
    const plain = await startUpstream(t)
    const client = clientOf(t, upstream.settings({ fileHosts: [plain.host] }))
    upstream.behave('/a', { redirect: `${plain.origin}/b` })
    const error = await failure(client.get(new URL('/a', upstream.origin)))
    t.match(error, { kind: 'refused', message: /https to http/ })
    t.match(await failure(client.get(new URL('/b', plain.origin))), { kind: 'refused' })
    t.equal(plain.count(), 0)
  })
})

t.test('credentials reach the index’s own origin only (U50)', async t => {
  const credentials = { username: 'alice', password: 's3:cret' }
  const upstream = await startUpstream(t, { credentials })
  const other = await startUpstream(t)
  upstream.project('six', [file])
  const client = clientOf(t, upstream.settings({ fileHosts: [other.host] }))
  const answer = await client.get(new URL(upstream.path(file.filename), upstream.origin))
  t.equal((await bytesOf(client, answer)).length, 300_000)
  upstream.behave('/a', { redirect: other.origin.replace('//', '//alice:s3:cret@') })
  discardAnswer(await client.get(new URL('/a', upstream.origin)))
  discardAnswer(await client.get(new URL(other.origin.replace('//', '//x:y@'))))
  t.equal(other.count(), 2)
  for (const { headers } of other.requests) t.equal(headers.authorization, undefined)
  await upstream.down()
  const error = await failure(client.get(new URL('/a?token=s3:cret', upstream.origin)))
  t.notMatch(error.message, /s3/)
})

t.test('TLS is checked (U51)', async t => {
  const upstream = await startUpstream(t, { tls: true })
  const { caFile: _caFile, ...untold } = upstream.settings()
  const error = await failure(clientOf(t, untold).get(upstream.url))
  t.match(error, { kind: 'tls', message: /ca-file, SSL_CERT_FILE or NODE_EXTRA_CA_CERTS/ })
  for (const env of [
    { SSL_CERT_FILE: caFile },
    { SSL_CERT_FILE: caFile, NODE_EXTRA_CA_CERTS: '/gone' },
  ]) {
    const answer = await clientOf(t, untold, {}, env).get(upstream.url)
    t.equal(answer.status, 200)
    discardAnswer(answer)
  }
  const trusting = clientOf(t, upstream.settings())
  discardAnswer(await trusting.get(upstream.url))
  const plain = await startUpstream(t)
  const url = new URL(plain.origin.replace('http:', 'https:'))
  t.match(await failure(clientOf(t, plain.settings({ url })).get(url)), { kind: 'tls' })
  t.throws(() => clientOf(t, plain.settings({ caFile: '/no/such/file' })), {
    message: /^ca-file: \/no\/such\/file cannot be read \(ENOENT\)$/,
  })
  t.throws(() => clientOf(t, plain.settings({ caFile: import.meta.filename })), { message: /PEM/ })
})

const startProxy = async (t: Test) => {
  const asked: { method: string; url: string; authorization: string | undefined }[] = []
  const remember = (request: IncomingMessage) =>
    asked.push({
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers['proxy-authorization'],
    })
  const sockets = new Set<Duplex>()
  const server = createHttpServer((request, response) => {
    remember(request)
    response.end('through the proxy')
  })
  server.on('connect', (request, socket: Socket) => {
    remember(request)
    const [host = '', port] = (request.url ?? '').split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.on('data', data => socket.write(data))
      socket.on('data', data => onward.write(data))
    })
    for (const each of [socket, onward]) sockets.add(each.on('error', nothing))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  return { asked, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

t.test('proxies of the environment are used (need 16)', async t => {
  const proxy = await startProxy(t)
  const upstream = await startUpstream(t, { tls: true })
  const https = clientOf(
    t,
    upstream.settings(),
    {},
    { HTTPS_PROXY: `http://us%20er:pw@${proxy.host}` },
  )
  discardAnswer(await https.get(upstream.url))
  t.strictSame(proxy.asked, [
    {
      method: 'CONNECT',
      url: upstream.host,
      authorization: `Basic ${Buffer.from('us er:pw').toString('base64')}`,
    },
  ])
  const plain = await startUpstream(t)
  const http = clientOf(t, plain.settings(), {}, { http_proxy: proxy.host })
  t.equal((await bytesOf(http, await http.get(plain.url))).toString(), 'through the proxy')
  t.match(proxy.asked[1], { method: 'GET', url: plain.url.href })
  const direct = clientOf(
    t,
    plain.settings(),
    {},
    { http_proxy: proxy.host, NO_PROXY: '127.0.0.1' },
  )
  discardAnswer(await direct.get(plain.url))
  t.equal(proxy.asked.length, 2)
  t.equal(plain.count(), 1)
})

t.test('a proxy that refuses is named as the reason', async t => {
  for (const [status, reason] of [
    [403, /the proxy refuses the connection \(403\)/],
    [407, /the proxy (?:refuses|asks)/],
  ] as const) {
    const proxy = createHttpServer((_request, response) => response.writeHead(status).end())
    proxy.on('connect', (_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`))
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    t.teardown(() => proxy.close())
    const { port } = proxy.address() as AddressInfo
    const url = new URL('https://pypi.example/simple/')
    const env = { ALL_PROXY: `http://127.0.0.1:${port}` }
    const client = clientOf(t, { name: 'x', url, fileHosts: [], refresh: 1 }, {}, env)
    t.match(await failure(client.get(url)), { kind: 'unreachable', message: reason })
  }
})

t.test('the text of a page', async t => {
  const upstream = await startUpstream(t)
  const client = clientOf(t, upstream.settings())
  const url = new URL('/p', upstream.origin)
  const read = async (changes = {}) =>
    client.readText(await client.get(url, { kind: 'page' }), { ...limits, ...changes })

  await t.test('is decoded, whatever it was sent as', async t => {
    for (const encoding of ['gzip', 'deflate', 'br'] as const) {
      upstream.behave('/p', { body: '\ufeffgrüße', encoding })
      t.equal(await read(), 'grüße')
    }
    for (const [body, type] of [
      [Buffer.from('gr\xfc\xdfe', 'latin1'), 'text/html; charset="ISO-8859-1"'],
      [Buffer.from('\ufeffgrüße', 'utf16le'), 'text/html'],
      [Buffer.from('grüße'), 'text/html; charset=utf-7'],
    ] as const) {
      upstream.behave('/p', { body, headers: { 'content-type': type } })
      t.equal(await read(), 'grüße', type)
    }
    upstream.behave('/p', { body: '' })
    t.equal(await read(), '')
  })

  await t.test('is bounded as sent and as decoded (U55, U56)', async t => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    for (const behaviour of [
      { body: Buffer.alloc(1_000_001) },
      { body: Buffer.alloc(1_000_001), length: 'none' },
      { body: Buffer.alloc(1_000_001), length: 'chunked' },
      { body: bomb, headers: { 'content-encoding': 'gzip' } },
      {
        body: Buffer.concat(Array(60_000).fill(gzipSync(''))),
        headers: { 'content-encoding': 'gzip' },
        length: 'none',
      },
    ] as const) {
      upstream.behave('/p', behaviour)
      t.match(await failure(read()), { kind: 'invalid', message: /larger than 1000000 bytes/ })
    }
  })

  await t.test('must be there in time however it drips (U14), and be whole', async t => {
    upstream.behave('/p', {
      body: 'x'.repeat(100),
      chunk: 1,
      between: () => new Promise(resolve => setTimeout(resolve, 30)),
    })
    t.match(await failure(read({ timeout: 0.2 })), { kind: 'timeout', status: 504 })
    upstream.behave('/p', { body: 'x'.repeat(100), cutAfter: 50 })
    t.match(await failure(read()), { kind: 'unreachable' })
  })
})

t.test('pages do not wait behind files', async t => {
  const { client, url, upstream, path } = await started(t)
  const end = gate()
  upstream.behave(path, { beforeBody: end })
  const files = await Promise.all(Array.from({ length: 8 }, () => client.get(url)))
  const ninth = client.get(url)
  const page = await client.get(upstream.url, { kind: 'page' })
  t.equal(page.status, 200)
  discardAnswer(page)
  t.equal(upstream.count(path), 8)
  end.open()
  for (const answer of files) t.equal((await bytesOf(client, answer)).length, 300_000)
  t.equal((await bytesOf(client, await ninth)).length, 300_000)
})
