import t from 'tap'
import { receiveBytes } from '../../src/http/receive-bytes.ts'
import { text } from '../../src/http/reply.ts'
import { listening, raw } from './fixtures/listening.ts'

const sent = (length: string, body: string) =>
  `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${length}\r\n\r\n${body}`

t.test('a small body is taken as it is, a larger one not (P04, X27)', async t => {
  const taken: Buffer[] = []
  const { port } = await listening(t, async exchange => {
    taken.push(await receiveBytes(exchange, 10))
    return text(200, 'taken')
  })
  const all = '\0\xff\r\n 12345'
  t.match((await raw(port, sent('Content-Length: 10', all))).text, /^HTTP\/1.1 200 /)
  t.match((await raw(port, sent('Content-Length: 11', ''))).text, /^HTTP\/1.1 413 /)
  const chunked = 'Transfer-Encoding: chunked'
  t.match((await raw(port, sent(chunked, '5\r\n12345\r\n5\r\n67890\r\n0\r\n\r\n'))).text, / 200 /)
  t.match((await raw(port, sent(chunked, '6\r\n123456\r\n5\r\n67890\r\n0\r\n\r\n'))).text, / 413 /)
  t.same(
    taken.map(bytes => bytes.toString('latin1')),
    [all, '1234567890'],
  )
})
