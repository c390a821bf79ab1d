import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { entriesIn, namesIn } from '../../src/disk/entries.ts'
import { statsOf } from '../../src/disk/stamp.ts'

const stateOf = (path: string) => {
  const stats = statsOf(path)
  if (stats === undefined) throw new Error(`${path} is not there`)
  return stats
}

t.test('small and large directories are listed alike', async t => {
  const directory = t.testdir({ below: {}, file: '' })
  const stats = stateOf(directory)
  for (const size of [0n, 1n << 20n]) {
    const sized = Object.assign(Object.create(stats) as typeof stats, { size })
    t.same((await namesIn(directory, sized)).toSorted(), ['below', 'file'])
    const entries = await entriesIn(directory, sized)
    t.same(entries.map(({ name }) => name).toSorted(), ['below', 'file'])
    t.equal(entries.find(entry => entry.isDirectory())?.name, 'below')
    t.same(await namesIn(join(directory, 'gone'), sized), [], 'nothing is in what is gone')
    t.same(await entriesIn(join(directory, 'file'), sized), [], 'or is no directory')
  }
})

t.test('a directory with many names is listed whole', async t => {
  const directory = t.testdir()
  const names = Array.from({ length: 500 }, (_, at) => `a-name-of-some-length-${at}`)
  await Promise.all(names.map(name => writeFile(join(directory, name), '')))
  t.same((await namesIn(directory, stateOf(directory))).toSorted(), names.toSorted())
})

t.test('what cannot be read is told', async t => {
  const directory = t.testdir()
  const stats = stateOf(directory)
  await t.rejects(namesIn(join(directory, 'n'.repeat(300)), stats), { code: 'ENAMETOOLONG' })
})
