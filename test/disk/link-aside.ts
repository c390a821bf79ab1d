import * as fs from 'node:fs'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import { linkAside, linkNew } from '../../src/disk/link-aside.ts'

const failing = (error: Error) => (): never => {
  throw error
}

t.test('a file lies aside as well, without a second copy', async t => {
  const layout = new Layout(t.testdir({ a: 'bytes' }))
  const aside = await linkAside(layout, join(layout.root, 'a'))
  t.equal(await readFile(aside, 'utf8'), 'bytes')
  t.equal((await stat(aside)).ino, (await stat(join(layout.root, 'a'))).ino)
})

t.test('where there are no hard links it is copied', async t => {
  const layout = new Layout(t.testdir({ a: 'bytes' }))
  const none = Object.assign(new Error('no links'), { code: 'EPERM' })
  const { linkAside: linkAsideThere } = await t.mockImport<
    typeof import('../../src/disk/link-aside.ts')
  >('../../src/disk/link-aside.ts', {
    'node:fs': { ...fs, linkSync: failing(none) },
  })
  const aside = await linkAsideThere(layout, join(layout.root, 'a'))
  t.equal(await readFile(aside, 'utf8'), 'bytes')
  t.not((await stat(aside)).ino, (await stat(join(layout.root, 'a'))).ino)
  await t.rejects(linkAsideThere(layout, join(layout.root, 'b')), { code: 'ENOENT' })
})

t.test('what is not there cannot be had', async t => {
  const layout = new Layout(t.testdir())
  await t.rejects(linkAside(layout, join(layout.root, 'a')), { code: 'ENOENT' })
  t.same(existsSync(layout.temporary) ? await readdir(layout.temporary) : [], [])
  await writeFile(join(layout.root, 'a'), '')
  t.ok(await linkAside(layout, join(layout.root, 'a')))
})

t.test('a file gets another name, which must be new', async t => {
  const { root } = new Layout(t.testdir({ a: 'bytes', b: 'others' }))
  const name = join(root, 'new/c')
  t.equal(await linkNew(join(root, 'a'), name), true)
  t.equal((await stat(name)).ino, (await stat(join(root, 'a'))).ino)
  t.equal(await linkNew(join(root, 'b'), name), false, 'taken')
  t.equal(await readFile(name, 'utf8'), 'bytes')
  t.equal(await linkNew(join(root, 'gone'), join(root, 'd')), false)
  t.notOk(existsSync(join(root, 'd')))
})

t.test('where there are no hard links there is no second name', async t => {
  const { root } = new Layout(t.testdir({ a: 'bytes' }))
  for (const [code, expected] of [
    ['EXDEV', false],
    ['EIO', undefined],
  ] as const) {
    const failure = Object.assign(new Error('provoked'), { code })
    const there = await t.mockImport<typeof import('../../src/disk/link-aside.ts')>(
      '../../src/disk/link-aside.ts',
      { 'node:fs': { ...fs, linkSync: failing(failure) } },
    )
    const linking = there.linkNew(join(root, 'a'), join(root, 'b'))
    if (expected === undefined) await t.rejects(linking, { code })
    else t.equal(await linking, expected)
  }
})
