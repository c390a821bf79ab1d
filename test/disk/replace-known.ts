import { renameSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Wave } from '../../src/disk/durable.ts'
import { Layout } from '../../src/disk/layout.ts'
import { replaceKnown } from '../../src/disk/replace-known.ts'
import { identityOf, statsOf } from '../../src/disk/stamp.ts'

const identityAt = (path: string) => {
  const stats = statsOf(path)
  return stats && identityOf(stats)
}

t.test('what was written is known by the state of its file', async t => {
  const layout = new Layout(t.testdir())
  const path = join(layout.root, 'a/b')
  for (const text of ['one', 'two']) {
    const identity = await replaceKnown(layout, path, text)
    t.equal(await readFile(path, 'utf8'), text)
    t.ok(identity)
    t.equal(identity, identityAt(path))
  }
})

t.test('what somebody else has written at once is not taken for our own', async t => {
  const layout = new Layout(t.testdir({ theirs: 'theirs' }))
  const path = join(layout.root, 'a')
  const durable = new Wave()
  durable.add = () => renameSync(join(layout.root, 'theirs'), path)
  t.equal(await replaceKnown(layout, path, 'ours', { durable }), undefined)
  t.equal(await readFile(path, 'utf8'), 'theirs')
})
