import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import type { Exchange } from '../../src/http/exchange.ts'
import { HttpError } from '../../src/http/error.ts'
import { text } from '../../src/http/reply.ts'
import { deferred } from './fixtures/deferred.ts'
import { listening, raw, request } from './fixtures/listening.ts'

const lengthOf = async (exchange: Exchange, silence?: number) => {
  let length = 0
  for await (const bytes of exchange.body.read(silence)) length += bytes.length
  return text(200, `${length} bytes`)
}

const open = async (port: number, bytes: string): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

const textOf = async (socket: Socket): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

const post = (...headers: string[]) =>
  ['POST / HTTP/1.1', 'Host: a', ...headers, '', ''].join('\r\n')

t.test('bodies of a length, in chunks, empty and none, on one connection (P06)', async t => {
  const { port } = await listening(t, exchange => lengthOf(exchange))
  const { text: all } = await raw(
    port,
    `${post('Content-Length: 5')}12345` +
      `${post('Transfer-Encoding: chunked')}3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nTrailer: x\r\n\r\n` +
      post('Content-Length: 0') +
      post() +
      request('POST /', 'Content-Length: 2') +
      'ab',
  )
  t.same(
    [...all.matchAll(/^(\d+) bytes$/gm)].map(([, length]) => length),
    ['5', '4', '0', '0', '2'],
  )
})

t.test('the length is told before the bytes', async t => {
  const { port } = await listening(t, ({ body }) => text(200, `length ${body.length}`))
  for (const [header, length] of [
    ['Content-Length: 12', '12'],
    ['Content-Length: 0', '0'],
    ['X: y', '0'],
    ['Transfer-Encoding: chunked', 'undefined'],
  ] as const)
    t.match((await raw(port, request('POST /', header))).text, `length ${length}\n`)
})

t.test('HTTP/1.0 sends a length', async t => {
  const { port } = await listening(t, exchange => lengthOf(exchange))
  const asked = 'POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc'
  const { text: all } = await raw(port, asked)
  t.match(all, /^HTTP\/1\.1 200 [^]*3 bytes\n$/)
})

t.test('a large body at the pace of its reader', async t => {
  const size = 30 << 20
  const { port } = await listening(t, exchange => lengthOf(exchange))
  const socket = await open(port, request('PUT /', `Content-Length: ${size}`))
  socket.write(Buffer.alloc(size))
  t.match(await textOf(socket), `${size} bytes\n`)
})

t.test('"100 Continue" is said when somebody reads, and only then (fault C21)', async t => {
  const judged = deferred()
  const { port } = await listening(t, async exchange => {
    if (exchange.path === '/refused') throw new HttpError(401, 'who are you?')
    await judged.promise
    return lengthOf(exchange)
  })
  const headers = ['Content-Length: 4', 'Expect: 100-continue']
  const { text: refused } = await raw(port, request('POST /refused', ...headers))
  t.match(refused, /^HTTP\/1\.1 401 who are you\?\r\n[^]*\r\nConnection: close\r\n/)
  const socket = await open(port, request('POST /', ...headers))
  judged.resolve()
  const [first] = (await once(socket, 'data')) as [Buffer]
  t.equal(first.toString(), 'HTTP/1.1 100 Continue\r\n\r\n')
  socket.write('abcd')
  t.match(await textOf(socket), /^HTTP\/1\.1 200 [^]*4 bytes\n$/)
})

t.test('a client that falls silent gets 408', async t => {
  const { port } = await listening(t, exchange => lengthOf(exchange, 50))
  const { text: all } = await raw(port, `${post('Content-Length: 5')}1234`)
  t.match(all, /^HTTP\/1\.1 408 nothing came for 0.05 s[^]*\r\nConnection: close\r\n/)
})

t.test('silence is no fault of a client whose bytes wait for us', async t => {
  const size = 10 << 20
  const { port } = await listening(t, async exchange => {
    let length = 0
    for await (const bytes of exchange.body.read(1000)) {
      if (length === 0) await new Promise(resolve => setTimeout(resolve, 1500))
      length += bytes.length
    }
    return text(200, `${length} bytes`)
  })
  const socket = await open(port, request('PUT /', `Content-Length: ${size}`))
  socket.write(Buffer.alloc(size))
  t.match(await textOf(socket), `${size} bytes\n`)
})

t.test('a body that breaks off is an error of its client (fault P05)', async t => {
  const { port } = await listening(t, exchange => lengthOf(exchange))
  for (const header of ['Content-Length: 9', 'Transfer-Encoding: chunked'])
    for (const head of [post(header), request('POST /', header)]) {
      const half = await open(port, `${head}3\r\nab`)
      half.end()
      t.match(
        await textOf(half),
        /^HTTP\/1\.1 400 the request breaks off\r\n[^]*\r\nConnection: close\r\n/,
      )
    }
})

t.test('a client that goes away is noticed, reading and before (fault P05)', async t => {
  for (const path of ['/', '/late']) {
    const asked = deferred()
    const gone = deferred()
    let fail: (error: unknown) => void
    const failure = new Promise(resolve => (fail = resolve))
    const { port } = await listening(t, async exchange => {
      exchange.request.socket.once('close', gone.resolve)
      asked.resolve()
      if (path === '/late') await gone.promise
      await lengthOf(exchange).catch(fail)
      return text(200, 'nobody reads this')
    })
    const socket = await open(port, request('POST /', 'Content-Length: 9'))
    await asked.promise
    socket.resetAndDestroy()
    t.match(await failure, {
      status: 400,
      message: 'the connection was closed before the whole body had arrived',
    })
  }
})

t.test('bad chunks are refused while somebody reads (fault C11)', async t => {
  const { port } = await listening(t, exchange => lengthOf(exchange))
  const chunked = request('POST /', 'Transfer-Encoding: chunked')
  for (const chunk of ['-1', '0x5', 'fffffffffffffffff', 'zz', '5\n12345', '3\r\nabcdef']) {
    const { text: all } = await raw(port, `${chunked}2\r\nab\r\n${chunk}\r\n\r\n`)
    t.match(all, /^HTTP\/1\.1 400 this is not a valid HTTP request\r\n/, chunk)
    t.equal(all.split('HTTP/1.1 ').length, 2)
  }
})
