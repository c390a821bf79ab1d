import t, { type Test } from 'tap'
import { Access } from '../../src/accounts/access.ts'
import type { Caller } from '../../src/accounts/caller.ts'
import { Layout } from '../../src/disk/layout.ts'
import { discard, replace } from '../../src/disk/write.ts'
import { nameOf } from '../fixtures/index-contract.ts'
import { indexOf, noErase, openAccounts, putUser, TestClock, user } from './fixtures/accounts.ts'

const remote: Caller = {
  credentials: undefined,
  address: '192.0.2.1',
  host: 'pypi.example',
  isForwarded: false,
  origin: undefined,
  site: undefined,
}
const local: Caller = { ...remote, address: '127.0.0.1', host: 'localhost:8000' }
const rules = { read: 'anyone', bind: '127.0.0.1' } as const
const life = 36_000_000

/** Two processes over one directory with the user alice, whose password is "secret". */
const setUp = async (t: Test) => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const clock = new TestClock()
  const [accounts, elsewhere] = [openAccounts(directory, clock), openAccounts(directory, clock)]
  const owner = await putUser(directory, 'alice', 'secret')
  const access = new Access(accounts, rules)
  const asks = (name: string, password: string, from = remote) =>
    access.devpiVisitor({ ...from, credentials: { user: name, password } })
  const logIn = (name: string, password: string, from = remote) =>
    access.login({ user: name, password }, from)
  return { directory, layout, clock, accounts, elsewhere, owner, access, asks, logIn }
}

/** What becomes of an attempt: `ok`, or the status of the error. */
const status = (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (error: { status?: number }) => error.status,
  )

t.test('wrong credentials make an anonymous visitor (devpi-api 4)', async t => {
  const { access, asks, clock, elsewhere, owner } = await setUp(t)
  t.match(await access.devpiVisitor(remote), { user: undefined, login: 'none' })
  t.match(await asks('alice', 'secret'), { user: 'alice', login: 'ok' })
  const unreadable = await access.devpiVisitor({ ...remote, credentials: 'unreadable' })
  t.match(unreadable, { user: undefined, login: 'wrong' })
  const expired = await elsewhere.tokens.create(owner, { expires: clock.now() - 1 })
  for (const [name, password] of [
    ['alice', 'Secret'],
    ['alice', ''],
    ['nobody', 'secret'],
    ['', ''],
    ['__token__', expired.text],
    ['alice', 'pypl-zzzzzz-'.padEnd(55, 'a')],
  ] as const)
    t.match(await asks(name, password), { user: undefined, login: 'wrong' }, `${name} ${password}`)
})

t.test('a login is good for ten hours, in every process, for its user alone', async t => {
  const { access, asks, logIn, clock, directory, elsewhere } = await setUp(t)
  const login = await logIn('alice', 'secret')
  t.match(login, { expiration: 36_000, password: /^pypl-[0-9a-z]+-[\w-]{43}$/ })
  const password = login?.password ?? ''
  t.match(await asks('alice', password), { user: 'alice', login: 'ok', token: undefined })
  t.match(
    await new Access(elsewhere, rules).visitor({
      ...remote,
      credentials: { user: 'alice', password },
    }),
    { user: 'alice' },
    'twine and pip use it, too',
  )
  await putUser(directory, 'bob', 'secret')
  t.match(await asks('bob', password), { login: 'wrong' })
  t.match(await asks('Alice', password), { login: 'wrong' })
  const [, end = '', signature = ''] = password.split('-', 3)
  const later = (Number.parseInt(end, 36) + 1).toString(36)
  t.match(await asks('alice', password.replace(end, later)), { login: 'wrong' })
  const other = signature.startsWith('a') ? 'b' : 'a'
  t.match(
    await asks('alice', password.replace(`-${signature}`, `-${other}${signature.slice(1)}`)),
    {
      login: 'wrong',
    },
  )
  t.equal(await logIn('alice', password), undefined, 'a login does not renew itself')
  clock.time += life - 1000
  t.match(await asks('alice', password), { login: 'ok' })
  clock.time += 1000
  t.match(await asks('alice', password), { login: 'wrong' })
  t.equal(access.read, 'anyone')
})

t.test(
  'a login ends when somebody sets another password, and with the user (faults P22, P28)',
  async t => {
    const { asks, logIn, accounts, elsewhere } = await setUp(t)
    const { password = '' } = (await logIn('alice', 'secret')) ?? {}
    await elsewhere.users.change(user('alice'), { password: 'changed' })
    t.match(await asks('alice', password), { login: 'wrong' })
    const fresh = await accounts.freshLogin(user('alice'))
    t.match(await asks('alice', fresh?.password ?? ''), { user: 'alice' })
    await elsewhere.users.change(user('alice'), { password: 'again', keepsLogins: true })
    t.match(
      await asks('alice', fresh?.password ?? ''),
      { user: 'alice' },
      'unless it is told to stay',
    )
    t.match(await asks('alice', 'changed'), { login: 'wrong' })
    await elsewhere.remove(user('alice'), noErase)
    t.match(await asks('alice', fresh?.password ?? ''), { login: 'wrong' })
    t.equal(await accounts.freshLogin(user('alice')), undefined)
    await elsewhere.users.add(user('alice'), { password: 'changed', publish: [] })
    t.match(await asks('alice', fresh?.password ?? ''), { login: 'wrong' })
  },
)

