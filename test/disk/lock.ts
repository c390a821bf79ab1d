import { mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import { breakLock, lockSoon, stale, tryLock } from '../../src/disk/lock.ts'

const lockIn = (t: Test) => new Layout(t.testdir()).lock('key')

t.test('a lock is held by one at a time and free again when released', async t => {
  const path = lockIn(t)
  const release = await tryLock(path)
  t.type(release, 'function')
  t.equal(await tryLock(path), undefined)
  await release?.()
  const again = await tryLock(path)
  t.type(again, 'function')
  await again?.()
  await t.rejects(stat(path), { code: 'ENOENT' })
})

t.test('of many who try at once exactly one gets it', async t => {
  const path = lockIn(t)
  const tried = await Promise.all(Array.from({ length: 20 }, () => tryLock(path)))
  t.equal(tried.filter(release => release !== undefined).length, 1)
  for (const release of tried) await release?.()
})

t.test('a lock that nobody has touched for long is taken over (fault S33)', async t => {
  const path = lockIn(t)
  await mkdir(path, { recursive: true })
  t.equal(await tryLock(path), undefined)
  const old = new Date(Date.now() - stale - 1000)
  await utimes(path, old, old)
  const release = await tryLock(path)
  t.type(release, 'function')
  await release?.()
})

t.test('the lock of an owner who is known to be dead can be broken at once', async t => {
  const path = lockIn(t)
  await mkdir(path, { recursive: true })
  await breakLock(path)
  await breakLock(path)
  const release = await tryLock(path)
  t.type(release, 'function')
  await release?.()
})

t.test('giving back a lock that was broken or taken meanwhile never throws', async t => {
  const path = lockIn(t)
  const release = await tryLock(path)
  await rm(path, { recursive: true })
  await release?.()
  await release?.()
  const other = await tryLock(path)
  await rm(path, { recursive: true })
  await writeFile(path, 'no directory')
  await other?.()
})

t.test('what is no lock in the place of one is an error', async t => {
  const path = lockIn(t)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, '')
  const old = new Date(Date.now() - stale - 1000)
  await utimes(path, old, old)
  await t.rejects(tryLock(path), { code: 'ENOTDIR' })
})

t.test('a lock that is held is waited for, but not for ever', async t => {
  const path = lockIn(t)
  const release = await tryLock(path)
  t.equal(await lockSoon(path, 20), undefined)
  const waiting = lockSoon(path)
  await release?.()
  const mine = await waiting
  t.type(mine, 'function')
  await mine?.()
})
