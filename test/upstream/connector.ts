import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Agent, buildConnector } from 'undici'
import { endsWhilePaused } from '../../src/upstream/connector.ts'

const whole = Buffer.alloc(131_072, 'x')
const framed = (header: string, body: Buffer, end = '') =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nConnection: close\r\n${header}\r\n`),
    body,
    Buffer.from(end),
  ])
const chunk = `${whole.length.toString(16)}\r\n`

const answers: Record<string, { sent: Buffer; isWhole: boolean; reset?: boolean }> = {
  'with its length': {
    sent: framed(`Content-Length: ${whole.length}\r\n`, whole),
    isWhole: true,
  },
  'in chunks': {
    sent: framed(
      'Transfer-Encoding: chunked\r\n',
      Buffer.concat([Buffer.from(chunk), whole]),
      '\r\n0\r\n\r\n',
    ),
    isWhole: true,
  },
  'until the end': { sent: framed('', whole), isWhole: true },
  'shorter than its length': {
    sent: framed(`Content-Length: ${whole.length + 1}\r\n`, whole),
    isWhole: false,
  },
  'without its last chunk': {
    sent: framed(
      'Transfer-Encoding: chunked\r\n',
      Buffer.concat([Buffer.from(chunk), whole]),
      '\r\n',
    ),
    isWhole: false,
  },
  'and a reset in the middle': {
    sent: framed(`Content-Length: ${whole.length * 2}\r\n`, whole),
    isWhole: false,
    reset: true,
  },
}

t.test('a connection may end while nobody reads, however the body is framed', async t => {
  for (const [what, { sent, isWhole, reset }] of Object.entries(answers)) {
    const server = createServer((socket: Socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        if (reset === true) socket.write(sent, () => setTimeout(() => socket.resetAndDestroy(), 20))
        else socket.end(sent)
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const agent = new Agent({ connect: endsWhilePaused(buildConnector({})) })
    const { body } = await agent.request({
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      path: '/',
      method: 'GET',
    })
    const closed = new Promise(resolve => server.close(resolve))
    // Nobody reads until upstream has gone: only time shows that nothing happens.
    await (reset === true ? sleep(100) : Promise.race([closed, sleep(100)]))
    const got = await body.arrayBuffer().then(
      bytes => Buffer.from(bytes).equals(whole),
      () => false,
    )
    t.equal(got, isWhole, what)
    await agent.close()
    await closed
  }
})
