import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { isPassword } from '../../src/accounts/password.ts'
import { Users } from '../../src/accounts/users.ts'
import { Layout } from '../../src/disk/layout.ts'
import { readObject } from '../../src/disk/json.ts'
import { tryLock } from '../../src/disk/lock.ts'
import { cheaply, putUser, user } from './fixtures/accounts.ts'

const modeOf = async (path: string) => (await stat(path)).mode & 0o777

t.test('of two that add one name at once, exactly one wins', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const both = await Promise.all(
    ['first', 'second'].map(password =>
      new Users(layout).add(user('ci'), { password, publish: ['acme-*'] }),
    ),
  )
  t.equal(both.filter(change => change !== undefined).length, 1)
  t.match(
    both.find(change => change !== undefined),
    { action: 'user added', user: 'ci', publish: ['acme-*'] },
  )
  const found = await new Users(layout).get(user('ci'))
  const winner = both[0] === undefined ? 'second' : 'first'
  t.ok(await isPassword(winner, found?.password ?? ''))
})

t.test('what is kept is for nobody else, whatever the umask (faults P24, X16)', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const users = new Users(layout)
  await users.add(user('alice'), { password: 'secret', publish: [] })
  await users.change(user('alice'), { publish: ['x'] })
  t.equal(await modeOf(layout.user(user('alice'))), 0o600)
  t.equal(await modeOf(layout.users), 0o700)
  t.notMatch(await readFile(layout.user(user('alice')), 'utf8'), 'secret')
  t.same(await readdir(layout.temporary), [])
  await chmod(layout.users, 0o755)
  await users.change(user('alice'), { publish: [] })
  t.equal(await modeOf(layout.users), 0o700, 'as copying may have left it')
})

t.test('what one process changes another sees at once', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const [here, there] = [new Users(layout), new Users(layout)]
  t.notOk(here.haveExisted)
  await putUser(directory, 'alice', 'secret', ['a'])
  for (const publish of [['b'], ['c'], [], ['d', 'e']]) {
    await there.change(user('alice'), { publish })
    t.same((await here.get(user('alice')))?.publish, publish)
  }
  t.match(await there.remove(user('alice')), { action: 'user removed', user: 'alice' })
  t.equal(await here.get(user('alice')), undefined)
  t.equal(await here.remove(user('alice')), undefined)
  t.equal(await here.change(user('alice'), { publish: [] }), undefined)
  t.match(await here.list(), [{ name: 'root' }])
  t.ok(here.haveExisted, 'who removes the last user does not open the door')
})

t.test('a first user that cannot be written closes no door (fault S08)', async t => {
  const layout = new Layout(t.testdir({ '.proxypypi': { work: { tmp: '' } } }))
  const users = new Users(layout)
  const settings = { password: 'secret', publish: [] }
  await t.rejects(users.add(user('alice'), settings), { code: /^E(NOTDIR|EXIST)$/ })
  t.notOk(users.haveExisted)
  await rm(layout.temporary)
  t.ok(await users.add(user('alice'), settings))
  await rm(layout.temporary, { recursive: true })
  await writeFile(layout.temporary, '')
  await t.rejects(users.add(user('bob'), settings))
  t.ok(users.haveExisted)
})

t.test('a change leaves all else as it is, also what a later version wrote', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const path = layout.user(user('alice'))
  await mkdir(dirname(path), { recursive: true })
  const record = {
    id: '1',
    password: cheaply('old'),
    publish: ['x'],
    created: '2026',
    email: 'a@b',
  }
  await writeFile(path, JSON.stringify(record))
  const users = new Users(layout)
  const done = await users.change(user('alice'), { password: 'new' })
  t.match(done, { action: 'password changed', user: 'alice' })
  t.notMatch(JSON.stringify(done), 'new')
  const kept = await readObject(path)
  t.match(kept, { id: '1', publish: ['x'], created: '2026', email: 'a@b' })
  t.ok(await isPassword('new', String(kept?.['password'])))
})

