/** devpi's verb, which Node's parser refuses (devpi-api 1.5). */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import type { Exchange } from '../../src/http/exchange.ts'
import { refusedPush, type ParseError } from '../../src/http/push-method.ts'
import { text, type Reply } from '../../src/http/reply.ts'
import { deferred } from './fixtures/deferred.ts'
import { listening, raw } from './fixtures/listening.ts'

const echo = async (exchange: Exchange): Promise<Reply> => {
  let body = ''
  for await (const bytes of exchange.body.read()) body += bytes.toString()
  const { method, path, request } = exchange
  return text(200, `${method} ${path} [${body}] ${request.socket.remoteAddress} ${request.url}`)
}

const push = (path: string, body: string, ...headers: string[]): string =>
  [`PUSH ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${body.length}`, ...headers, '', body].join(
    '\r\n',
  )

const answers = (all: string): string[] => all.match(/^[A-Z]+ \/\S* \[[^\]]*\] \S+/gm) ?? []

/** A client that writes and reads in turns. */
const open = async (
  port: number,
): Promise<{ socket: Socket; said: (until: string) => Promise<string> }> => {
  const socket = connect(port, '127.0.0.1').setNoDelay()
  await once(socket, 'connect')
  let all = ''
  socket.on('data', chunk => (all += chunk.toString('latin1')))
  const said = async (until: string): Promise<string> => {
    while (!all.includes(until)) await once(socket, 'data')
    return all
  }
  return { socket, said }
}

t.test('PUSH reaches the handler under its name, with body and address', async t => {
  const { port, accesses } = await listening(t, echo)
  const { text: all } = await raw(port, push('/alice/dev', '{"name":1}', 'Connection: close'))
  t.same(answers(all), ['PUSH /alice/dev [{"name":1}] 127.0.0.1'])
  t.match(accesses, [{ method: 'PUSH', path: '/alice/dev', status: 200 }])
})

t.test('on one connection with others, again and again, bodies in pieces', async t => {
  const { port, accesses } = await listening(t, echo)
  const { socket, said } = await open(port)
  socket.write('GET /+api HTTP/1.1\r\nHost: a\r\n\r\n')
  await said('GET /+api')
  const head = push('/first', 'x'.repeat(9)).slice(0, -9)
  socket.write(head)
  for (const piece of ['abc', 'def', 'ghi']) {
    // Somebody else's answer in between, so that each piece is a packet of its own.
    await raw(port, 'GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    socket.write(piece)
  }
  await said('[abcdefghi]')
  socket.write(push('/second', 'PUSH /smuggled HTTP/1.1'))
  await said('/second')
  socket.write('POST /third HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
  await said('/third')
  socket.end(push('/fourth', ''))
  const all = await said('/fourth')
  t.same(answers(all), [
    'GET /+api [] 127.0.0.1',
    'PUSH /first [abcdefghi] 127.0.0.1',
    'PUSH /second [PUSH /smuggled HTTP/1.1] 127.0.0.1',
    'POST /third [hi] 127.0.0.1',
    'PUSH /fourth [] 127.0.0.1',
  ])
  t.equal(accesses.filter(({ method }) => method === 'PUSH').length, 3)
})

t.test('a body in chunks, and one that waits to be asked for', async t => {
  const { port } = await listening(t, echo)
  const { socket, said } = await open(port)
  socket.write(
    'PUSH /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n',
  )
  await said('100 Continue')
  socket.end('5\r\nhello\r\n0\r\n\r\n')
  t.same(answers(await said('[hello]')), ['PUSH /a [hello] 127.0.0.1'])
})

t.test('the verb in two packets, wherever it is split', async t => {
  const { port } = await listening(t, echo)
  for (const at of [1, 2, 3, 4, 5]) {
    const { socket, said } = await open(port)
    const whole = push('/split', `${at}`)
    socket.write(whole.slice(0, at))
    await raw(port, 'GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    socket.end(whole.slice(at))
    t.same(answers(await said(`[${at}]`)), [`PUSH /split [${at}] 127.0.0.1`])
  }
})

t.test('other verbs stay as unknown as they are', async t => {
  const { port, accesses } = await listening(t, echo)
  for (const line of ['PUSHY /', 'push /', 'PUSX /', 'XPUSH /', 'PUSH\t/'])
    t.match((await raw(port, `${line} HTTP/1.1\r\nHost: a\r\n\r\n`)).text, /^HTTP\/1\.1 400 /, line)
  t.same(accesses, [])
})

t.test('no request is smuggled in (faults C07 to C10)', async t => {
  const { port, accesses } = await listening(t, echo)
  const second = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  for (const header of [
    'Transfer-Encoding: chunked',
    'Content-Length: 40',
    'Transfer-Encoding: xchunked',
    ' Folded: x',
    'X: a\rY: b',
  ]) {
    const all = await raw(port, push('/a', '0\r\n\r\n', header) + second)
    t.match(all.text, /^HTTP\/1\.1 400 /, header)
  }
  t.same(accesses, [])
})

t.test('behind a request that is not answered yet nothing is answered twice', async t => {
  const { port, accesses } = await listening(t, echo)
  const all = await raw(port, push('/a', 'one') + push('/b', 'two', 'Connection: close'))
  t.ok(answers(all.text).length <= 1)
  t.notMatch(accesses, [{ path: '/b' }])
})

t.test('closing ends connections that wait for the rest of the verb', async t => {
  const { port, close } = await listening(t, echo)
  const { socket } = await open(port)
  socket.write('PUS')
  await raw(port, 'GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const gone = once(socket.resume(), 'close')
  await close(60_000)
  await gone
  t.pass()
})

t.test('closing waits for the answer to a PUSH', async t => {
  const [asked, released] = [deferred(), deferred()]
  const { port, close } = await listening(t, async exchange => {
    asked.resolve()
    await released.promise
    return text(200, exchange.method)
  })
  const { socket, said } = await open(port)
  socket.write(push('/a', ''))
  await asked.promise
  const closing = close(60_000)
  released.resolve()
  t.match(await said('PUSH\n'), /\r\nConnection: close\r\n/)
  await closing
})

t.test('a client that goes away in the middle of its verb is forgotten', async t => {
  const { port, accesses } = await listening(t, echo)
  for (const part of ['PUS', 'PUSH /a HTT']) {
    const { socket } = await open(port)
    const gone = once(socket.resume(), 'close')
    socket.end(part)
    await gone
  }
  t.same(accesses, [])
})

const error = (more: Partial<ParseError>): ParseError => Object.assign(new Error('x'), more)

t.test('only what the parser refuses for its verb is looked at', async t => {
  const code = 'HPE_INVALID_METHOD'
  const rawPacket = Buffer.from('GET / HTTP/1.1\r\n\r\nPUSH /x')
  t.equal(refusedPush(error({ code, rawPacket, bytesParsed: 20 }))?.toString(), 'PUSH /x')
  t.equal(refusedPush(error({ code, rawPacket, bytesParsed: 19 })), undefined)
  t.equal(refusedPush(error({ code: 'HPE_INVALID_URL', rawPacket, bytesParsed: 20 })), undefined)
  t.equal(refusedPush(error({ code })), undefined)
})
