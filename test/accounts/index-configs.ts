import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { IndexConfigs } from '../../src/accounts/index-configs.ts'
import { Layout } from '../../src/disk/layout.ts'
import {
  changedIndexConfig,
  newIndexConfig,
  rootConfig,
  type IndexConfig,
} from '../../src/spec/index-config.ts'
import { rootIndex, type IndexName } from '../../src/spec/index-name.ts'
import { indexOf, noErase, putUser, user } from './fixtures/accounts.ts'

const alice = user('alice')
const [dev, prod] = [indexOf('alice/dev'), indexOf('alice/prod')]

/** Settings of an index of alice. */
const config = (given: object = {}): IndexConfig => newIndexConfig(alice, given)

/** Two processes over one directory with the user alice. */
const setUp = async (t: Test) => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  await putUser(directory, 'alice', 'secret')
  const [configs, elsewhere] = [new IndexConfigs(layout), new IndexConfigs(layout)]
  return { directory, layout, configs, elsewhere }
}

const modify = (configs: IndexConfigs, name: IndexName, ...operations: string[]) =>
  configs.change(name, before => changedIndexConfig(before, operations))

/** A deletion in the middle of which the process ends. */
const killed = () => Promise.reject(new Error('killed'))

/** Status and message of what is refused. */
const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: Error & { status?: number }) => `${error.status} ${error.message}`,
  )

t.test('an index is made once, and what one process does another sees at once', async t => {
  const { layout, configs, elsewhere } = await setUp(t)
  t.equal(await elsewhere.get(dev), undefined)
  const none = elsewhere.stamp(dev)
  t.ok(await configs.create(dev, config({ title: 'first' })))
  t.notOk(await configs.create(dev, config({ title: 'second' })), 'the name is taken')
  t.match(await elsewhere.get(dev), { type: 'stage', title: 'first' })
  const made = elsewhere.stamp(dev)
  t.not(made, none)
  const done = await modify(configs, dev, 'volatile=False')
  t.match(done, { before: { volatile: true }, after: { volatile: false } })
  t.match(await elsewhere.get(dev), { volatile: false, title: 'first' })
  t.not(elsewhere.stamp(dev), made)
  const again = await modify(elsewhere, dev, 'volatile=no')
  t.equal(again?.after, again?.before, 'nothing was changed')
  t.equal(await modify(configs, prod, 'volatile=False'), undefined)
  const { mode } = await stat(layout.indexSettings(dev))
  t.equal(mode & 0o777, 0o600, 'there may be passwords in it (fault X16)')
})

t.test('of two that make one index at once, exactly one wins', async t => {
  const { configs, elsewhere } = await setUp(t)
  const done = await Promise.all([
    configs.create(dev, config({ title: 'a' })),
    elsewhere.create(dev, config({ title: 'b' })),
  ])
  t.equal(done.filter(isNew => isNew).length, 1)
  t.match(await configs.get(dev), { title: done[0] ? 'a' : 'b' })
})

t.test('of two administrators who change an index at once, neither loses', async t => {
  const { configs, elsewhere } = await setUp(t)
  await configs.create(dev, config())
  const names = ['b', 'c', 'd', 'e', 'f', 'g']
  await Promise.all(
    names.map((name, at) => modify(at % 2 === 0 ? configs : elsewhere, dev, `acl_upload+=${name}`)),
  )
  const { acl_upload = [] } = { acl_upload: undefined, ...(await configs.get(dev)) }
  t.same([...acl_upload].toSorted(), ['alice', ...names])
})

t.test('the root index is there from the start, and can be changed', async t => {
  const { configs, elsewhere } = await setUp(t)
  t.same(await configs.get(rootIndex), rootConfig)
  t.same([...(await configs.all()).keys()], [rootIndex])
  t.notOk(await configs.create(rootIndex, config()))
  await modify(configs, rootIndex, 'mirror_url=https://mirror.example/simple/')
  t.match(await elsewhere.get(rootIndex), {
    mirror_url: 'https://mirror.example/simple/',
    title: 'PyPI',
  })
  t.same([...(await configs.of(user('root'))).keys()], [rootIndex])
  await modify(configs, rootIndex, 'volatile=True')
  t.match(await refusal(configs.remove(rootIndex, noErase)), /^403 index root\/pypi lies in/)
})

t.test('indexes are listed by name, those of one user or all', async t => {
  const { directory, configs } = await setUp(t)
  await putUser(directory, 'Bob', 'secret')
  for (const name of ['alice/prod', 'Bob/x', 'alice/dev']) {
    const index = indexOf(name)
    t.ok(await configs.create(index, config()))
  }
  t.same([...(await configs.of(alice)).keys()], ['alice/dev', 'alice/prod'])
  t.same([...(await configs.all()).keys()], ['Bob/x', 'alice/dev', 'alice/prod', 'root/pypi'])
  t.same([...(await configs.of(user('nobody'))).keys()], [])
})

