import { readdir } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { Access, type Visitor } from '../../src/accounts/access.ts'
import type { Credentials } from '../../src/accounts/accounts.ts'
import type { Caller } from '../../src/accounts/caller.ts'
import { nameOf } from '../fixtures/index-contract.ts'
import { noErase, openAccounts, putUser, TestClock } from './fixtures/accounts.ts'

const remote: Caller = {
  credentials: undefined,
  address: '192.0.2.1',
  host: 'pypi.example',
  isForwarded: false,
  origin: undefined,
  site: undefined,
}
const local: Caller = { ...remote, address: '127.0.0.1', host: 'localhost:8000' }
const bind = '127.0.0.1'

const acme = nameOf('acme-x')

/** What a rule says: `ok`, or the status of its error, with a mark for a challenge. */
const said = async (judge: () => unknown) => {
  try {
    await judge()
    return 'ok'
  } catch (error) {
    const { status, headers } = error as { status: number; headers: readonly string[] }
    return headers.includes('WWW-Authenticate') ? `${status}+challenge` : `${status}`
  }
}

const setUp = async (t: Test) => {
  const directory = t.testdir()
  const clock = new TestClock()
  const accounts = openAccounts(directory, clock)
  const owner = await putUser(directory, 'owner', 'secret', ['acme-*'])
  await putUser(directory, 'other', 'secret', ['foo'])
  await putUser(directory, 'reader', 'secret')
  const token = async (expires: number, publish?: readonly string[]) =>
    (await accounts.tokens.create(owner, { expires: clock.now() + expires, publish })).text
  return { accounts, clock, token }
}

const basic = (user: string, password: string): Credentials => ({ user, password })

t.test('who may do what (needs 17, faults P01, P02, P22)', async t => {
  const { accounts, token } = await setUp(t)
  const expired = await token(-1)
  const whole = await token(1000)
  const limited = await token(1000, ['acme-y'])
  const wider = await token(1000, ['*'])
  const callers: Record<string, [Caller['credentials'], string[]]> = {
    //                                               read, read = users, publish something, publish acme-x, foo
    anonymous: [
      undefined,
      ['ok', '401+challenge', '401+challenge', '401+challenge', '401+challenge'],
    ],
    'wrong password': [basic('owner', 'wrong'), ['401+challenge']],
    'unknown user': [basic('nobody', 'secret'), ['401+challenge']],
    'expired token': [basic('__token__', expired), ['401+challenge']],
    'something unreadable': ['unreadable', ['401+challenge']],
    reader: [basic('reader', 'secret'), ['ok', 'ok', '403', '403', '403']],
    'other user': [basic('other', 'secret'), ['ok', 'ok', 'ok', '403', 'ok']],
    owner: [basic('owner', 'secret'), ['ok', 'ok', 'ok', 'ok', '403']],
    'token of the owner': [basic('__token__', whole), ['ok', 'ok', 'ok', 'ok', '403']],
    'limited token': [basic('__token__', limited), ['ok', 'ok', 'ok', '403', '403']],
    'token that asks for more': [basic('__token__', wider), ['ok', 'ok', 'ok', 'ok', '403']],
  }
  const open = new Access(accounts, { read: 'anyone', bind })
  const closed = new Access(accounts, { read: 'users', bind })
  for (const [who, [credentials, expected]] of Object.entries(callers))
    // From here or from elsewhere: once there are users, it is all the same.
    for (const from of [remote, local]) {
      const judge = (access: Access, rule: (visitor: Visitor) => void) =>
        said(async () => rule(await access.visitor({ ...from, credentials })))
      const got = [
        await judge(open, visitor => open.requireRead(visitor)),
        await judge(closed, visitor => closed.requireRead(visitor)),
        await judge(open, visitor => open.requirePublish(visitor)),
        await judge(open, visitor => open.requirePublish(visitor, acme)),
        await judge(open, visitor => open.requirePublish(visitor, nameOf('foo'))),
      ]
      const [first = ''] = expected
      t.same(got, expected.length === 1 ? got.map(() => first) : expected, `${who} ${from.address}`)
    }
})

