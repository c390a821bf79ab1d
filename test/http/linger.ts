import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { HttpError } from '../../src/http/error.ts'
import { text } from '../../src/http/reply.ts'
import { converse } from './fixtures/conversation.ts'
import { listening, raw, request } from './fixtures/listening.ts'

const open = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

const textOf = async (socket: Socket): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

// As distutils and requests do: everything is written before the first look at an answer.
const sendAll = async (port: number, head: string, size: number): Promise<string> => {
  const socket = await open(port)
  socket.pause()
  await new Promise(resolve => {
    socket.write(head)
    socket.write(Buffer.alloc(size), resolve)
  })
  return textOf(socket)
}

t.test('who sends everything first still gets the refusal (UP-8, UP-18)', async t => {
  const { port, accesses } = await listening(t, async exchange => {
    if (exchange.path === '/half') for await (const _ of exchange.body.read()) break
    throw new HttpError(413, 'too large')
  })
  for (const path of ['/', '/half'])
    for (const size of [10, 100_000, 20 << 20]) {
      const answer = await sendAll(port, request(`POST ${path}`, `Content-Length: ${size}`), size)
      t.match(answer, /^HTTP\/1\.1 413 too large\r\n[^]*\r\nConnection: close\r\n[^]*too large\n$/)
    }
  t.equal(accesses.length, 6)
})

t.test('a route that takes no body refuses it as readably', async t => {
  const { port } = await listening(t, () => text(405, 'use GET'))
  const answer = await sendAll(
    port,
    request('POST /simple/', `Content-Length: ${5 << 20}`),
    5 << 20,
  )
  t.match(answer, /^HTTP\/1\.1 405 [^]*use GET\n$/)
})

t.test('a large answer to who still sends: neither waits for the other', async t => {
  const body = Buffer.alloc(20 << 20, 'x')
  const { port } = await listening(t, () => ({ status: 200, headers: [], body }))
  const size = 20 << 20
  const answer = await sendAll(port, request('POST /', `Content-Length: ${size}`), size)
  t.ok(answer.endsWith(body.toString()))
})

t.test('what follows such a request is not looked at (fault C07)', async t => {
  const { port, accesses } = await listening(t, async () => text(200, 'x'))
  const { say, heard, socket } = await converse(port)
  say('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab')
  t.match(await heard('x\n'), /\r\nConnection: close\r\n/)
  const gone = once(socket, 'close')
  say(`c\r\n0\r\n\r\n${request('GET /second')}`)
  await gone
  t.match(accesses, [{ path: '/' }])
  t.equal(accesses.length, 1)
})

t.test('a small body that was there in time costs no connection', async t => {
  for (const body of [
    'Content-Length: 3\r\n\r\nabc',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ]) {
    const { port } = await listening(t, async exchange => {
      while (!exchange.request.complete) await setImmediate()
      return text(200, exchange.path)
    })
    const { text: all } = await raw(
      port,
      `POST / HTTP/1.1\r\nHost: a\r\n${body}${request('GET /second')}`,
    )
    t.match(all, /\n\/\nHTTP\/1\.1 200 [^]*\/second\n$/)
  }
})

t.test('closing does not wait for those who go on sending', async t => {
  const { port, close } = await listening(t, () => text(401, 'no'))
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.resume()
  socket.write(request('POST /', 'Content-Length: 1000000'))
  await once(socket, 'end')
  await close(60_000)
  t.pass()
  socket.destroy()
})
