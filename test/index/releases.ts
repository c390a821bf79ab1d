/** Registered metadata: there without files, reset or updated, by several processes (devpi-api 12). */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { releaseVersion, type ReleaseVersion } from '../../src/spec/release-version.ts'
import { placeAt } from '../fixtures/beside.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { nameOf } from '../fixtures/index-contract.ts'

const hello = nameOf('hello')
const version = (text: string) => releaseVersion(text) as ReleaseVersion
const form = (fields: Record<string, string | string[]>) =>
  new Map(Object.entries(fields).map(([key, value]) => [key, [value].flat()]))

t.test('a release is there when it is registered, without a file', async t => {
  const { releases } = placeAt(directoryOf(t))
  t.equal(await releases.get(hello, '1.0'), undefined)
  t.equal(await releases.has(hello), false)
  t.same([...(await releases.projects())], [])
  await releases.register(hello, '1.0', form({ name: 'Hello', summary: 's' }), 'reset')
  t.match(await releases.get(hello, '1.0'), { name: 'Hello', version: '1.0', summary: 's' })
  t.equal(await releases.get(hello, '1.0.0'), undefined, 'a version is an opaque key')
  t.same(await releases.versions(hello), ['1.0'])
  t.equal(await releases.has(hello), true)
  t.same([...(await releases.projects())], [hello])
})

t.test('a form resets what it leaves out, or lets it be', async t => {
  const { releases } = placeAt(directoryOf(t))
  const fields = form({ name: 'Hello', summary: 'one', classifiers: ['A', 'B'] })
  await releases.register(hello, '1.0', fields, 'update')
  await releases.register(hello, '1.0', form({ author: 'me' }), 'update')
  t.match(await releases.get(hello, '1.0'), {
    name: 'hello',
    summary: 'one',
    author: 'me',
    classifiers: ['A', 'B'],
  })
  await releases.register(hello, '1.0', form({ author: 'you', classifiers: [] }), 'reset')
  t.match(await releases.get(hello, '1.0'), { summary: '', author: 'you', classifiers: [] })
})

t.test('what a form says of the version does not move it', async t => {
  const { releases } = placeAt(directoryOf(t))
  await releases.register(hello, '1.0', form({ version: '9.9' }), 'reset')
  t.match(await releases.get(hello, '1.0'), { version: '1.0' })
  t.same(await releases.versions(hello), ['1.0'])
})

t.test('a version that could not be a file name is refused (X01)', async t => {
  const { releases } = placeAt(directoryOf(t))
  for (const bad of ['', '../../../x', '1/2', '.x', 'a'.repeat(101)]) {
    await t.rejects(releases.register(hello, bad, form({}), 'reset'), {
      message: /a version must be/,
    })
    t.equal(await releases.get(hello, bad), undefined)
    await releases.remove(hello, bad)
  }
  t.same([...(await releases.projects())], [])
})

t.test('other processes see it with their next look', async t => {
  const directory = directoryOf(t)
  const [one, two] = [placeAt(directory).releases, placeAt(directory).releases]
  t.same(await two.versions(hello), [])
  for (const number of [1, 2, 3, 4, 5]) {
    const before = two.stamp(hello)
    await one.register(hello, `1.${number}`, form({ summary: `${number}` }), 'reset')
    t.not(two.stamp(hello), before)
    t.equal((await two.versions(hello)).length, number)
    t.match(await two.get(hello, `1.${number}`), { summary: `${number}` })
    await one.register(hello, `1.${number}`, form({ summary: 'again' }), 'reset')
    t.match(await two.get(hello, `1.${number}`), { summary: 'again' })
  }
  t.equal((await two.projects()).size, 1)
})

t.test('of several processes that register one release all have their say', async t => {
  const directory = directoryOf(t)
  const keys = ['summary', 'author', 'license', 'keywords', 'home_page', 'maintainer']
  await Promise.all(
    keys.map(key =>
      placeAt(directory).releases.register(hello, '1.0', form({ [key]: key }), 'update'),
    ),
  )
  const data = await placeAt(directory).releases.get(hello, '1.0')
  t.match(data, Object.fromEntries(keys.map(key => [key, key])))
})