t.test('a change waits for another one of the same user', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  await putUser(directory, 'alice', 'secret')
  const release = await tryLock(layout.lock('user alice'))
  const users = new Users(layout)
  let isDone = false
  const change = users.change(user('alice'), { publish: ['x'] }).then(() => (isDone = true))
  await users.get(user('alice'))
  t.notOk(isDone)
  await release?.()
  t.ok(await change)
})

t.test('a user made again is another one (fault P28)', async t => {
  const users = new Users(new Layout(t.testdir()))
  const make = async () => {
    await users.add(user('alice'), { password: 'x', publish: [] })
    return (await users.get(user('alice')))?.id
  }
  const first = await make()
  await users.remove(user('alice'))
  t.match(first, /^[0-9a-f-]{36}$/)
  t.not(await make(), first)
})

t.test('broken and foreign files are no users, but a broken one keeps its name', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  await putUser(directory, 'alice', 'secret')
  for (const [name, text] of [
    ['broken.json', '{"id": "1"'],
    ['half.json', '{"id": "1"}'],
    ['rights.json', '{"id":"1","password":"x","created":"2026","publish":"*"}'],
    ['Upper.json', '{}'],
    ['host-1-2', '{}'],
  ] as const)
    await writeFile(join(layout.users, name), text)
  const users = new Users(layout)
  t.same(
    (await users.list()).map(({ name }) => name),
    ['alice', 'root'],
  )
  t.equal(await users.add(user('broken'), { password: 'x', publish: [] }), undefined)
})

t.test('names that differ in case only are one name', async t => {
  const directory = t.testdir()
  const users = new Users(new Layout(directory))
  const settings = { password: 'x', publish: [] }
  const done = await Promise.allSettled(
    ['Alice', 'alice', 'ALICE'].map(name =>
      new Users(new Layout(directory)).add(user(name), settings),
    ),
  )
  t.equal(done.filter(({ status }) => status === 'fulfilled').length, 1)
  const [failed] = done.filter(({ status }) => status === 'rejected')
  t.match(failed, {
    reason: { status: 409, message: /exists: names must differ in more than case/ },
  })
  await t.rejects(users.add(user('Root'), settings), /user 'root' exists/)
  const record = JSON.stringify({ id: '1', name: 'bob', password: 'x', publish: [], created: 'x' })
  await writeFile(new Layout(directory).user(user('BOB')), record)
  t.equal(await users.get(user('BOB')), undefined, 'as a file system without cases would find it')
})

t.test('what users say about themselves is kept, and taken away again', async t => {
  const users = new Users(new Layout(t.testdir()))
  const alice = user('alice')
  const profile = { email: 'a@b', custom_data: { a: [1] } }
  await users.add(alice, { password: '', publish: [], profile })
  t.match(await users.get(alice), { profile, password: '', modified: undefined })
  t.ok(await users.change(alice, { profile: { email: 'a@b', custom_data: { a: [1] } } }))
  t.equal((await users.get(alice))?.modified, undefined, 'nothing was different')
  await users.change(alice, { profile: { email: undefined, title: 'Dr' } })
  const after = await users.get(alice)
  t.same(after?.profile, { title: 'Dr', custom_data: { a: [1] } })
  t.match(after?.modified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
})

t.test('root is always there, cannot be removed, and can be closed and opened', async t => {
  const layout = new Layout(t.testdir())
  const [users, elsewhere] = [new Users(layout), new Users(layout)]
  const root = user('root')
  t.match(await users.get(root), { password: '', publish: ['*'] })
  t.notOk(users.haveExisted, 'nothing is written by asking')
  await t.rejects(users.remove(root), /root cannot be removed/)
  await users.change(root, { publish: ['x'] })
  t.match(await elsewhere.get(root), { password: '', publish: ['x'] })
  await users.closeRoot()
  t.match(await elsewhere.get(root), { password: '!', publish: ['x'] })
  await elsewhere.change(root, { password: 'secret' })
  await users.closeRoot()
  const { password = '' } = (await users.get(root)) ?? {}
  t.ok(await isPassword('secret', password), 'a password stays')
  t.equal(await users.add(root, { password: 'x', publish: [] }), undefined)
})
