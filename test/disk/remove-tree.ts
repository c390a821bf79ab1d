import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import { removeIfEmpty, removeTree } from '../../src/disk/remove-tree.ts'

t.test('a directory goes with everything in it', async t => {
  const layout = new Layout(t.testdir({ a: { b: { c: 'x' }, d: 'y' } }))
  await removeTree(layout, join(layout.root, 'a'))
  t.equal(existsSync(join(layout.root, 'a')), false)
  t.same(await readdir(layout.temporary), [], 'and leaves nothing aside')
  await removeTree(layout, join(layout.root, 'a'))
  t.equal(existsSync(join(layout.root, 'a')), false, 'a second time is fine')
})

t.test('a directory goes only when it is empty', async t => {
  const root = t.testdir()
  const directory = join(root, 'a')
  t.equal(await removeIfEmpty(directory), true, 'absent')
  await mkdir(directory)
  await writeFile(join(directory, 'x'), '')
  t.equal(await removeIfEmpty(directory), false)
  t.equal(await removeIfEmpty(join(directory, 'x', 'y')), true, 'below a file nothing is there')
  t.ok(existsSync(join(directory, 'x')))
  await mkdir(join(root, 'b', 'c'), { recursive: true })
  t.equal(await removeIfEmpty(join(root, 'b', 'c')), true)
})
