import t from 'tap'
import { Throttle } from '../../src/accounts/throttle.ts'

const setUp = () => {
  const clock = { time: 1000 }
  const throttle = new Throttle({ free: 3, longest: 10, ticks: () => clock.time })
  const fail = (times: number) => {
    for (let count = 0; count < times; count += 1) throttle.failed('key')
  }
  return { throttle, clock, fail }
}

t.test(
  'some failures are free, then each doubles the delay up to the longest (fault P03)',
  async t => {
    const { throttle, fail } = setUp()
    const waits = Array.from({ length: 10 }, () => {
      fail(1)
      return throttle.wait('key')
    })
    t.same(waits, [0, 0, 1, 2, 4, 8, 10, 10, 10, 10])
    t.equal(throttle.wait('other'), 0)
  },
)

t.test('the delay runs out, and is a whole number of seconds', async t => {
  const { throttle, clock, fail } = setUp()
  fail(4)
  clock.time += 1
  t.equal(throttle.wait('key'), 2)
  clock.time += 1500
  t.equal(throttle.wait('key'), 1)
  clock.time += 499
  t.equal(throttle.wait('key'), 0)
  fail(1)
  t.equal(throttle.wait('key'), 4, 'a failure later counts on')
})

t.test('failures are forgiven, or forgotten after a while', async t => {
  const { throttle, clock, fail } = setUp()
  fail(6)
  throttle.forgive('key')
  t.equal(throttle.wait('key'), 0)
  fail(6)
  clock.time += 15 * 60_000
  fail(2)
  t.equal(throttle.wait('key'), 0)
})

t.test('an endless number of keys needs bounded memory', async t => {
  const { throttle, fail } = setUp()
  fail(5)
  for (let count = 0; count < 10_000; count += 1) throttle.failed(`other ${count}`)
  t.equal(throttle.wait('key'), 0)
})
