import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { HttpError } from '../../src/http/error.ts'
import { file, text } from '../../src/http/reply.ts'
import { deferred } from './fixtures/deferred.ts'
import { listening, raw, request, resource } from './fixtures/listening.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

const open = async (port: number, bytes = ''): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (bytes !== '') socket.write(bytes)
  return socket
}

const textOf = async (socket: Socket): Promise<string> => {
  const chunks: string[] = []
  for await (const chunk of socket) chunks.push(String(chunk))
  return chunks.join('')
}

/** A handler that tells when it is asked and answers when it is told to. */
const held = () => {
  const asked = deferred()
  const released = deferred()
  const handle = async () => {
    asked.resolve()
    await released.promise
    return text(200, 'done')
  }
  return { handle, asked: asked.promise, release: released.resolve }
}

t.test('one access line for each request, except those of monitors', async t => {
  const { port, accesses } = await listening(t, () => text(200, 'x'))
  for (const path of ['/a?secret=1', '/-/health', '/-/ready', '/-/metrics'])
    await raw(port, request(`GET ${path}`))
  t.match(accesses, [
    { method: 'GET', path: '/a', status: 200, cache: '-', bytes: 2, milliseconds: Number },
    { path: '/-/metrics' },
  ])
  t.equal(accesses.length, 2)
})

t.test('what a handler throws is answered, at once or later (R15, X29)', async t => {
  const { port, lines, accesses } = await listening(t, exchange => {
    if (exchange.path === '/later') return Promise.reject(new Error('a secret'))
    if (exchange.path === '/gone') throw new HttpError(404, 'no such thing')
    throw new Error('a secret')
  })
  for (const [path, status, body] of [
    ['/', 500, 'internal error'],
    ['/later', 500, 'internal error'],
    ['/gone', 404, 'no such thing'],
  ] as const) {
    const { text: all } = await raw(port, request(`GET ${path}`))
    t.match(all, new RegExp(`^HTTP/1.1 ${status} [^]*\r\n\r\n${body}\n$`))
  }
  t.equal(lines.length, 2)
  t.match(accesses, [{ status: 500 }, { status: 500 }, { status: 404 }])
})

t.test('closing: idle connections end at once, with and without a request before', async t => {
  const { port, close } = await listening(t, () => text(200, 'x'))
  const silent = await open(port)
  silent.resume()
  const used = await open(port, get('/'))
  await once(used, 'data')
  used.resume()
  const half = await open(port, 'GET / HT')
  half.resume()
  const ends = [once(silent, 'close'), once(used, 'close'), once(half, 'close')]
  await close(60_000)
  await Promise.all(ends)
  await t.rejects(open(port), { code: 'ECONNREFUSED' })
})

t.test(
  'closing: a running answer is waited for, and the last on its connection (fault C36)',
  async t => {
    const { handle, asked, release } = held()
    const { port, close } = await listening(t, handle)
    const socket = await open(port, get('/'))
    const answer = textOf(socket)
    await asked
    const closing = close(60_000)
    release()
    t.match(await answer, /\r\nConnection: close\r\n[^]*done\n$/)
    await closing
  },
)

t.test('closing: a transfer is finished, however large', async t => {
  const content = 'x'.repeat(20 << 20)
  const { port, close } = await listening(t, () => file(resource(content, {}, 1 << 20), 'hit'))
  const socket = await open(port, get('/'))
  await once(socket, 'readable')
  const answer = textOf(socket)
  const closing = close(60_000)
  t.ok((await answer).endsWith(content))
  await closing
})

t.test('closing: a large answer from memory is finished, too', async t => {
  const body = Buffer.alloc(20 << 20, 'x')
  const { port, close } = await listening(t, () => ({ status: 200, headers: [], body }))
  const socket = await open(port, get('/'))
  await once(socket, 'readable')
  const answer = textOf(socket)
  const closing = close(60_000)
  t.ok((await answer).endsWith(body.toString()))
  await closing
})

t.test('closing: what takes too long is broken off', async t => {
  const { handle, asked, release } = held()
  const { port, close } = await listening(t, handle)
  const socket = await open(port, get('/'))
  socket.resume()
  await asked
  const gone = new Promise(resolve => socket.once('close', resolve))
  await close(10)
  await gone
  release()
  t.pass()
})

t.test('nothing is written into the middle of an answer', async t => {
  const { handle, asked, release } = held()
  const { port } = await listening(t, handle)
  const socket = await open(port, get('/'))
  const answer = textOf(socket).catch(() => 'broken')
  await asked
  socket.write('garbage\r\n\r\n')
  t.notMatch(await answer, '400')
  release()
})
