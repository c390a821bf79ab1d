/**
 * Several processes over one directory: one download for all, and survivors go on.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { Layout } from '../../src/disk/layout.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { makeWheel, type Dist } from '../fixtures/dist.ts'
import { fetched, startProcess } from '../fixtures/server-process.ts'
import { gate, startUpstream, type Upstream } from '../fixtures/upstream.ts'

// The two tests that wait do so together.
t.jobs = 2

const program = await buildProgram()

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const wheelsOf = (upstream: Upstream, count: number, size = 1_000_000): Dist[] =>
  Array.from({ length: count }, (_, index) => {
    const wheel = makeWheel({ name: `demo-${index}`, version: '1.0', size: size + index })
    upstream.project(`demo-${index}`, [{ filename: wheel.filename, bytes: wheel.bytes }])
    return wheel
  })

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let turn = 0; turn < 1500; turn += 1) {
    if (await holds()) return
    await pause(20)
  }
  throw new Error(`never: ${what}`)
}

t.test('one upstream request for each file, whoever asks (contract 4.2, S30, U94)', async t => {
  const upstream = await startUpstream(t)
  const wheels = wheelsOf(upstream, 4)
  for (const { filename } of wheels)
    upstream.behave(upstream.path(filename), { chunk: 100_000, between: () => pause(20) })
  const args = ['-d', directoryOf(t), '-i', upstream.url.href]
  const servers = await Promise.all([
    startProcess(t, program, ['--workers', '2', ...args]),
    startProcess(t, program, args),
    startProcess(t, program, args),
  ])
  const results = await Promise.all(
    Array.from({ length: 50 }, async (_, client) => {
      const wheel = wheels[client % wheels.length] as Dist
      const { url } = servers[client % servers.length] as { url: string }
      return (
          (await fetched(new URL(upstream.path(wheel.filename), url).href)) === sha256(wheel.bytes)
        ) ?
          'right'
        : 'wrong'
    }),
  )
  t.same(new Set(results), new Set(['right']))
  for (const { filename } of wheels)
    t.equal(upstream.count(upstream.path(filename)), 1, `${filename} was fetched once`)
})

/** A client that takes what comes and tells how much that is. */
const following = (url: string) => {
  const state = { length: 0, first: 0 }
  const ended = (async () => {
    const begun = performance.now()
    const hash = createHash('sha256')
    try {
      const response = await fetch(url)
      for await (const chunk of response.body ?? []) {
        if (state.length === 0) state.first = performance.now() - begun
        state.length += (chunk as Uint8Array).length
        hash.update(chunk as Uint8Array)
      }
      return response.status === 200 ? hash.digest('hex') : `status ${response.status}`
    } catch {
      return 'broken'
    }
  })()
  return { state, ended }
}

t.test('followers are completed byte for byte when the leader is killed (fault S31)', async t => {
  const root = directoryOf(t, { 0: {}, 600_000: {} })
  for (const arrived of [0, 600_000]) {
    const upstream = await startUpstream(t)
    const [wheel] = wheelsOf(upstream, 1, 2_000_000) as [Dist]
    const stuck = gate()
    upstream.behave(upstream.path(wheel.filename), {
      times: 1,
      chunk: 100_000,
      between: sent => (sent >= arrived ? stuck : undefined),
    })
    const args = ['-d', join(root, String(arrived)), '-i', upstream.url.href]
    const [leader, other] = await Promise.all([
      startProcess(t, program, args),
      startProcess(t, program, args),
    ])
    const path = upstream.path(wheel.filename)
    const first = following(new URL(path, leader.url).href)
    await until('the leader asks upstream', () => upstream.count(path) === 1)
    const others = Array.from({ length: 8 }, () => following(new URL(path, other.url).href))
    if (arrived > 0)
      await until('followers have bytes', () => others.every(({ state }) => state.length > 300_000))
    else await pause(100)
    t.equal(upstream.count(path), 1)
    const killed = performance.now()
    await leader.kill()
    t.same(
      new Set(await Promise.all(others.map(({ ended }) => ended))),
      new Set([sha256(wheel.bytes)]),
    )
    const took = performance.now() - killed
    t.ok(took < 5000, `after ${Math.round(took)} ms`)
    t.equal(await first.ended, 'broken')
    t.equal(upstream.count(path), 2)
    stuck.open()
    await upstream.down()
    t.equal(await fetched(new URL(path, other.url).href), sha256(wheel.bytes), 'and it is kept')
  }
})

t.test(
  'a lock that nobody holds is waited for a bounded time (S33, S34, S44)',
  { buffered: true },
  async t => {
    const upstream = await startUpstream(t)
    const wheels = wheelsOf(upstream, 3, 100_000)
    const directory = directoryOf(t)
    const layout = new Layout(directory)
    const server = await startProcess(t, program, ['-d', directory, '-i', upstream.url.href])
    const times = [new Date('1970-01-02'), new Date(), new Date('2099-01-01')]
    for (const [index, { filename }] of wheels.entries()) {
      const lock = layout.lock(`download demo-${index}/${filename}`)
      await mkdir(lock, { recursive: true })
      await utimes(lock, times[index] as Date, times[index] as Date)
    }
    const begun = performance.now()
    const took = await Promise.all(
      wheels.map(async ({ filename, bytes }) => {
        t.equal(await fetched(new URL(upstream.path(filename), server.url).href), sha256(bytes))
        return performance.now() - begun
      }),
    )
    t.ok((took[0] as number) < 2000, 'an old lock is broken at once')
    for (const time of took) t.ok(time < 20_000, `${Math.round(time)} ms`)
    await until('all locks are gone', async () => (await readdir(layout.locks)).length === 0)
  },
)

