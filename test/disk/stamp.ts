import { chmod, lstat, mkdir, rename, utimes, writeFile } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { identityOf, isSettled, linkStatsOf, stampOf, statsOf } from '../../src/disk/stamp.ts'

const at = async (path: string): Promise<BigIntStats | undefined> => statsOf(path)
const linkAt = async (path: string): Promise<BigIntStats | undefined> => linkStatsOf(path)

const look = async (path: string): Promise<BigIntStats> => {
  const stats = await at(path)
  if (stats === undefined) throw new Error(`${path} is not there`)
  return stats
}

t.test('nothing there is undefined; a link is followed or looked at itself', async t => {
  const directory = t.testdir({ file: 'xyz', link: t.fixture('symlink', 'file') })
  t.equal((await look(join(directory, 'link'))).size, 3n)
  t.equal((await linkAt(join(directory, 'link')))?.isSymbolicLink(), true)
  for (const none of ['none', 'file/below', 'n'.repeat(300)]) {
    t.equal(await at(join(directory, none)), undefined)
    t.equal(await linkAt(join(directory, none)), undefined)
  }
})

t.test('a failure is no absence', async t => {
  const directory = t.testdir({ loop: t.fixture('symlink', 'loop') })
  await t.rejects(at(join(directory, 'loop')), { code: 'ELOOP' })
})

t.test('a look is never older than the question', async t => {
  const path = join(t.testdir({ file: 'a' }), 'file')
  for (let length = 1; length < 50; length += 1) {
    await writeFile(path, 'x'.repeat(length))
    const [one, two] = await Promise.all([look(path), look(path)])
    t.same([one.size, two.size], [BigInt(length), BigInt(length)])
  }
})

t.test('a directory has another stamp whenever entries come, go or change their names', async t => {
  const directory = t.testdir({ a: '' })
  const stamps = new Set([stampOf(undefined), stampOf(await look(directory))])
  await writeFile(join(directory, 'b'), '')
  stamps.add(stampOf(await look(directory)))
  await new Promise(resolve => setTimeout(resolve, 20))
  await rename(join(directory, 'b'), join(directory, 'c'))
  stamps.add(stampOf(await look(directory)))
  t.equal(stamps.size, 4)
})

t.test('copying programs that set mtimes back do not hide a change', async t => {
  const directory = t.testdir({ a: '' })
  const old = new Date('2020-01-01')
  await utimes(directory, old, old)
  const before = stampOf(await look(directory))
  await writeFile(join(directory, 'b'), '')
  await utimes(directory, old, old)
  const stats = await look(directory)
  t.not(stampOf(stats), before)
  t.equal(isSettled(stats), false)
})

t.test('another directory in the place of one has another stamp', async t => {
  const directory = t.testdir()
  const path = join(directory, 'project')
  const old = new Date('2020-01-01')
  await mkdir(path)
  await mkdir(`${path}.new`)
  await utimes(path, old, old)
  await utimes(`${path}.new`, old, old)
  const before = stampOf(await look(path))
  await rename(path, `${path}.old`)
  await rename(`${path}.new`, path)
  t.not(stampOf(await look(path)), before)
})

t.test(
  'a file is in another state after any write, even of the same length with its mtime restored (R4)',
  async t => {
    const path = join(t.testdir({ file: 'abc' }), 'file')
    const before = await lstat(path, { bigint: true })
    t.equal(identityOf(before), identityOf(await lstat(path, { bigint: true })))
    await new Promise(resolve => setTimeout(resolve, 20))
    await writeFile(path, 'xyz')
    await utimes(path, before.atime, before.mtime)
    t.not(identityOf(await lstat(path, { bigint: true })), identityOf(before))
    await chmod(path, 0o600)
  },
)

const state = (mtime: number, fraction = 123_456_789n) =>
  ({
    mtimeNs: BigInt(mtime) * 1_000_000_000n + fraction,
    ctimeNs: BigInt(mtime) * 1_000_000_000n + fraction,
  }) as BigIntStats

t.test(
  'a listing may be remembered when a second change could no longer hide behind its mtime',
  async t => {
    t.equal(isSettled(state(1000), 1_000_130), false)
    t.equal(isSettled(state(1000), 1_000_200), true)
    t.equal(isSettled(state(1000, 0n), 1_000_200), false, 'whole seconds only')
    t.equal(isSettled(state(1000, 0n), 1_002_001), true)
    t.equal(
      isSettled(state(4_000_000_000), 1_000_000),
      false,
      'the future never settles (fault S34)',
    )
    t.equal(isSettled(state(0), 1_000_000), true, '1970')
  },
)
