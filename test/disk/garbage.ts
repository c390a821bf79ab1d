import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { collectAll, collectYoung } from '../../src/disk/garbage.ts'

/** An object that nobody holds. */
const lost = (): WeakRef<object> => new WeakRef({})

t.test('what nobody holds is collected, and what somebody holds is not', async t => {
  const held = { still: 'here' }
  const reference = new WeakRef(held)
  const old = lost()
  // A new object is held until this turn of the event loop ends.
  await setImmediate()
  collectAll()
  t.equal(old.deref(), undefined)
  t.equal(reference.deref(), held)
})

t.test('a look at the young leaves what is held', async t => {
  const held = new WeakRef({})
  const strong = held.deref()
  collectYoung()
  t.ok(strong !== undefined && held.deref() === strong)
  t.notOk('gc' in globalThis, 'and exposes nothing to anybody')
})
