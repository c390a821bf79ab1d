import t, { type Test } from 'tap'
import { newIndexConfig } from '../../src/spec/index-config.ts'
import { indexOf, noErase, openAccounts, putUser, TestClock, user } from './fixtures/accounts.ts'

const here = '192.0.2.1'
const day = 86_400_000

/** Two processes over one directory with one user, and a token of that user. */
const setUp = async (t: Test) => {
  const directory = t.testdir()
  const clock = new TestClock()
  const [accounts, elsewhere] = [openAccounts(directory, clock), openAccounts(directory, clock)]
  const owner = await putUser(directory, 'ci', 'secret', ['acme-*'])
  const { text, change } = await elsewhere.tokens.create(owner, {
    publish: ['acme-x'],
    expires: clock.now() + day,
  })
  const asks = (name: string, password: string) =>
    accounts.identify({ user: name, password }, { address: here, isLocal: false })
  return { directory, clock, accounts, elsewhere, owner, text, id: change.token, asks }
}

t.test('a user is known by name and password', async t => {
  const { asks } = await setUp(t)
  t.same(await asks('ci', 'secret'), { user: 'ci', publish: ['acme-*'] })
  t.equal(await asks('ci', 'Secret'), undefined)
  t.equal(await asks('ci', ''), undefined)
})

t.test('a token is known in every form in which clients send it (UP-15, CL-62)', async t => {
  const { asks, text, id } = await setUp(t)
  for (const [name, password] of [
    ['__token__', text],
    ['', text],
    ['ci', text],
    [text, ''],
  ] as const)
    t.same(
      await asks(name, password),
      { user: 'ci', publish: ['acme-*'], token: { id, publish: ['acme-x'] } },
      name,
    )
  t.equal(await asks('bob', text), undefined, 'of another user')
  t.equal(await asks('CI', text), undefined)
  t.equal(await asks('__token__', 'secret'), undefined)
  t.equal(
    await asks('__token__', `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`),
    undefined,
  )
  t.equal(await asks('', 'secret'), undefined)
})

t.test('wrong tokens are not slowed down, and slow nobody down', async t => {
  const { asks, text } = await setUp(t)
  const wrong = `pypp-0123456789abcdef-${'a'.repeat(43)}`
  for (let count = 0; count < 50; count += 1) t.equal(await asks('__token__', wrong), undefined)
  t.ok(await asks('__token__', text))
  t.ok(await asks('ci', 'secret'))
})

t.test('a token ends at its time', async t => {
  const { asks, clock, text } = await setUp(t)
  clock.time += day - 1
  t.ok(await asks('__token__', text))
  clock.time += 1
  t.equal(await asks('__token__', text), undefined)
})

t.test('what another process revokes, changes or removes counts at once (fault P22)', async t => {
  const { asks, elsewhere, owner, text } = await setUp(t)
  const other = await elsewhere.tokens.create(owner, {})
  t.ok(await asks('__token__', other.text))
  const revoked = (await elsewhere.tokens.list()).find(({ publish }) => publish === undefined)
  t.ok(revoked && (await elsewhere.tokens.revoke(revoked.id)))
  t.equal(await asks('__token__', other.text), undefined)
  t.ok(await asks('ci', 'secret'))
  await elsewhere.users.change(user('ci'), { publish: [] })
  t.match(await asks('ci', 'secret'), { publish: [] }, 'though the password is remembered')
  t.match(await asks('__token__', text), { publish: [] })
  await elsewhere.users.change(user('ci'), { password: 'changed' })
  t.equal(await asks('ci', 'secret'), undefined)
  t.ok(await asks('ci', 'changed'))
  t.match(await elsewhere.remove(user('ci'), noErase), { action: 'user removed' })
  t.equal(await asks('ci', 'changed'), undefined)
  t.equal(await asks('__token__', text), undefined)
  t.same(await elsewhere.tokens.list(), [], 'the tokens are gone, too')
  t.equal(await elsewhere.remove(user('ci'), noErase), undefined)
})

t.test('who is made again under an old name inherits no token (fault P28)', async t => {
  const { asks, elsewhere, text } = await setUp(t)
  await elsewhere.users.remove(user('ci'))
  t.equal(await asks('__token__', text), undefined)
  await elsewhere.users.add(user('ci'), { password: 'x', publish: ['*'] })
  t.equal(await asks('__token__', text), undefined)
})

t.test(
  'a user who does not exist and a wrong password are the same to a client (fault P02)',
  async t => {
    const { accounts } = await setUp(t)
    const fail = async (name: string, address: string) => {
      const answers: unknown[] = []
      for (let count = 0; count < 8; count += 1)
        answers.push(
          await accounts
            .identify({ user: name, password: `guess ${count}` }, { address, isLocal: false })
            .catch((error: Error) => error.message),
        )
      return answers
    }
    const known = await fail('ci', '192.0.2.2')
    t.equal(known[0], undefined)
    t.match(known.at(-1), /^too many wrong passwords .* try again in \d+ s$/)
    t.same(await fail('nobody', '192.0.2.3'), known)
    t.same(await fail('no user: at all', '192.0.2.4'), known)
  },
)

t.test('a user goes with all indexes, unless one must stay (devpi-api 6)', async t => {
  const { accounts, elsewhere } = await setUp(t)
  const ci = user('ci')
  const [dev, prod] = [indexOf('ci/dev'), indexOf('ci/prod')]
  await accounts.indexes.create(dev, newIndexConfig(ci, {}))
  await accounts.indexes.create(prod, newIndexConfig(ci, { volatile: false }))
  const erased: string[] = []
  const erase = async (name: string) => void erased.push(name)
  await t.rejects(elsewhere.remove(ci, erase), {
    message: "user 'ci' has non-volatile index: prod",
  })
  t.same(erased, [])
  t.ok(await accounts.users.get(ci))
  await accounts.indexes.restore(prod, newIndexConfig(ci, {}))
  t.ok(await elsewhere.remove(ci, erase))
  t.same(erased, [dev, prod])
  t.equal(await accounts.users.get(ci), undefined)
  t.equal(await accounts.indexes.get(dev), undefined)
  await t.rejects(accounts.indexes.create(dev, newIndexConfig(ci, {})), /'ci' does not exist/)
})
