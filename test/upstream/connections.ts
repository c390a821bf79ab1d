/** The connections on which upstreams are asked: how many, how long they are kept, how they end. */
import { getEventListeners, once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { discardAnswer, UpstreamClient, UpstreamError } from '../../src/upstream/client.ts'
import { Poster, type Posting } from '../../src/upstream/poster.ts'
import { MemoryLog } from '../fixtures/serve.ts'
import { caFile, gate, startUpstream } from '../fixtures/upstream.ts'

const usual = { connect: 5, firstByte: 5, idle: 5 }
const file = { filename: 'six-1.0.tar.gz', bytes: Buffer.alloc(1000, 'x') }
const nothing = () => {}

const clientOf = (
  t: Test,
  url: URL,
  timeouts: Partial<typeof usual> = {},
  env: Readonly<Record<string, string>> = {},
): UpstreamClient => {
  const settings = { name: 'x', url, fileHosts: [], refresh: 1, caFile }
  const client = new UpstreamClient(settings, { ...usual, ...timeouts }, new MemoryLog(), env)
  t.teardown(() => client.close())
  return client
}

/** What is answered to each request, in their order, on whatever connection it comes. */
const answering = async (t: Test, answer: (socket: Socket, request: number) => void) => {
  const sockets = new Set<Socket>()
  let requests = 0
  const server = createServer(socket => {
    sockets.add(socket.on('error', nothing))
    socket.on('data', () => answer(socket, (requests += 1)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return { url, sockets, count: () => requests }
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const read = async (client: UpstreamClient, url: URL): Promise<string> => {
  const parts: Buffer[] = []
  for await (const part of client.bytesOf(await client.get(url))) parts.push(part)
  return Buffer.concat(parts).toString()
}

const failure = async (work: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  return error
}

const whole = Buffer.alloc(131_072, 'x')
const framed = (header: string, body: Buffer, end = '') =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nConnection: close\r\n${header}\r\n`),
    body,
    Buffer.from(end),
  ])
const chunk = Buffer.from(`${whole.length.toString(16)}\r\n`)

const ends: Record<string, { sent: Buffer; isWhole: boolean; reset?: boolean }> = {
  'with its length': {
    sent: framed(`Content-Length: ${whole.length}\r\n`, whole),
    isWhole: true,
  },
  'in chunks': {
    sent: framed('Transfer-Encoding: chunked\r\n', Buffer.concat([chunk, whole]), '\r\n0\r\n\r\n'),
    isWhole: true,
  },
  'until the end': { sent: framed('', whole), isWhole: true },
  'shorter than its length': {
    sent: framed(`Content-Length: ${whole.length + 1}\r\n`, whole),
    isWhole: false,
  },
  'without its last chunk': {
    sent: framed('Transfer-Encoding: chunked\r\n', Buffer.concat([chunk, whole]), '\r\n'),
    isWhole: false,
  },
  'and a reset in the middle': {
    sent: framed(`Content-Length: ${whole.length * 2}\r\n`, whole),
    isWhole: false,
    reset: true,
  },
}

t.test('a connection may end while nobody reads, however the body is framed', async t => {
  for (const [what, { sent, isWhole, reset }] of Object.entries(ends)) {
    const gone = gate()
    const { url } = await answering(t, socket => {
      socket.once('close', () => gone.open())
      if (reset === true) socket.write(sent, () => setTimeout(() => socket.resetAndDestroy(), 20))
      else socket.end(sent)
    })
    const client = clientOf(t, url)
    const answer = await client.get(url)
    // Nobody reads until upstream has gone: only time shows that nothing happens.
    await (reset === true ? gone : Promise.race([gone, sleep(100)]))
    const parts: Buffer[] = []
    const error = await failure(
      (async () => {
        for await (const part of client.bytesOf(answer)) parts.push(part)
      })(),
    )
    if (isWhole) t.ok(error === undefined && Buffer.concat(parts).equals(whole), what)
    else t.match(error, { kind: 'unreachable', status: 502 }, what)
  }
})

t.test('a reader who takes his time is no standstill of upstream’s', async t => {
  const size = 8_000_000
  const { url } = await answering(t, socket => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    socket.write(Buffer.alloc(size))
  })
  const client = clientOf(t, url, { idle: 0.1 })
  let length = 0
  for await (const part of client.bytesOf(await client.get(url))) {
    if (length === 0) await sleep(350)
    length += part.length
  }
  t.equal(length, size)
})

t.test('a connection is kept and used again', async t => {
  await t.test('one after the other, for files and for pages', async t => {
    const { url, sockets } = await answering(t, socket => socket.write(ok))
    const client = clientOf(t, url)
    for (let turn = 0; turn < 5; turn += 1) t.equal(await read(client, url), 'ok')
    t.equal(sockets.size, 1)
    discardAnswer(await client.get(url, { kind: 'page' }))
    t.equal(sockets.size, 2, 'pages have their own')
  })

  await t.test('unless upstream closes it when it comes, then another is (U15)', async t => {
    for (const how of ['destroy', 'resetAndDestroy'] as const) {
      const { url, sockets, count } = await answering(t, (socket, request) => {
        if (request === 2) socket[how]()
        else socket.write(ok)
      })
      const client = clientOf(t, url)
      t.equal(await read(client, url), 'ok')
      t.equal(await read(client, url), 'ok')
      t.same([sockets.size, count()], [2, 3])
    }
  })

  await t.test('unless the end of it is on its way', async t => {
    const { url, sockets } = await answering(t, socket => socket.end(ok))
    const client = clientOf(t, url)
    for (let turn = 0; turn < 20; turn += 1) t.equal(await read(client, url), 'ok')
    t.ok(sockets.size >= 20)
  })

  await t.test('no longer than upstream says', async t => {
    const closed = gate()
    const { url } = await answering(t, socket => {
      socket.once('close', () => closed.open())
      socket.write(ok.replace('\r\n', '\r\nKeep-Alive: timeout=2\r\n'))
    })
    const client = clientOf(t, url)
    t.equal(await read(client, url), 'ok')
    // The usual time is far beyond that of a test.
    await closed
  })

  await t.test('not when something comes that nobody asked for (U27)', async t => {
    const { url, sockets } = await answering(t, socket => socket.write(ok))
    const client = clientOf(t, url)
    for (let turn = 1; turn <= 3; turn += 1) {
      t.equal(await read(client, url), 'ok')
      t.equal(sockets.size, turn)
      const [...all] = sockets
      const kept = all.at(-1) as Socket
      kept.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
      await once(kept, 'close')
    }
  })
})

t.test('more than eight at once wait for their turn', async t => {
  const upstream = await startUpstream(t)
  upstream.project('six', [file])
  const path = upstream.path(file.filename)
  const url = new URL(path, upstream.origin)
  const end = gate()
  upstream.behave(path, { beforeBody: end })
  const client = clientOf(t, upstream.url)
  const asked = Array.from({ length: 20 }, () => read(client, url))
  while (upstream.count(path) < 8) await sleep(5)
  const leaving = new AbortController()
  const gone = client.get(url, { signal: leaving.signal })
  leaving.abort(new Error('gone'))
  await t.rejects(gone, { message: 'gone' }, 'whoever waits may leave')
  const other = await startUpstream(t)
  other.behave('/a', { body: 'a' })
  const elsewhere = clientOf(t, upstream.url)
  t.match(await failure(elsewhere.get(new URL('/a', other.origin))), { kind: 'refused' })
  t.equal(upstream.count(path), 8)
  end.open()
  for (const text of await Promise.all(asked)) t.equal(text.length, 1000)
  t.equal(upstream.count(path), 20, 'who has left was not asked for')
})

t.test('retired connections end when what is under way has ended', async t => {
  const upstream = await startUpstream(t)
  upstream.project('six', [file])
  const path = upstream.path(file.filename)
  const url = new URL(path, upstream.origin)
  const end = gate()
  upstream.behave(path, { beforeBody: end, times: 9 })
  const client = clientOf(t, upstream.url)
  const asked = Array.from({ length: 9 }, () => read(client, url))
  while (upstream.count(path) < 8) await sleep(5)
  let isRetired = false
  const retired = client.retire().then(() => (isRetired = true))
  upstream.behave('/new', { body: 'new' })
  t.equal(await read(client, new URL('/new', upstream.origin)), 'new', 'whoever asks now is served')
  t.notOk(isRetired)
  end.open()
  for (const text of await Promise.all(asked)) t.equal(text.length, 1000, 'those who wait too')
  await retired
  await client.retire()
})

t.test('closed connections break what is under way, and what waits', async t => {
  const upstream = await startUpstream(t)
  upstream.project('six', [file])
  const path = upstream.path(file.filename)
  const url = new URL(path, upstream.origin)
  upstream.behave(path, { beforeBody: gate() })
  const client = clientOf(t, upstream.url)
  const asked = Array.from({ length: 12 }, () => failure(read(client, url)))
  while (upstream.count(path) < 8) await sleep(5)
  await Promise.all([client.retire(), client.close()])
  for (const error of await Promise.all(asked)) t.match(error, { kind: 'unreachable' })
  t.equal(upstream.count(path), 8)
})

t.test('one signal may end many requests, and their bodies', async t => {
  const upstream = await startUpstream(t)
  upstream.project('six', [file])
  const url = new URL(upstream.path(file.filename), upstream.origin)
  const client = clientOf(t, upstream.url)
  const leaving = new AbortController()
  const { signal } = leaving
  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const whole = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const answer = await client.get(url, { signal })
      discardAnswer(answer)
      await once(answer.body, 'close')
    }),
  )
  t.equal(whole.length, 20)
  t.equal(warnings.length, 0, 'it is no leak')
  upstream.behave(url.pathname, { cutAfter: 100, open: true })
  const { body } = await client.get(url, { signal })
  await once(body, 'readable')
  t.equal(getEventListeners(signal, 'abort').length, 1, 'only of what is under way')
  leaving.abort(new Error('gone'))
  const [error] = (await once(body, 'error')) as unknown[]
  t.match(error, { message: 'gone' })
  await t.rejects(client.get(url, { signal }), { message: 'gone' })
})

t.test('odd answers', async t => {
  for (const [what, sent, expected] of [
    ['100', `HTTP/1.1 100 Continue\r\n\r\n${ok}`, 'ok'],
    ['103 a thousand times (U26)', `${'HTTP/1.1 103 E\r\n\r\n'.repeat(1000)}${ok}`, 'ok'],
    ['204 with a body', 'HTTP/1.1 204 N\r\n\r\nabc', ''],
    ['304 with a length', 'HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n', ''],
    ['an upgrade nobody asked for', ok.replace('\r\n', '\r\nUpgrade: h2c\r\n'), 'ok'],
    ['two of a protocol nobody asked for', 'HTTP/1.1 101 S\r\n\r\nabc', 'invalid'],
    [
      'a switch of protocols',
      'HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nabc',
      'unreachable',
    ],
    ['no status', 'HTTP/1.1 000 N\r\nContent-Length: 2\r\n\r\nok', 'invalid'],
    ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'invalid'],
    [
      'two lengths (U24)',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
      'invalid',
    ],
    ['more after the end', ok.replace('\r\n', '\r\nConnection: close\r\n').concat('evil'), 'ok'],
  ] as const)
    await t.test(what, async t => {
      const { url } = await answering(t, socket => socket.write(sent))
      const got = await read(clientOf(t, url), url).catch((error: unknown) =>
        error instanceof UpstreamError ? error.kind : String(error),
      )
      t.equal(got, expected)
    })

  await t.test('three thousand headers are read to the last', async t => {
    const { url } = await answering(t, socket =>
      socket.write(
        `HTTP/1.1 200 OK\r\n${'X:y\r\n'.repeat(3000)}Last: z\r\nContent-Length: 2\r\n\r\nok`,
      ),
    )
    const client = clientOf(t, url)
    const answer = await client.get(url)
    t.equal(answer.headers.get('last'), 'z')
    discardAnswer(answer)
  })

  await t.test('what cannot be sent is an error like others', async t => {
    const { url, count } = await answering(t, socket => socket.write(ok))
    const client = clientOf(t, url)
    for (const etag of ['a\nb', 'a\u2028b'])
      t.match(await failure(client.get(url, { headers: { 'if-none-match': etag } })), {
        kind: 'unreachable',
      })
    t.equal(count(), 0)
    t.equal(await read(client, url), 'ok')
  })
})

/** A proxy that speaks TLS, or not. */
const startProxy = async (t: Test, isSecure: boolean) => {
  const asked: unknown[] = []
  const key = readFileSync(caFile.replace('cert.pem', 'key.pem'))
  const sockets = new Set<Duplex>()
  const remember = ({ method, url, headers, socket }: IncomingMessage) =>
    asked.push({
      line: `${method} ${url}`,
      headers: Object.fromEntries(
        Object.entries(headers).filter(([name]) => /authorization|host/.test(name)),
      ),
      ...(isSecure && { name: (socket as TLSSocket & { servername?: unknown }).servername }),
    })
  const server = (
    isSecure ?
      createHttpsServer({ cert: readFileSync(caFile), key })
    : createHttpServer())
    .on('request', (request: IncomingMessage, response) => {
      remember(request)
      response.end('through the proxy')
    })
    .on('connect', (request: IncomingMessage, socket: Socket) => {
      remember(request)
      const { port, hostname } = new URL(`http://${request.url}`)
      const onward = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const each of [socket, onward]) sockets.add(each.on('error', nothing))
    })
    .listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  const scheme = isSecure ? 'https' : 'http'
  return { asked, url: `${scheme}://us:pw@localhost:${(server.address() as AddressInfo).port}` }
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

for (const isSecure of [false, true])
  t.test(`a proxy of ${isSecure ? 'https' : 'http'} (need 16)`, async t => {
    const name = isSecure && { name: 'localhost' }
    const credentials = { username: 'alice', password: 'secret' }
    await t.test(
      'is asked for a tunnel to https, and told nothing of what goes through',
      async t => {
        const proxy = await startProxy(t, isSecure)
        const upstream = await startUpstream(t, { tls: true, credentials })
        upstream.behave('/a', { body: 'a' })
        const client = new UpstreamClient(upstream.settings(), usual, new MemoryLog(), {
          HTTPS_PROXY: proxy.url,
        })
        t.teardown(() => client.close())
        for (let turn = 0; turn < 3; turn += 1)
          t.equal(await read(client, new URL('/a', upstream.origin)), 'a')
        t.strictSame(proxy.asked, [
          {
            line: `CONNECT ${upstream.host}`,
            headers: { host: upstream.host, 'proxy-authorization': basic('us:pw') },
            ...name,
          },
        ])
        t.equal(upstream.requests[0]?.headers['proxy-authorization'], undefined)
        t.equal(upstream.requests[0]?.headers.authorization, basic('alice:secret'))
      },
    )

    await t.test('is asked for http in the target’s stead', async t => {
      const proxy = await startProxy(t, isSecure)
      const url = new URL('http://index.example:81/simple/?a=%2f')
      const client = clientOf(t, url, {}, { HTTP_PROXY: proxy.url })
      t.equal(await read(client, url), 'through the proxy')
      t.strictSame(proxy.asked, [
        {
          line: `GET ${url.href}`,
          headers: { host: 'index.example:81', 'proxy-authorization': basic('us:pw') },
          ...name,
        },
      ])
    })

    await t.test('makes no more than eight tunnels at once', async t => {
      const proxy = await startProxy(t, isSecure)
      const upstream = await startUpstream(t, { tls: true })
      upstream.project('six', [file])
      const path = upstream.path(file.filename)
      const url = new URL(path, upstream.origin)
      const client = clientOf(t, upstream.url, {}, { HTTPS_PROXY: proxy.url })
      const texts = await Promise.all(Array.from({ length: 20 }, () => read(client, url)))
      t.ok(texts.every(({ length }) => length === 1000))
      t.ok(proxy.asked.length <= 8, `${proxy.asked.length} tunnels`)
    })
  })

t.test('a proxy that', async t => {
  const url = new URL('https://pypi.example/simple/')
  for (const [what, sent, kind] of [
    ['says nothing', '', 'timeout'],
    ['says nonsense', 'nonsense\r\n\r\n', 'invalid'],
    ['speaks before TLS', 'HTTP/1.1 200 OK\r\n\r\nnonsense', 'tls'],
    ['makes a tunnel to nowhere', 'HTTP/1.1 200 OK\r\n\r\n', 'timeout'],
  ] as const)
    await t.test(what, async t => {
      const proxy = await answering(t, (socket, request) => {
        if (request === 1) socket.write(sent)
      })
      const client = clientOf(t, url, { connect: 0.2 }, { HTTPS_PROXY: proxy.url.href })
      t.match(await failure(client.get(url)), { kind })
    })

  await t.test('hangs up', async t => {
    const proxy = await answering(t, socket => socket.end())
    const client = clientOf(t, url, {}, { HTTPS_PROXY: proxy.url.href })
    t.match(await failure(client.get(url)), { kind: 'unreachable' })
    t.equal(proxy.count(), 3)
  })

  await t.test('makes no tunnel does not hold up the end', async t => {
    const proxy = await answering(t, nothing)
    const client = clientOf(t, url, { connect: 600 }, { HTTPS_PROXY: proxy.url.href })
    const asked = failure(client.get(url))
    while (proxy.count() === 0) await sleep(5)
    await client.close()
    t.match(await asked, { kind: 'unreachable' })
  })

  await t.test('asks for credentials', async t => {
    const http = new URL('http://pypi.example/')
    const proxy = await answering(t, socket =>
      socket.write('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'),
    )
    const client = clientOf(t, http, {}, { HTTP_PROXY: proxy.url.href })
    t.match(await failure(client.get(http)), { message: /the proxy asks for credentials$/ })
  })
})

const posterOf = (t: Test): Poster => {
  const poster = new Poster(usual, new MemoryLog(), undefined, {})
  t.teardown(() => poster.close())
  return poster
}

t.test('what is posted', async t => {
  const piece = Buffer.alloc(64 * 1024)
  const posting = (pieces: number, length = pieces * piece.length, ended = nothing): Posting => ({
    headers: {},
    length,
    async *open() {
      try {
        for (let count = 0; count < pieces; count += 1) yield piece
      } finally {
        ended()
      }
    },
  })

  await t.test('may be answered before all of it is sent', async t => {
    const { url } = await answering(t, (socket, request) => {
      if (request === 1) socket.write('HTTP/1.1 413 Too much\r\nContent-Length: 2\r\n\r\nno')
      socket.pause()
    })
    const ended = gate()
    const answer = await posterOf(t).post(
      url,
      posting(10_000, undefined, () => ended.open()),
    )
    t.same(answer, { status: 413, text: 'Too much' })
    await ended
  })

  await t.test('must be as long as was said', async t => {
    const { url } = await answering(t, nothing)
    const poster = posterOf(t)
    for (const length of [piece.length * 3, piece.length + 1])
      t.match(await failure(poster.post(url, posting(2, length))), {
        kind: 'unreachable',
        cause: { message: /not as long/ },
      })
  })

  await t.test('may fail to be read', async t => {
    const { url } = await answering(t, nothing)
    const broken: Posting = {
      headers: {},
      length: 10,
      async *open() {
        yield Buffer.alloc(5)
        throw new Error('the disk is gone')
      },
    }
    t.match(await failure(posterOf(t).post(url, broken)), { cause: { message: /disk is gone/ } })
  })

  await t.test('never goes where a connection might just be closed', async t => {
    const { url, sockets } = await answering(t, socket => socket.write(ok))
    const poster = posterOf(t)
    for (let turn = 0; turn < 3; turn += 1)
      t.match(await poster.post(url, posting(1)), { status: 200 })
    t.equal(sockets.size, 3)
  })
})
