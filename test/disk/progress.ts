import t from 'tap'
import { Progress } from '../../src/disk/progress.ts'

t.test('every event wakes everybody who waits, and nobody waits for an old one', async t => {
  const progress = new Progress(10)
  for (const event of [
    () => progress.advance('part', 3),
    () => progress.announce(),
    () => progress.publish('file', 10),
    () => progress.fail(new Error('no')),
  ]) {
    const waiting = [progress.changed(), progress.changed()]
    event()
    await Promise.all(waiting)
  }
  t.pass('all woke up')
})

t.test('who waits after an event waits for the next', async t => {
  const progress = new Progress(undefined)
  progress.advance('part', 1)
  let woken = false
  const waiting = progress.changed().then(() => (woken = true))
  await new Promise(setImmediate)
  t.equal(woken, false)
  progress.advance('part', 2)
  await waiting
  t.equal(woken, true)
})

t.test('who begins to wait while being woken is not forgotten', async t => {
  const progress = new Progress(100)
  const read = async () => {
    while (!progress.done) await progress.changed()
    return progress.length
  }
  const readers = [read(), read(), read()]
  for (let length = 1; length < 100; length += 1) {
    progress.advance('part', length)
    if (length % 10 === 0) await Promise.resolve()
  }
  progress.publish('file', 100)
  t.same(await Promise.all(readers), [100, 100, 100])
})

t.test('publication tells place and size, which nobody may have known before', async t => {
  const progress = new Progress(undefined)
  progress.advance('part', 5)
  t.match(progress, { size: undefined, path: 'part', length: 5, done: false })
  progress.publish('file', 7)
  t.match(progress, { size: 7, path: 'file', length: 7, done: true })
})
