import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  claimPidFile,
  daemonEnded,
  readPidFile,
  releasePidFile,
  removeStale,
  signalDaemon,
  updatePidFile,
} from '../../src/daemon/pid-file.ts'
import type { Daemon } from '../../src/daemon/pid-file.ts'
import { processIdentity } from '../../src/daemon/process.ts'

const self = async (more: Partial<Daemon> = {}): Promise<Daemon> => ({
  pid: process.pid,
  started: '2026-11-21T14:02:11.000Z',
  identity: (await processIdentity(process.pid)) ?? '',
  argv: ['--port=1'],
  version: '1',
  ...more,
})

/** A process that has nothing to do with us. */
const innocent = async (t: { teardown(end: () => unknown): void }) => {
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return child
}

/** A pid that was a process and is none. */
const deadPid = async (): Promise<number> => {
  const child = spawn('true')
  await once(child, 'exit')
  return child.pid ?? 0
}

t.test('a claimed file names pid and record, and is read back as running', async t => {
  const path = join(t.testdir(), 'run', 'a.pid')
  t.strictSame(await readPidFile(path), { state: 'none' })
  const daemon = await self()
  t.equal(await claimPidFile(path, daemon), undefined)
  t.equal(readFileSync(path, 'utf8').split('\n')[0], String(process.pid))
  t.match(await readPidFile(path), { state: 'running', daemon })
  await updatePidFile(path, { ...daemon, url: 'http://h/' })
  t.match(await readPidFile(path), { state: 'running', daemon: { url: 'http://h/' } })
  t.match(await claimPidFile(path, daemon), { state: 'running' }, 'a second claim is refused')
  await releasePidFile(path, await self({ identity: 'other' }))
  t.ok(existsSync(path), 'another daemon does not remove it')
  await releasePidFile(path, daemon)
  await releasePidFile(path, daemon)
  t.strictSame(readdirSync(join(path, '..')), [], 'nothing is left behind')
})

t.test('a reused pid is not the daemon and is never signalled (fault S32)', async t => {
  const path = join(t.testdir(), 'a.pid')
  const { pid = 0 } = await innocent(t)
  const daemon = await self({ pid, identity: 'boot:1' })
  await updatePidFile(path, daemon)
  t.match(await readPidFile(path), { state: 'stale', daemon: { pid } })
  t.equal(await signalDaemon(daemon, 'SIGKILL'), false)
  t.equal(await daemonEnded(daemon, 0), true)
  t.ok(await processIdentity(pid), 'it lives')
  t.equal(await claimPidFile(path, await self()), undefined, 'and start is not refused')
})

t.test('the file of a dead process is stale', async t => {
  const path = join(t.testdir(), 'a.pid')
  writeFileSync(path, `${await deadPid()}\n`)
  t.match(await readPidFile(path), { state: 'stale', daemon: undefined })
  writeFileSync(path, '')
  t.match(await readPidFile(path), { state: 'stale' }, 'an empty one too')
  t.equal(await claimPidFile(path, await self()), undefined)
})

t.test('what cannot be told is not guessed', async t => {
  const directory = t.testdir({ sub: {} })
  const path = join(directory, 'a.pid')
  for (const text of ['root:x:0:0\n', '-1\n', '0\n', '12x\n', '99999999999999\n']) {
    writeFileSync(path, text)
    t.match(await readPidFile(path), { state: 'unknown', reason: /is no PID file/ }, text)
    t.match(await claimPidFile(path, await self()), { state: 'unknown' })
    t.equal(readFileSync(path, 'utf8'), text, 'and it is left alone')
  }
  const { pid } = await innocent(t)
  for (const record of ['', '{}', 'garbage', '{"started":"x","identity":"y","argv":[1]}']) {
    writeFileSync(path, `${pid}\n${record}\n`)
    t.match(await readPidFile(path), { state: 'unknown', reason: /does not say whether/ })
  }
  t.match(await readPidFile(join(directory, 'sub')), { state: 'unknown', reason: /EISDIR/ })
})

t.test('a stale file is removed only while it is the one that was read', async t => {
  const path = join(t.testdir(), 'a.pid')
  writeFileSync(path, 'new')
  await removeStale(path, 'old')
  t.equal(readFileSync(path, 'utf8'), 'new')
  await removeStale(path, 'new')
  await removeStale(path, 'new')
  t.notOk(existsSync(path))
})

t.test('of many that take over a stale file at once, one gets it', async t => {
  for (let round = 0; round < 20; round++) {
    const path = join(t.testdir(), 'a.pid')
    writeFileSync(path, `${await deadPid()}\n`)
    const daemon = await self()
    const claims = Array.from({ length: 8 }, () => claimPidFile(path, daemon))
    const won = (await Promise.all(claims)).filter(found => found === undefined)
    t.equal(won.length, 1)
  }
})

t.test('a daemon that ends is seen to end, a zombie counts as ended', async t => {
  const child = await innocent(t)
  const { pid = 0 } = child
  const daemon = await self({ pid, identity: (await processIdentity(pid)) ?? '' })
  t.equal(await daemonEnded(daemon, 60), false)
  t.equal(await signalDaemon(daemon, 'SIGTERM'), true)
  t.equal(await daemonEnded(daemon, 5000), true)
  t.equal(await signalDaemon(daemon, 'SIGTERM'), false)
})
