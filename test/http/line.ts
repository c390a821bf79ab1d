import { EventEmitter, once } from 'node:events'
import { Agent, request as ask, type IncomingMessage, type RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import type { Exchange } from '../../src/http/exchange.ts'
import { Line } from '../../src/http/line.ts'
import { file, text, type Reply } from '../../src/http/reply.ts'
import { Repeats } from '../../src/http/repeats.ts'
import { converse, kept } from './fixtures/conversation.ts'
import { deferred } from './fixtures/deferred.ts'
import { listening, raw, request, resource } from './fixtures/listening.ts'

/** Whether the parser was left out. */
const wayOf = (exchange: Exchange) => ('resume' in exchange.request ? 'parsed' : 'known')
const tell = (exchange: Exchange) =>
  text(200, `${exchange.method} ${exchange.path} ${wayOf(exchange)}`)

const get = kept('GET /a')

/** An answer without the moment at which it was given. */
const answered = async (url: URL, options: RequestOptions) => {
  const asking = ask(url, options).end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  const { statusCode, statusMessage } = response
  const headers = response.rawHeaders.map((value, at, all) => (all[at - 1] === 'Date' ? '' : value))
  return { statusCode, statusMessage, headers, body: (await buffer(response)).toString('latin1') }
}

/** Whole numbers below a bound, the same in each run. */
const seeded = (seed: number) => {
  let state = seed
  return (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

t.test('the same bytes once more are not parsed again', async t => {
  const { port, accesses } = await listening(t, tell)
  const first = await converse(port)
  first.say(get)
  await first.heard('GET /a parsed\n')
  for (const path of ['/a', '/b', '/a', '/b']) {
    first.say(kept(`GET ${path}`))
    await first.heard(
      `GET ${path} ${path === '/b' && accesses.length === 2 ? 'parsed' : 'known'}\n`,
    )
  }
  const second = await converse(port)
  second.say(get)
  await second.heard('GET /a parsed\n')
  second.say(kept('GET /b'))
  await second.heard('GET /b known\n')
  t.equal(accesses.length, 7)
  t.match(accesses.at(-1), { method: 'GET', path: '/b', status: 200, cache: '-', bytes: 13 })
})

t.test('both ways give the same answer to the byte', async t => {
  const replies: Record<string, Reply> = {
    '/text': text(200, 'é'),
    '/buffer': {
      status: 200,
      headers: ['X-A', 'b'],
      body: Buffer.alloc(20_000, 'é'),
      cache: 'hit',
    },
    '/none': { status: 301, headers: ['Location', 'x'] },
    '/204': { status: 204, headers: [] },
    '/304': { status: 304, headers: ['ETag', '"x"'], cache: 'stale' },
    '/reason': { ...text(404, 'nothing'), reason: 'no such thing \r\n at all' },
    '/odd': { status: 299, headers: [] },
    '/file': file(resource('abcdef', { bytes: Buffer.from('abcdef') }), 'hit'),
  }
  const failures: Record<string, () => Reply> = {
    '/throws': () => {
      throw Object.assign(new Error('not for you'), { status: 403, headers: ['X-Why', 'so'] })
    },
    '/bad': () => ({ status: 200, headers: ['X-A', 'a\r\nX-B: b'], body: Buffer.from('x') }),
  }
  const answer = ({ path }: Exchange) => replies[path] ?? failures[path]?.() ?? text(404, path)
  const ways: string[] = []
  const { url } = await listening(t, exchange => {
    ways.push(wayOf(exchange))
    if (exchange.header('x-later') === undefined) return answer(exchange)
    return setImmediate().then(() => answer(exchange))
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const asks: Record<string, string>[] = [
    {},
    { 'X-Later': '1' },
    { Range: 'bytes=1-3' },
    { Range: 'bytes=9-' },
    { 'If-None-Match': '"tag"' },
  ]
  for (const path of [...Object.keys(replies), ...Object.keys(failures)])
    for (const method of ['GET', 'HEAD'])
      for (const headers of asks) {
        const ask = () => answered(new URL(path, url), { agent, method, headers })
        const parsed = await ask()
        t.strictSame(await ask(), parsed, `${method} ${path} ${JSON.stringify(headers)}`)
        t.strictSame(ways.splice(0), ['parsed', 'known'])
      }
})

t.test('no byte of a body is taken for a request', async t => {
  const { port, accesses } = await listening(t, async exchange => {
    let body = ''
    if (exchange.method === 'POST') for await (const chunk of exchange.body.read()) body += chunk
    return text(200, `${exchange.path} ${body.length} ${wayOf(exchange)}`)
  })
  const { say, heard } = await converse(port)
  for (const way of ['parsed', 'known']) {
    say(get)
    await heard(`/a 0 ${way}\n`)
  }
  say(kept('POST /post', `Content-Length: ${get.length}`))
  say(get)
  await heard(`/post ${get.length} parsed\n`)
  say(get)
  await heard('/a 0 parsed\n')
  t.equal(accesses.length, 4)
})

t.test('nor what a GET carries that nobody reads', async t => {
  const { port, accesses } = await listening(t, tell)
  const { say, heard, socket } = await converse(port)
  say(get)
  await heard('GET /a parsed\n')
  say(kept('GET /b', `Content-Length: ${get.length}`))
  await heard('GET /b parsed\n')
  const gone = once(socket, 'close')
  say(get)
  socket.end()
  await gone
  t.equal(accesses.length, 2)
})

t.test('requests that come faster than answers get theirs in order', async t => {
  const waiting: (() => void)[] = []
  let wake: (() => void) | undefined
  const { port } = await listening(t, async exchange => {
    const { promise, resolve } = deferred()
    if (exchange.path === '/slow') {
      waiting.push(resolve)
      wake?.()
      await promise
    }
    return tell(exchange)
  })
  const asked = async (count: number) => {
    while (waiting.length < count) await new Promise<void>(resolve => (wake = resolve))
  }
  const slow = kept('GET /slow')
  const { say, heard } = await converse(port)
  say(slow)
  await asked(1)
  waiting[0]?.()
  await heard('GET /slow parsed\n')
  say(get)
  await heard('GET /a parsed\n')
  say(slow)
  await asked(2)
  say(get)
  say(kept('GET /b') + get)
  waiting[1]?.()
  const all = await heard(/\/b[^]+\/a \w+\n$/)
  t.strictSame(
    [...all.matchAll(/^GET (\S+)/gm)].map(([, path]) => path),
    ['/slow', '/a', '/b', '/a'],
  )
  t.match(all, 'GET /slow known\n')
})

t.test(
  'a packet in which the parser finds more than one request is its own from then on',
  async t => {
    for (const [found, isAnsweredHere] of [
      [1, true],
      [2, false],
    ] as const) {
      const socket = new EventEmitter() as Socket
      let parsed = 0
      socket.on('data', () => (parsed += 1)).on('end', () => {})
      let answered = 0
      const line = new Line(socket, new Repeats(), (_socket, _head, conclude) => {
        answered += 1
        conclude(true)
      })
      socket.emit('data', Buffer.from(get))
      for (let time = 0; time < found; time += 1) line.begin()
      line.answered(
        {
          method: 'GET',
          url: '/a',
          headers: { host: 'here' },
          rawHeaders: ['Host', 'here'],
          httpVersion: '1.1',
        } as unknown as IncomingMessage,
        true,
        true,
      )
      socket.emit('data', Buffer.from(get))
      t.strictSame([parsed, answered], isAnsweredHere ? [1, 1] : [2, 0])
    }
  },
)

t.test('who closes its side only still gets what was asked for (fault C29)', async t => {
  const [asked, released] = [deferred(), deferred()]
  let count = 0
  const { port } = await listening(t, async exchange => {
    count += 1
    if (count === 2) {
      asked.resolve()
      await released.promise
    }
    return tell(exchange)
  })
  const { say, heard, socket } = await converse(port)
  say(get)
  await heard('GET /a parsed\n')
  say(get)
  await asked.promise
  socket.end()
  // Time enough for the end to arrive: another connection's, begun later, has.
  const other = await converse(port)
  other.socket.end()
  await once(other.socket, 'close')
  const gone = once(socket, 'close')
  released.resolve()
  await heard('GET /a known\n')
  await gone
})

t.test('what must be waited for is sent by Node', async t => {
  const isLarge = [false, false, true, true]
  const { port } = await listening(t, exchange => {
    const large = isLarge.shift() === true
    return large ?
        {
          status: 200,
          headers: [],
          body: (async function* () {
            yield 'large'
            yield ` ${wayOf(exchange)}`
          })(),
        }
      : tell(exchange)
  })
  const { say, heard } = await converse(port)
  say(get)
  await heard('GET /a parsed\n')
  say(get)
  await heard('GET /a known\n')
  say(get)
  const all = await heard('0\r\n\r\n')
  t.match(all, /large[^]+ parsed/)
})

t.test('what is secret or odd is not remembered', async t => {
  const { port } = await listening(t, tell)
  for (const bytes of [
    kept('GET /s', 'Authorization: Basic YTpi'),
    kept('GET /s', 'X-Devpi-Auth: YTpi'),
    kept('GET /s', 'Cookie: a=b'),
    kept('GET /s', 'Content-Length: 0', 'X-Long: ' + 'a'.repeat(4096)),
    'GET /s HTTP/1.0\r\nHost: here\r\nConnection: keep-alive\r\n\r\n',
    'GET /s HTTP/1.1\r\nHost: here\r\nX: a\r\n\r\nGET /s HTTP/1.1\r\nHost: here\r\n\r\n',
  ]) {
    const { say, heard, socket } = await converse(port)
    for (let time = 0; time < 3; time += 1) {
      say(bytes)
      t.notMatch(await heard('/s parsed\n'), 'known')
    }
    socket.destroy()
  }
})

t.test('the connection ends as always when it is asked to, or when the server closes', async t => {
  const { port, close } = await listening(t, tell)
  const closing = request('GET /a')
  for (let time = 0; time < 3; time += 1)
    t.match((await raw(port, closing)).text, 'GET /a parsed\n')
  const { say, heard, socket } = await converse(port)
  for (const way of ['parsed', 'known']) {
    say(get)
    await heard(`GET /a ${way}\n`)
  }
  const gone = once(socket, 'close')
  await close(60_000)
  await gone
  t.pass()
})

t.test('closing waits for an answer that the parser knows nothing of', async t => {
  const [asked, released] = [deferred(), deferred()]
  let count = 0
  const { port, close } = await listening(t, async exchange => {
    count += 1
    if (count === 2) {
      asked.resolve()
      await released.promise
    }
    return tell(exchange)
  })
  const { say, heard } = await converse(port)
  say(get)
  await heard('GET /a parsed\n')
  say(get)
  await asked.promise
  const closed = close(60_000)
  released.resolve()
  t.match(await heard('GET /a parsed\n'), /\r\nConnection: close\r\n/)
  await closed
})

t.test('who goes away meanwhile disturbs nobody', async t => {
  const released = deferred()
  let asked = deferred()
  let isHeld = false
  const { port, accesses } = await listening(t, async exchange => {
    asked.resolve()
    if (isHeld) await released.promise
    return tell(exchange)
  })
  const gone = await converse(port)
  gone.say(get)
  await gone.heard('GET /a parsed\n')
  isHeld = true
  asked = deferred()
  gone.say(get)
  await asked.promise
  gone.say(kept('GET /never'))
  gone.socket.resetAndDestroy()
  isHeld = false
  const other = await converse(port)
  other.say(get)
  await other.heard('GET /a parsed\n')
  released.resolve()
  for (let time = 0; time < 3; time += 1) {
    other.say(get)
    await other.heard('GET /a known\n')
  }
  t.notMatch(accesses, [{ path: '/never' }])
})

t.test('who asks and asks and never reads is not answered for ever', async t => {
  const body = 'x'.repeat(1024 * 1024)
  let count = 0
  const { port } = await listening(t, exchange => {
    if (exchange.path !== '/a') return tell(exchange)
    count += 1
    return { status: 200, headers: [], body: Buffer.from(body) }
  })
  const { say, heard, socket } = await converse(port)
  say(get)
  await heard(body)
  socket.pause()
  const other = await converse(port)
  for (let time = 0; time < 100; time += 1) {
    say(get)
    // Whoever comes later is answered, and each of those requests has had its turn.
    other.say(kept('GET /b'))
    await other.heard(/GET \/b \w+\n$/)
  }
  t.ok(count < 60, `${count} answers were made`)
})

t.test('any other verb, PUSH among them, and what is no request (faults C07, C19)', async t => {
  const { port } = await listening(t, tell)
  for (const [bytes, end] of [
    [kept('PUSH /p', 'Content-Length: 0'), 'PUSH /p parsed\n'],
    [kept('DELETE /d'), 'DELETE /d parsed\n'],
    [kept('CONNECT evil.example:443'), 'no proxy for other hosts\n'],
    ['nonsense\r\n\r\n', 'not a valid HTTP request\n'],
    [
      kept('GET /x', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
      'not a valid HTTP request\n',
    ],
  ] as const) {
    const { say, heard } = await converse(port)
    for (const way of ['parsed', 'known']) {
      say(get)
      await heard(new RegExp(`GET /a (${way}|known)\n$`))
    }
    say(bytes)
    t.ok(await heard(end), end)
  }
})

t.test('wherever a stream of requests is cut, each is answered once and in order', async t => {
  const { port } = await listening(t, async exchange => {
    let body = 0
    if (exchange.method === 'POST')
      for await (const chunk of exchange.body.read()) body += chunk.length
    return text(200, `${exchange.method} ${exchange.path} ${body}`)
  })
  const random = seeded(20_261_122)
  const kinds = [
    () => ({ bytes: get, answer: 'GET /a 0' }),
    () => ({ bytes: kept('GET /b', 'X: y'), answer: 'GET /b 0' }),
    () => ({
      bytes: kept('POST /p', `Content-Length: ${get.length}`) + get,
      answer: `POST /p ${get.length}`,
    }),
    () => ({
      bytes: `${kept('POST /c', 'Transfer-Encoding: chunked')}${get.length.toString(16)}\r\n${get}\r\n0\r\n\r\n`,
      answer: `POST /c ${get.length}`,
    }),
  ]
  for (let round = 0; round < 150; round += 1) {
    const plain = random(3) === 0 ? 4 : 2
    const parts = Array.from({ length: 2 + random(6) }, () =>
      (kinds[random(plain)] as (typeof kinds)[0])(),
    )
    const stream = parts.map(({ bytes }) => bytes).join('')
    const ends = [...parts.keys()].map(at =>
      parts.slice(0, at + 1).reduce((sum, { bytes }) => sum + bytes.length, 0),
    )
    const cuts = [
      ...ends.filter(() => random(4) > 0),
      ...Array.from({ length: random(3) }, () => random(stream.length)),
    ]
    const { say, heard, socket } = await converse(port)
    let from = 0
    for (const to of [...cuts, stream.length].toSorted((a, b) => a - b)) {
      if (to > from) say(stream.slice(from, to))
      from = Math.max(from, to)
      if (random(2) === 0) await setImmediate()
    }
    const wanted = parts.map(({ answer }) => answer)
    const all = await heard(new RegExp(`(?:\\r\\n\\r\\n[A-Z]+ /[^]*){${parts.length}}\\n$`))
    t.strictSame([...all.matchAll(/^(?:GET|POST) .*$/gm)].map(String), wanted, `round ${round}`)
    socket.destroy()
  }
})
