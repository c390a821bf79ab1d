import * as fs from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import * as disk from '../../src/disk/durable.ts'
import { Layout } from '../../src/disk/layout.ts'
import { create, publish, replace, writeAside } from '../../src/disk/write.ts'

/** What is durable, with a record of the directories that are synced. */
const recording = async (t: Test) => {
  const synced: string[] = []
  const paths = new Map<number, string>()
  const durable = await t.mockImport<typeof disk>('../../src/disk/durable.ts', {
    'node:fs': {
      ...fs,
      openSync: (path: string, flags: string) => {
        const descriptor = fs.openSync(path, flags)
        paths.set(descriptor, path)
        return descriptor
      },
      fsync: (descriptor: number, done: fs.NoParamCallback) => {
        synced.push(paths.get(descriptor) ?? '')
        fs.fsync(descriptor, done)
      },
    },
  })
  return { synced, durable }
}

t.test('a wave syncs each directory once, and those that were made with it', async t => {
  const directory = t.testdir()
  const layout = new Layout(directory)
  const { synced, durable } = await recording(t)
  const wave = new durable.Wave()
  await replace(layout, join(directory, 'a/b/one'), '1', { durable: wave })
  await create(layout, join(directory, 'a/b/two'), '2', { durable: wave })
  await publish(await writeAside(layout, '3'), join(directory, 'a/c/three'), { durable: wave })
  t.same(synced, [], 'nothing yet')
  await wave.sync()
  t.same(
    synced.toSorted(),
    ['', 'a', 'a/b', 'a/c'].map(path => join(directory, path)),
  )
  await wave.sync()
  t.equal(synced.length, 4, 'and nothing twice')
})

t.test('a directory that is no more needs no sync', async t => {
  const directory = t.testdir()
  const wave = new disk.Wave()
  wave.add(join(directory, 'gone'), directory)
  await t.resolves(wave.sync())
})

t.test('of new entries as much is durable as is wanted', async t => {
  const directory = t.testdir()
  await mkdir(join(directory, 'a'))
  const { synced, durable } = await recording(t)
  for (const nothing of [false, 'content'] as const) await durable.secure([directory], nothing)
  t.same(synced, [])
  await durable.secure([directory, join(directory, 'a')], true)
  t.equal(synced.length, 2)
})

t.test('a directory that cannot be synced is tolerated where there is no such thing', async t => {
  const directory = t.testdir()
  for (const code of ['EINVAL', 'EIO']) {
    const fsync = (_: number, done: fs.NoParamCallback) =>
      done(Object.assign(new Error('provoked'), { code }))
    const { syncDirectory } = await t.mockImport<typeof disk>('../../src/disk/durable.ts', {
      'node:fs': { ...fs, fsync },
    })
    if (code === 'EIO') await t.rejects(syncDirectory(directory), { code })
    else await t.resolves(syncDirectory(directory))
  }
})
