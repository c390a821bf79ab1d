import t from 'tap'
import { asideId, pushAside, pushMark, readPushMark } from '../../src/spec/push-mark.ts'

const id = '0123456789abcdef'

t.test('a mark tells what it was made of', async t => {
  for (const state of ['pending', 'done'] as const) {
    const ticket = { id, state, owner: 'my-host.example-123-00ff00ff00ff' }
    const mark = pushMark(ticket)
    t.same(readPushMark(mark), ticket)
    t.equal(asideId(mark), undefined)
  }
  t.equal(asideId(pushAside(id)), id)
})

t.test('nothing else is one', async t => {
  for (const text of [
    '',
    id,
    `${id}~pending~.json`,
    `${id}~gone~host-1-x.json`,
    `${id}~pending~../x.json`,
    `${id}~pending~host-1-x.json.tmp`,
    `${id.slice(1)}~pending~host-1-x.json`,
    `${id}~pending~${'h'.repeat(121)}.json`,
  ])
    t.equal(readPushMark(text), undefined, text)
  for (const text of ['', `${id}0`, id.toUpperCase(), '..']) t.equal(asideId(text), undefined, text)
})
