import t from 'tap'
import { headText } from '../../src/http/direct.ts'

t.test('a head as it goes over the wire', async t => {
  const text = headText({ status: 404, reason: '', headers: ['X-A', 'b', 'X-A', 'é\t'] })
  t.match(
    text,
    /^HTTP\/1\.1 404 Not Found\r\nX-A: b\r\nX-A: é\t\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=120\r\n\r\n$/,
  )
  t.ok(Math.abs(Date.parse(/Date: (.*)\r/.exec(text)?.[1] ?? '') - Date.now()) < 60_000)
  t.match(
    headText({ status: 200, reason: 'so be it', headers: [] }),
    /^HTTP\/1\.1 200 so be it\r\n/,
  )
  t.match(headText({ status: 299, reason: '', headers: [] }), /^HTTP\/1\.1 299 unknown\r\n/)
})

t.test('nothing can begin another line of it (fault X12)', async t => {
  for (const value of ['a\r\nX-B: c', 'a\n', '\r', '\0', '\u007f', 'ā', '\u2028'])
    t.throws(() => headText({ status: 200, reason: '', headers: ['X-A', value] }), {
      message: 'not a value of the header X-A',
    })
})
