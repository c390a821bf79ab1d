import t from 'tap'
import { networkOf, Passwords } from '../../src/accounts/passwords.ts'

const minute = 60_000

/** Passwords whose checks are counted and cost nothing: right is what is kept with a mark. */
const setUp = () => {
  const compared: string[] = []
  const running = { now: 0, most: 0 }
  const compare = async (given: string, kept: string) => {
    compared.push(given)
    running.now += 1
    running.most = Math.max(running.most, running.now)
    await new Promise(setImmediate)
    running.now -= 1
    return kept === `kept ${given}`
  }
  const clock = { time: 1000 }
  const checker = new Passwords(() => clock.time, compare)
  const check = (
    given: string,
    { user = 'alice', address = '192.0.2.1', kept = 'kept right' } = {},
  ) => checker.check({ user, password: given, kept, address })
  const refused = (given: string, where = {}) =>
    check(given, where).then(
      () => undefined,
      (error: { status: number; headers: string[] }) => [error.status, error.headers[1]],
    )
  return { check, refused, compared, running, clock }
}

t.test('a right password is remembered for minutes after its last use', async t => {
  const { check, compared, clock } = setUp()
  t.ok(await check('right'))
  for (let count = 0; count < 20; count += 1) {
    clock.time += 4 * minute
    t.ok(await check('right'))
  }
  t.equal(compared.length, 1)
  clock.time += 6 * minute
  t.ok(await check('right'))
  t.equal(compared.length, 2)
})

t.test('after a change of the password nothing remembered fits (fault P22)', async t => {
  const { check, compared } = setUp()
  t.ok(await check('right'))
  t.notOk(await check('right', { kept: 'kept other' }))
  t.notOk(await check('right', { user: 'bob', kept: 'kept bobs' }))
  t.equal(compared.length, 3)
})

t.test('many at once with the same credentials cost one check', async t => {
  const { check, compared } = setUp()
  const answers = await Promise.all(Array.from({ length: 50 }, () => check('right')))
  t.ok(answers.every(Boolean))
  t.same(compared, ['right'])
})

t.test('few checks run at once, and only so many wait', async t => {
  const { check, compared, running } = setUp()
  const all = Array.from({ length: 250 }, (_, n) =>
    check('right', { user: `user${n}`, address: `192.0.2.${n}` }).catch(
      (error: { status: number }) => error.status,
    ),
  )
  const answers = await Promise.all(all)
  t.equal(running.most, 2)
  t.equal(answers.filter(answer => answer === true).length, 202)
  t.equal(answers.filter(answer => answer === 503).length, 48)
  t.equal(compared.length, 202)
})

t.test('50 wrong passwords: soon each costs a delay, and no work (fault P03)', async t => {
  const { refused, compared } = setUp()
  const answers: Awaited<ReturnType<typeof refused>>[] = []
  for (let count = 0; count < 50; count += 1) answers.push(await refused(`guess ${count}`))
  t.same(answers.slice(0, 5), [undefined, undefined, undefined, undefined, undefined])
  t.ok(answers.slice(5).every(answer => answer?.[0] === 429))
  t.equal(compared.length, 5)
})

t.test('the delay grows with each guess that follows', async t => {
  const { refused, clock } = setUp()
  for (let count = 0; count < 5; count += 1) await refused(`guess ${count}`)
  const waits: unknown[] = []
  for (let count = 5; count < 13; count += 1) {
    clock.time += minute
    await refused(`guess ${count}`)
    waits.push((await refused('next'))?.[1])
  }
  t.same(waits, ['2', '4', '8', '16', '32', '60', '60', '60'])
})

t.test('guesses sent at once are slowed down as well', async t => {
  const { refused, compared } = setUp()
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => refused(`guess ${n}`)))
  t.ok(compared.length <= 6, `${compared.length} compared`)
  t.ok(answers.filter(answer => answer?.[0] === 429).length >= 44)
})

t.test('who guesses does not lock out the owner (fault P03)', async t => {
  const { check, refused } = setUp()
  t.ok(await check('right'))
  for (let count = 0; count < 10; count += 1) await refused(`guess ${count}`)
  t.equal((await refused('one more'))?.[0], 429)
  t.ok(await check('right'), 'remembered, from the same address')
  t.ok(await check('right', { address: '192.0.2.2' }), 'from elsewhere')
  t.ok(await check('right', { user: 'bob' }), 'another user of that address')
})

t.test('the right password ends the count of its user', async t => {
  const { check, refused } = setUp()
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 4; count += 1) await refused(`guess ${round} ${count}`)
    t.ok(await check('right'))
  }
})

t.test('one address that tries many users is slowed down, too, whatever it gets right', async t => {
  const { check, refused, compared } = setUp()
  for (let count = 0; count < 20; count += 1) {
    await refused('guess', { user: `user${count}` })
    await check('right', { user: 'mallory' })
  }
  t.equal((await refused('guess', { user: 'user20' }))?.[0], 429)
  t.equal(compared.length, 21)
})

t.test('an old password that some job sends for ever counts once', async t => {
  const { check, refused, compared } = setUp()
  for (let count = 0; count < 50; count += 1) t.equal(await refused('old'), undefined)
  t.notOk(await check('old'))
  t.equal(compared.length, 1)
})

t.test('guesses do not push out what is remembered', async t => {
  const { check, refused, compared } = setUp()
  await check('right')
  for (let count = 0; count < 1500; count += 1)
    await refused('guess', { user: `user${count}`, address: `192.0.${count % 250}.${count}` })
  const before = compared.length
  t.ok(before > 1000)
  t.ok(await check('right'))
  t.equal(compared.length, before)
})

t.test('with IPv6 a whole network counts as one address', async t => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::1', '0:0:0:0::'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8:1:2::6', '2001:db8:1:2::'],
    ['2001:0db8:1:0002:ffff::', '2001:db8:1:2::'],
    ['2001:db8::', '2001:db8:0:0::'],
    ['fe80::1%eth0', 'fe80:0:0:0::'],
    ['', ''],
  ] as const)
    t.equal(networkOf(address), network)
})