t.test('a visitor is told by name', async t => {
  const { accounts, token } = await setUp(t)
  const access = new Access(accounts, { read: 'anyone', bind })
  const text = await token(1000)
  t.equal((await access.visitor(remote)).user, undefined)
  const owner = await access.visitor({ ...remote, credentials: basic('owner', 'secret') })
  t.equal(owner.user, 'owner')
  t.equal(owner.token, undefined)
  const machine = await access.visitor({ ...remote, credentials: basic('', text) })
  t.equal(machine.user, 'owner')
  t.match(text, `pypp-${machine.token}-`)
})

t.test('until the first user exists, clients on this machine may write (contract)', async t => {
  const directory = t.testdir()
  const accounts = openAccounts(directory)
  const access = new Access(accounts, { read: 'anyone', bind })
  const publishes = (caller: Caller, rules = access) =>
    said(async () => rules.requirePublish(await rules.visitor(caller), acme))
  t.equal(await publishes(local), 'ok')
  // Some clients always send something, as the oldest distutils.
  t.equal(await publishes({ ...local, credentials: basic('any', 'thing') }), 'ok')
  t.equal(await publishes({ ...local, credentials: 'unreadable' }), 'ok')
  for (const against of [
    remote,
    { ...local, address: '192.0.2.1' },
    { ...local, host: 'evil.example' },
    { ...local, isForwarded: true },
    { ...local, origin: 'https://evil.example' },
  ])
    t.equal(await publishes(against), '401+challenge')
  const everywhere = new Access(accounts, { read: 'anyone', bind: '0.0.0.0' })
  t.equal(await publishes(local, everywhere), '401+challenge')
  t.same(await readdir(directory), [], 'nothing is written by asking')
  await putUser(directory, 'owner', 'secret', ['*'])
  t.equal(await publishes(local), '401+challenge')
  t.equal(await publishes({ ...local, credentials: basic('any', 'thing') }), '401+challenge')
  t.equal(await publishes({ ...local, credentials: basic('owner', 'secret') }), 'ok')
  const [owner] = await accounts.users.list()
  if (owner !== undefined) await accounts.remove(owner.name, noErase)
  t.equal(await publishes(local), '401+challenge', 'the door stays closed')
})

t.test('where only users may read, nobody may before there is one', async t => {
  const access = new Access(openAccounts(t.testdir()), { read: 'users', bind })
  t.equal(await said(async () => access.requireRead(await access.visitor(local))), '401+challenge')
})

t.test('a refusal names the rule and the remedy in one line', async t => {
  const { accounts, token } = await setUp(t)
  const access = new Access(accounts, { read: 'anyone', bind })
  const limited = await token(1000, ['acme-y'])
  const refusal = async (credentials: Caller['credentials'], name = acme) => {
    const visitor = await access.visitor({ ...remote, credentials })
    try {
      access.requirePublish(visitor, name)
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  t.match(await refusal(undefined), /a user name and a password are needed/)
  t.match(
    await refusal(basic('other', 'secret')),
    /other may not publish acme-x, only foo: .*user change other --publish acme-x/,
  )
  t.match(await refusal(basic('reader', 'secret')), /it may only read: .*user change reader/)
  t.match(await refusal(basic('', limited)), /only acme-y: .*token create owner --publish acme-x/)
  t.match(await refusal(basic('', limited), nameOf('foo')), /only acme-\*: .*user change owner/)
  t.notMatch(await refusal(basic('', limited)), limited)
})

t.test(
  'pages of other sites change nothing, whatever credentials come along (fault P25)',
  async t => {
    const { accounts } = await setUp(t)
    const access = new Access(accounts, { read: 'anyone', bind })
    const credentials = basic('owner', 'secret')
    const judge = (more: Partial<Caller>) =>
      said(() => access.requireOwnSite({ ...remote, credentials, ...more }))
    t.equal(await judge({}), 'ok')
    t.equal(await judge({ origin: 'https://pypi.example' }), 'ok')
    t.equal(await judge({ origin: 'https://evil.example' }), '403')
    t.equal(await judge({ site: 'cross-site' }), '403')
  },
)