t.test('a file finds its release by another spelling of the version', async t => {
  const { releases } = placeAt(directoryOf(t))
  await releases.register(hello, '1.0', form({}), 'reset')
  await releases.register(hello, '1.0.0', form({}), 'reset')
  await releases.register(hello, '2.0-1', form({}), 'reset')
  t.equal(await releases.spelling(hello, '1.0.0'), '1.0.0')
  t.equal(await releases.spelling(hello, '1.0'), '1.0')
  t.equal(await releases.spelling(hello, '2.0.post1'), '2.0-1')
  t.equal(await releases.spelling(hello, '3.0'), undefined)
})

t.test('releases are forgotten one by one or all at once', async t => {
  const directory = directoryOf(t)
  const { releases } = placeAt(directory)
  const other = placeAt(directory).releases
  for (const text of ['1.0', '2.0', '3.0']) await releases.register(hello, text, form({}), 'reset')
  await releases.remove(hello, '1.0')
  await releases.remove(hello, '1.0')
  t.same((await other.versions(hello)).toSorted(), ['2.0', '3.0'])
  await releases.remove(hello)
  await releases.remove(hello)
  t.same(await other.versions(hello), [])
  t.same([...(await other.projects())], [])
  await releases.register(hello, '4.0', form({}), 'reset')
  await releases.remove(hello, '4.0')
  t.same([...(await other.projects())], [], 'a project goes with its last release')
})

t.test('what a killed process left empty or broken counts as absent (S20)', async t => {
  const { releases, layout } = placeAt(directoryOf(t))
  await mkdir(layout.release(hello), { recursive: true })
  await mkdir(join(layout.releases, 'Not a name'))
  t.same([...(await releases.projects())], [])
  t.equal(await releases.has(hello), false)
  await releases.register(hello, '1.0', form({ summary: 's' }), 'reset')
  t.same([...(await releases.projects())], [hello], 'and does not hide what comes later')
  await writeFile(layout.release(hello, version('1.0')), '{"summary":')
  t.equal(await releases.get(hello, '1.0'), undefined)
  await releases.register(hello, '1.0', form({ summary: 't' }), 'update')
  t.match(await releases.get(hello, '1.0'), { summary: 't' })
})

t.test('registered again without a change nothing is written', async t => {
  const { releases } = placeAt(directoryOf(t))
  await releases.register(hello, '1.0', form({ summary: 's' }), 'reset')
  const before = await releases.get(hello, '1.0')
  await releases.register(hello, '1.0', form({ summary: 's' }), 'update')
  t.equal(await releases.get(hello, '1.0'), before, 'the same object, since the file is the same')
})

t.test('a release is given to another index whole', async t => {
  const directory = directoryOf(t)
  const [dev, prod] = [placeAt(directory, 'alice/dev'), placeAt(directory, 'alice/prod')]
  await dev.releases.register(hello, '1.0', form({ summary: 's', classifiers: ['A'] }), 'reset')
  await prod.releases.register(hello, '1.0', form({ author: 'old' }), 'reset')
  t.equal(await dev.releases.copyTo(hello, '1.0', prod.releases), true)
  t.same(await prod.releases.get(hello, '1.0'), await dev.releases.get(hello, '1.0'))
  t.equal(await dev.releases.copyTo(hello, '2.0', prod.releases), false)
  t.equal(await dev.releases.copyTo(hello, '../2.0', prod.releases), false)
})

t.test('nothing is left aside, and indexes do not see each other', async t => {
  const directory = directoryOf(t)
  const { releases, layout } = placeAt(directory)
  await releases.register(hello, '1.0', form({}), 'reset')
  await releases.register(hello, '1.0', form({ summary: 'x' }), 'reset')
  await releases.remove(hello)
  t.same(await readdir(layout.temporary), [])
  t.same([...(await placeAt(directory, 'bob/dev').releases.projects())], [])
})