t.test(
  'a leader whose upstream is silent is not robbed by another process',
  { buffered: true },
  async t => {
    const upstream = await startUpstream(t)
    const [wheel] = wheelsOf(upstream, 1, 500_000) as [Dist]
    const path = upstream.path(wheel.filename)
    const stuck = gate()
    upstream.behave(path, {
      chunk: 100_000,
      between: sent => (sent >= 200_000 ? stuck : undefined),
    })
    const args = ['-d', directoryOf(t), '-i', upstream.url.href]
    const servers = await Promise.all([1, 2].map(() => startProcess(t, program, args)))
    const clients = servers.map(({ url }) => following(new URL(path, url).href))
    await until('both have bytes', () => clients.every(({ state }) => state.length > 100_000))
    await pause(14_000)
    stuck.open()
    for (const { ended } of clients) t.equal(await ended, sha256(wheel.bytes))
    t.equal(upstream.count(path), 1)
  },
)

t.test(
  "a file that a person puts there meanwhile does not pass as the leader's (contract 4.1)",
  async t => {
    const upstream = await startUpstream(t)
    const [wheel] = wheelsOf(upstream, 1, 600_000) as [Dist]
    const path = upstream.path(wheel.filename)
    const stuck = gate()
    upstream.behave(path, {
      chunk: 100_000,
      between: sent => (sent >= 300_000 ? stuck : undefined),
    })
    const directory = directoryOf(t)
    const args = ['-d', directory, '-i', upstream.url.href]
    const servers = await Promise.all([1, 2].map(() => startProcess(t, program, args)))
    const clients = servers.map(({ url }) => following(new URL(path, url).href))
    await until('both have bytes', () => clients.every(({ state }) => state.length > 200_000))
    await mkdir(join(directory, 'demo-0'), { recursive: true })
    await writeFile(join(directory, 'demo-0', wheel.filename), Buffer.alloc(wheel.bytes.length))
    await pause(400)
    stuck.open()
    for (const { ended } of clients) t.equal(await ended, sha256(wheel.bytes))
    for (const { url } of servers)
      t.equal(await fetched(new URL(path, url).href), sha256(wheel.bytes))
    t.equal(upstream.count(path), 1)
  },
)

t.test('a killed worker takes only its own clients with it and is replaced', async t => {
  const upstream = await startUpstream(t)
  const wheels = wheelsOf(upstream, 6, 600_000)
  const stuck = gate()
  for (const { filename } of wheels)
    upstream.behave(upstream.path(filename), {
      times: 1,
      chunk: 100_000,
      between: sent => (sent >= 300_000 ? stuck : undefined),
    })
  const args = ['--workers', '2', '-d', directoryOf(t), '-i', upstream.url.href]
  const server = await startProcess(t, program, args)
  const before = await server.workers()
  t.equal(before.length, 2)
  const clients = wheels.map(({ filename }) =>
    following(new URL(upstream.path(filename), server.url).href),
  )
  await until('all have bytes', () => clients.every(({ state }) => state.length > 200_000))
  process.kill(before[0] as number, 'SIGKILL')
  await until('it is replaced', async () => {
    const now = await server.workers()
    return now.length === 2 && !now.includes(before[0] as number)
  })
  stuck.open()
  const results = await Promise.all(clients.map(({ ended }) => ended))
  const whole = results.filter((result, index) => result === sha256((wheels[index] as Dist).bytes))
  const broken = results.filter(result => result === 'broken')
  t.ok(whole.length > 0 && broken.length > 0, `${whole.length} whole, ${broken.length} broken`)
  t.equal(whole.length + broken.length, 6)
  for (const { filename, bytes } of wheels)
    t.equal(await fetched(new URL(upstream.path(filename), server.url).href), sha256(bytes))
})

t.test('two daemons that start and stop over one directory leave each other alone', async t => {
  const upstream = await startUpstream(t)
  const wheels = wheelsOf(upstream, 5, 300_000)
  for (const { filename } of wheels)
    upstream.behave(upstream.path(filename), { chunk: 30_000, between: () => pause(60) })
  const directory = directoryOf(t)
  const args = ['-d', directory, '-i', upstream.url.href]
  const server = await startProcess(t, program, args)
  const downloads = wheels.map(({ filename }) =>
    fetched(new URL(upstream.path(filename), server.url).href),
  )
  await until('parts are there', async () => {
    const parts = await readdir(new Layout(directory).allParts).catch(() => [])
    return parts.length === 5
  })
  // Its broom may take only what dead processes left.
  const others = await Promise.all([1, 2].map(() => startProcess(t, program, args)))
  await Promise.all(others.map(other => other.kill()))
  t.same(
    await Promise.all(downloads),
    wheels.map(({ bytes }) => sha256(bytes)),
  )
  for (const { filename } of wheels) t.equal(upstream.count(upstream.path(filename)), 1)
  t.ok((await stat(join(directory, 'demo-0'))).isDirectory())
})