t.test('a damaged key signs nothing and lets nobody in', async t => {
  const { layout, asks, logIn } = await setUp(t)
  const { password = '' } = (await logIn('alice', 'secret')) ?? {}
  await replace(layout, layout.tokenKey, '')
  await t.rejects(logIn('alice', 'secret'), /token-key is damaged: remove it/)
  await t.rejects(asks('alice', password), /token-key is damaged/)
  t.match(await asks('alice', 'secret'), { user: 'alice' }, 'the password is still good')
  await discard(layout.tokenKey)
  t.match(await asks('alice', password), { login: 'wrong' })
  t.ok(await logIn('alice', 'secret'))
})

t.test('a token made for scripts is a password, but no way to a login', async t => {
  const { access, asks, logIn, elsewhere, owner } = await setUp(t)
  const { text } = await elsewhere.tokens.create(owner, { publish: ['acme-*'] })
  const visitor = await asks('alice', text)
  t.match(visitor, { user: 'alice', login: 'ok', limit: ['acme-*'] })
  t.equal(await logIn('alice', text), undefined)
  const dev = { index: indexOf('alice/dev') }
  t.notOk(access.may('index_create', visitor, dev))
  const config = { type: 'mirror', volatile: true } as const
  const of = (name: string) => ({ ...dev, config, project: nameOf(name) })
  t.ok(access.may('del_project', visitor, of('acme-x')))
  t.notOk(access.may('del_project', visitor, of('foo')))
})

t.test('root has an empty password, good on this machine only, until it gets one', async t => {
  const { access, asks, logIn, accounts, elsewhere } = await setUp(t)
  t.match(await asks('root', '', local), { user: 'root', login: 'ok', isOpenHouse: true })
  t.match(await asks('root', ''), { user: undefined, login: 'wrong', isOpenHouse: false })
  t.match(await asks('root', 'guess', local), { login: 'wrong', isOpenHouse: true })
  t.match(await access.devpiVisitor(local), { user: undefined, isOpenHouse: true })
  t.equal(await logIn('root', ''), undefined)
  const { password = '' } = (await logIn('root', '', local)) ?? {}
  t.match(await asks('root', password, local), { user: 'root' })
  t.match(await asks('root', password), { login: 'wrong' }, 'no more than the password is')
  for (const from of [
    { ...local, isForwarded: true },
    { ...local, host: 'evil.example' },
    { ...local, site: 'cross-site' },
  ])
    t.match(await asks('root', '', from), { user: undefined, isOpenHouse: false })
  const everywhere = new Access(accounts, { ...rules, bind: '0.0.0.0' })
  t.match(await everywhere.devpiVisitor(local), { isOpenHouse: false })
  const somebody = { user: user('carol') }
  t.ok(access.may('user_create', await access.devpiVisitor(local), somebody))
  t.notOk(access.may('user_create', await access.devpiVisitor(remote), somebody))
  await elsewhere.users.change(user('root'), { password: 'secret' })
  t.match(await access.devpiVisitor(local), { isOpenHouse: false })
  t.match(await asks('root', '', local), { login: 'wrong' })
  t.match(await asks('root', password, local), { login: 'wrong' })
  t.match(await asks('root', 'secret'), { user: 'root', login: 'ok' })
  t.notOk(access.may('user_create', await access.devpiVisitor(local), somebody))
  t.ok(access.may('user_create', await asks('root', 'secret'), somebody))
})

t.test('root stays logged in with its first own password, until root is closed', async t => {
  const { layout, asks, logIn, elsewhere } = await setUp(t)
  const { password = '' } = (await logIn('root', '', local)) ?? {}
  await elsewhere.users.change(user('root'), { password: 'secret', keepsLogins: true })
  t.match(await asks('root', password), { user: 'root' })
  await replace(layout, layout.user(user('root')), '{')
  t.match(
    await asks('root', password, local),
    { login: 'wrong' },
    'its record is damaged (fault S20)',
  )
})

t.test('root who is closed is logged out', async t => {
  const { asks, logIn, elsewhere } = await setUp(t)
  const { password = '' } = (await logIn('root', '', local)) ?? {}
  await elsewhere.users.closeRoot()
  t.match(await asks('root', password, local), { login: 'wrong' })
  await elsewhere.users.change(user('root'), { password: 'secret' })
  t.match(await asks('root', password, local), { login: 'wrong' }, 'for good')
})

t.test('anybody without a password signs in from this machine only', async t => {
  const { asks, elsewhere } = await setUp(t)
  await elsewhere.users.add(user('carol'), { password: '', publish: [] })
  t.match(await asks('carol', '', local), { user: 'carol' })
  t.match(await asks('carol', ''), { login: 'wrong' })
})

t.test('a record of root that cannot be read opens no door (fault S20)', async t => {
  const { layout, asks, access } = await setUp(t)
  for (const text of ['', '{', '{"id": "1"}', '[]']) {
    await replace(layout, layout.user(user('root')), text)
    t.match(await asks('root', '', local), { login: 'wrong' }, text)
    t.match(await access.devpiVisitor(local), { isOpenHouse: false }, text)
  }
})

t.test('guessing is slowed down here, too (fault P03)', async t => {
  const { asks, logIn } = await setUp(t)
  const answers = new Set<unknown>()
  for (let count = 0; count < 8; count += 1)
    answers.add(
      await status(count % 2 === 0 ? asks('alice', `${count}`) : logIn('alice', `${count}`)),
    )
  t.same([...answers], ['ok', 429])
  t.equal(await status(logIn('alice', 'pypl-zzzzzz-'.padEnd(55, 'a'))), 'ok', 'no guess')
})
