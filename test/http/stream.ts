import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import type { Resource } from '../../src/disk/resource.ts'
import { HttpError } from '../../src/http/error.ts'
import { file } from '../../src/http/reply.ts'
import { deferred } from './fixtures/deferred.ts'
import { listening, raw, request, resource } from './fixtures/listening.ts'

const failing = (chunks: readonly string[], error: Error, more: Partial<Resource> = {}): Resource =>
  resource('', {
    size: 10,
    whole: false,
    async *read() {
      for (const chunk of chunks) yield Buffer.from(chunk)
      throw error
    },
    ...more,
  })

t.test('what cannot be begun is refused with its status', async t => {
  const { port, lines } = await listening(t, () =>
    file(failing([], new HttpError(502, 'upstream is down')), 'miss'),
  )
  const { text } = await raw(port, request('GET /'))
  t.match(text, /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*upstream is down\n$/)
  t.notMatch(text, /immutable/)
  t.strictSame(lines, [])
})

t.test(
  'a failure in the middle breaks the connection, never ends it cleanly (contract 4.1, CL-48)',
  async t => {
    let received = deferred()
    const sized = resource('', {
      size: 10,
      whole: false,
      async *read() {
        received = deferred()
        yield Buffer.from('01234')
        await received.promise
        throw new Error('upstream broke off')
      },
    })
    const { size: _size, ...unsized } = sized
    for (const body of [sized, unsized]) {
      const { port, lines, accesses } = await listening(t, () => file(body, 'miss'))
      for (const message of [request('GET /'), 'GET / HTTP/1.0\r\n\r\n']) {
        const { text, reset } = await raw(port, message, () => received.resolve())
        t.ok(reset, 'reset, since to HTTP/1.0 a plain end is success')
        t.match(text, '01234')
        t.notMatch(text, /\r\n0\r\n\r\n$/)
      }
      t.match(lines, [/transfer broken off.*upstream broke off/, /transfer broken off/])
      t.match(accesses, [
        { status: 200, bytes: 5, cache: 'miss' },
        { status: 200, bytes: 5 },
      ])
    }
  },
)

t.test('too few and too many bytes are failures, too', async t => {
  for (const [size, sent] of [
    [11, 10],
    [9, 8],
  ] as const) {
    const { port, lines, accesses } = await listening(t, () =>
      file(resource('0123456789', { size }), 'hit'),
    )
    const { text } = await raw(port, request('GET /'))
    t.match(text, `Content-Length: ${size}`)
    t.equal(text.length - text.indexOf('\r\n\r\n') - 4, sent)
    t.match(lines, [/transfer broken off/])
    t.match(accesses, [{ bytes: sent }])
  }
})

/** A resource that never ends and tells when it was closed. */
const endless = (chunk: Uint8Array) => {
  const state = { reads: 0, closed: false }
  const closed = deferred()
  const body = resource('', {
    size: 1e12,
    async *read() {
      try {
        for (;;) {
          state.reads++
          yield chunk
        }
      } finally {
        state.closed = true
        closed.resolve()
      }
    },
  })
  return { body, state, closed: closed.promise }
}

const start = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'readable')
  return socket
}

t.test('the file is closed when the client goes away (faults C02, C03)', async t => {
  const { body, closed } = endless(Buffer.alloc(1000))
  const { port, accesses, lines } = await listening(t, () => file(body, 'hit'))
  const socket = await start(port)
  socket.destroy()
  await closed
  await once(connect(port, '127.0.0.1'), 'connect')
  t.equal(accesses.length, 1)
  t.strictSame(lines, [], 'it is nobody’s fault')
})

t.test('a client that does not read holds one chunk (fault C01)', async t => {
  const { body, state, closed } = endless(Buffer.alloc(1 << 20))
  const { port } = await listening(t, () => file(body, 'hit'))
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  // The kernel takes some megabytes; then reading stops.
  let before = -1
  while (before !== state.reads || before === 0) {
    before = state.reads
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  t.ok(state.reads < 50, `${state.reads} reads`)
  t.notOk(state.closed)
  socket.destroy()
  await closed
})

t.test('a chunk is used up before the next is asked for', async t => {
  const size = 1 << 20
  const content = Buffer.alloc(8 * size)
  for (let at = 0; at < content.length; at += size) content.fill(65 + at / size, at, at + size)
  const buffer = Buffer.alloc(size)
  const body = resource('', {
    size: content.length,
    async *read() {
      for (let at = 0; at < content.length; at += size) {
        content.copy(buffer, 0, at, at + size)
        yield buffer
        buffer.fill(0)
      }
    },
  })
  const { port } = await listening(t, () => file(body, 'hit'))
  const { text } = await raw(port, request('GET /'))
  t.ok(text.slice(-content.length) === content.toString('latin1'))
})

t.test('a client that goes away is not waited for while upstream is', async t => {
  const waiting = deferred()
  let closed = false
  const body = resource('', {
    size: 10,
    whole: false,
    async *read() {
      try {
        yield Buffer.from('0')
        await waiting.promise
        yield Buffer.from('1')
      } finally {
        closed = true
      }
    },
  })
  const { port, accesses, close } = await listening(t, () => file(body, 'miss'))
  const socket = await start(port)
  socket.destroy()
  await close(10_000)
  t.match(accesses, [{ bytes: 1, status: 200 }])
  t.notOk(closed)
  waiting.resolve()
  await waiting.promise
  await new Promise(resolve => setImmediate(resolve))
  t.ok(closed)
})

t.test('an iterator without return, or with a failing one, does no harm', async t => {
  for (const extra of [{}, { return: () => Promise.reject(new Error('cannot close')) }]) {
    const body = resource('', {
      size: 1e12,
      read: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.resolve({ done: false, value: Buffer.alloc(1000) }),
          ...extra,
        }),
      }),
    })
    const { port, close, accesses } = await listening(t, () => file(body, 'hit'))
    const socket = await start(port)
    socket.destroy()
    await close(10_000)
    t.equal(accesses.length, 1)
  }
})
