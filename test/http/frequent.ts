import t from 'tap'
import { headText } from '../../src/http/direct.ts'
import { Frequent } from '../../src/http/frequent.ts'
import { octetsOf, type Reply } from '../../src/http/reply.ts'

const outOf = ({ status, headers, body }: Reply) => ({
  status,
  reason: '',
  headers: [...headers],
  bytes: body as string | undefined,
})

const page = (text: string): Reply => ({ status: 200, headers: ['X-A', 'b'], body: octetsOf(text) })

t.test('what is asked for twice within a second is kept as bytes, for that second', async t => {
  let now = 1_000_000_000_000
  t.intercept(Date, 'now', { value: () => now })
  const frequent = new Frequent()
  const reply = page('é')
  for (let time = 0; time < 2; time += 1) {
    t.equal(frequent.get(reply), undefined)
    frequent.note(reply, outOf(reply))
  }
  const wired = frequent.get(reply)
  t.match(wired, { status: 200, sent: 2 })
  t.equal(wired?.bytes.toString('latin1'), `${headText(outOf(reply))}Ã©`)
  t.equal(frequent.get(page('é')), undefined, 'another reply of the same text')
  now += 1000
  t.equal(frequent.get(reply), undefined)
})

t.test('a reply without a body', async t => {
  const frequent = new Frequent()
  const reply: Reply = { status: 304, headers: [] }
  t.intercept(Date, 'now', { value: () => 1_000_000_000_000 })
  for (let time = 0; time < 2; time += 1) {
    frequent.get(reply)
    frequent.note(reply, outOf(reply))
  }
  t.match(frequent.get(reply), { status: 304, sent: 0 })
})

t.test('not what is large, nor more than a thousand', async t => {
  const frequent = new Frequent()
  t.intercept(Date, 'now', { value: () => 1_000_000_000_000 })
  const large = page('x'.repeat(8 * 1024 + 1))
  const replies = Array.from({ length: 1100 }, (_, n) => page(`${n}`))
  for (const reply of [large, ...replies, large, ...replies]) {
    frequent.get(reply)
    frequent.note(reply, outOf(reply))
  }
  t.equal(frequent.get(large), undefined)
  t.equal(replies.filter(reply => frequent.get(reply) !== undefined).length, 1000)
})
