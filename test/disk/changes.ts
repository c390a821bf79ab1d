import { mkdir, readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { Changes } from '../../src/disk/changes.ts'
import { Layout } from '../../src/disk/layout.ts'

t.test('each change counts, whoever notes it', async t => {
  const layout = new Layout(t.testdir())
  const [one, other] = [new Changes(layout), new Changes(layout)]
  t.equal(one.serial(), 0)
  t.equal(one.latest(), undefined)
  t.equal(await one.note(), 1)
  t.equal(await other.note(), 2)
  t.equal(one.serial(), 2)
  t.type(one.latest(), 'number')
  await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? one : other).note()))
  t.equal(one.serial(), 52)
})

t.test('a directory has one UUID for its life, whoever asks first', async t => {
  const layout = new Layout(t.testdir())
  const all = await Promise.all(Array.from({ length: 10 }, () => new Changes(layout).uuid()))
  t.match(all[0], /^[0-9a-f]{32}$/)
  t.equal(new Set(all).size, 1)
  t.equal((await readFile(layout.uuid, 'utf8')).trim(), all[0])
  t.equal(await new Changes(layout).uuid(), all[0])
})

t.test('where none can be kept there is one all the same', async t => {
  const directory = t.testdir({ '.proxypypi': { keep: 'no directory' } })
  const changes = new Changes(new Layout(directory))
  const uuid = await changes.uuid()
  t.match(uuid, /^[0-9a-f]{32}$/)
  t.equal(await changes.uuid(), uuid)
  t.equal(changes.serial(), 0)
})

t.test('a file that is broken is no UUID', async t => {
  const layout = new Layout(t.testdir())
  await mkdir(layout.keep, { recursive: true })
  await writeFile(layout.uuid, 'nonsense\n')
  t.match(await new Changes(layout).uuid(), /^[0-9a-f]{32}$/)
})
