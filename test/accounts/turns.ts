import t from 'tap'
import { Turns } from '../../src/accounts/turns.ts'

/** Work that ends when it is told to. */
const held = () => {
  let end!: () => void
  const done = new Promise<void>(resolve => (end = resolve))
  return { done, end }
}

t.test('only so many run at once, in the order in which they came', async t => {
  const turns = new Turns(2, 2)
  const works = Array.from({ length: 4 }, held)
  const begun: number[] = []
  const all = works.map(({ done }, index) =>
    turns.run(async () => {
      begun.push(index)
      await done
      return index
    }),
  )
  t.same(begun, [0, 1])
  t.ok(turns.isFull)
  works[1]?.end()
  t.equal(await all[1], 1)
  await new Promise(setImmediate)
  t.same(begun, [0, 1, 2])
  t.notOk(turns.isFull)
  for (const { end } of works) end()
  t.same(await Promise.all(all), [0, 1, 2, 3])
  t.equal(await turns.run(async () => 'again'), 'again')
})

t.test('work that fails makes place, too', async t => {
  const turns = new Turns(1, 1)
  const failing = turns.run(() => Promise.reject(new Error('provoked')))
  const next = turns.run(async () => 'next')
  await t.rejects(failing, /provoked/)
  t.equal(await next, 'next')
  t.equal(await turns.run(async () => 'later'), 'later')
})