t.test('an index needs a user, and a name that differs in more than case', async t => {
  const { configs } = await setUp(t)
  const orphan = indexOf('nobody/dev')
  t.match(await refusal(configs.create(orphan, config())), "404 user 'nobody' does not exist")
  await configs.create(dev, config())
  t.match(
    await refusal(configs.create(indexOf('alice/Dev'), config())),
    /^409 index 'alice\/Dev' exists, spelled 'alice\/dev'/,
  )
  t.ok(await configs.create(indexOf('root/dev'), config()), 'root is always there')
})

t.test('bases must exist, and form no circle (devpi-api 7.1)', async t => {
  const { configs, elsewhere } = await setUp(t)
  const missing = config({ bases: 'alice/x,root/pypi,alice/y' })
  t.match(
    await refusal(configs.create(dev, missing)),
    "400 base index 'alice/x' does not exist, base index 'alice/y' does not exist",
  )
  t.equal(await configs.get(dev), undefined)
  t.ok(await configs.create(dev, config({ bases: 'root/pypi' })))
  t.ok(await configs.create(prod, config({ bases: 'alice/dev' })))
  t.match(await refusal(modify(configs, dev, 'bases+=alice/zz')), /^400 base index 'alice\/zz'/)
  t.match(
    await refusal(modify(configs, dev, 'bases+=alice/prod')),
    /^400 base index 'alice\/prod' inherits from 'alice\/dev' itself/,
  )
  t.match(await refusal(modify(configs, dev, 'bases+=alice/dev')), /^400 .*base of itself/)
  t.match(
    await refusal(configs.create(indexOf('alice/self'), config({ bases: 'alice/self' }))),
    /^400 .*base of itself/,
  )
  t.match(await configs.get(dev), { bases: ['root/pypi'] })
  t.ok(await configs.remove(dev, noErase))
  t.ok(await modify(elsewhere, prod, 'title=x'), 'a base that is gone stays, and hinders nothing')
  t.match(await configs.get(prod), { bases: ['alice/dev'], title: 'x' })
})

t.test('of two indexes that become bases of each other at once, one is refused', async t => {
  const { configs, elsewhere } = await setUp(t)
  await configs.create(dev, config())
  await configs.create(prod, config())
  const done = await Promise.all([
    refusal(modify(configs, dev, 'bases+=alice/prod')),
    refusal(modify(elsewhere, prod, 'bases+=alice/dev')),
  ])
  t.equal(done.filter(text => text === 'nothing').length, 1, done.join())
  t.match(
    done.find(text => text !== 'nothing'),
    /^400 .*circle/,
  )
})

t.test('there is no index from the first moment of its deletion on', async t => {
  const { layout, configs, elsewhere } = await setUp(t)
  await configs.create(dev, config())
  let during: IndexConfig | undefined = config()
  t.ok(
    await configs.remove(dev, async name => {
      t.equal(name, dev)
      during = await elsewhere.get(dev)
    }),
  )
  t.equal(during, undefined)
  t.same(await readdir(layout.indexesOf(alice)), [])
  t.notOk(await configs.remove(dev, noErase))
  await configs.create(dev, config({ volatile: false }))
  t.match(await refusal(configs.remove(dev, noErase)), /^403 index alice\/dev non-volatile/)
  t.match(await configs.get(dev), { volatile: false })
})

t.test('a deletion that was broken off is finished before the name is used again', async t => {
  const { configs, elsewhere } = await setUp(t)
  await configs.create(dev, config({ title: 'old' }))
  t.match(await refusal(configs.remove(dev, killed)), /killed/)
  t.equal(await elsewhere.get(dev), undefined)
  t.same([...(await elsewhere.of(alice)).keys()], [])
  t.same(await elsewhere.left(alice), [dev])
  t.equal(await modify(elsewhere, dev, 'title=x'), undefined)
  t.match(
    await refusal(elsewhere.create(dev, config())),
    /^409 index 'alice\/dev' is being deleted/,
  )
  const erased: string[] = []
  const erase = async (name: string) => void erased.push(name)
  t.ok(await elsewhere.create(dev, config({ title: 'new' }), erase))
  t.same(erased, [dev])
  t.match(await configs.get(dev), { title: 'new' })
})

t.test('a broken record is no index, keeps its name and can be removed (fault S20)', async t => {
  const { layout, configs } = await setUp(t)
  const path = layout.indexSettings(dev)
  await mkdir(dirname(path), { recursive: true })
  for (const text of ['{"type": "stage"', '[]', '{"type": "other"}', '{"bases": "a b"}', '']) {
    await writeFile(path, text)
    t.equal(await configs.get(dev), undefined, text)
    t.notOk(await configs.create(dev, config()), text)
  }
  t.same([...(await configs.all()).keys()], [rootIndex])
  t.ok(await configs.remove(dev, noErase))
  t.ok(await configs.create(dev, config()))
})

t.test('what a later version or a plugin wrote is kept', async t => {
  const { layout, configs } = await setUp(t)
  await configs.restore(dev, config({ title: 'x' }))
  const path = layout.indexSettings(dev)
  const record = JSON.parse(await readFile(path, 'utf8')) as object
  await writeFile(path, JSON.stringify({ ...record, future: [1], bases: ['gone/away'] }))
  await modify(configs, dev, 'title=y')
  t.match(JSON.parse(await readFile(path, 'utf8')), {
    title: 'y',
    future: [1],
    bases: ['gone/away'],
  })
})
