/**
 * Processes are killed at any moment, and what is on disk afterwards is right without anybody's help.
 */
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { makeWheel, noise, type Dist } from '../fixtures/dist.ts'
import { fetched, startProcess } from '../fixtures/server-process.ts'
import { startUpstream, type Upstream } from '../fixtures/upstream.ts'

const program = await buildProgram()

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const pause = (milliseconds: number) =>
  new Promise<void>(resolve => setTimeout(resolve, milliseconds))

const big = noise(450_000)

/** Wheels of several projects; some are received in memory, others in files. */
const slowFiles = (upstream: Upstream, projects: number, versions: number): Dist[] =>
  Array.from({ length: projects }, (_, project) => {
    const files = Array.from({ length: versions }, (__, version) =>
      makeWheel({
        name: `demo-${project}`,
        version: `${version}.0`,
        files: { 'big.bin': big.subarray(0, 100_000 + 80_000 * (version % 5)) },
      }),
    )
    upstream.project(
      `demo-${project}`,
      files.map(({ filename, bytes }) => ({ filename, bytes })),
    )
    return files
  }).flat()

/** Sends files in pieces; `passed(count)` resolves when so many more pieces have been sent. */
const slow = (
  upstream: Upstream,
  files: readonly Dist[],
): { passed: (count: number) => Promise<void> } => {
  let sent = 0
  const waiting = new Set<() => void>()
  const between = async () => {
    sent += 1
    for (const look of waiting) look()
    await pause(4)
  }
  for (const { filename } of files)
    upstream.behave(upstream.path(filename), { chunk: 40_000, between })
  const passed = (count: number) =>
    new Promise<void>(resolve => {
      const end = sent + count
      const look = () => {
        if (sent < end) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return { passed }
}

/** Files with final names whose bytes are not those that upstream lists. */
const torn = async (directory: string, files: readonly Dist[]): Promise<string[]> => {
  const right = new Map(files.map(({ filename, bytes }) => [filename, sha256(bytes)]))
  const wrong: string[] = []
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue
    for (const filename of await readdir(join(directory, entry.name))) {
      const found = sha256(await readFile(join(directory, entry.name, filename)))
      if (right.get(filename) !== found) wrong.push(filename)
    }
  }
  return wrong
}

t.test('kill -9 at 30 moments of downloads (S01, S02, P12)', { timeout: 120_000 }, async t => {
  const rounds = 30
  const upstream = await startUpstream(t)
  const files = slowFiles(upstream, rounds, 5)
  const { passed } = slow(upstream, files)
  const directory = directoryOf(t)
  const args = ['-d', directory, '-i', upstream.url.href]
  for (let round = 0; round < rounds; round += 1) {
    const server = await startProcess(t, program, args)
    const wanted = files.slice(round * 5, round * 5 + 5)
    const downloads = wanted.map(({ filename }) =>
      fetched(new URL(upstream.path(filename), server.url).href),
    )
    // From hardly begun to all done, whatever the speed of the machine.
    const moment = passed(Math.floor((round / rounds) * 50 + Math.random() * 2))
    await Promise.race([moment, Promise.all(downloads)])
    await pause(Math.random() * 5)
    await server.kill()
    const results = await Promise.all(downloads)
    for (const [index, result] of results.entries())
      if (result !== 'broken' && result !== sha256((wanted[index] as Dist).bytes))
        t.fail(`a client took ${result} for ${wanted[index]?.filename}`)
  }
  t.same(await torn(directory, files), [], 'nothing torn has a final name')
  const held = (await readdir(directory)).length
  t.ok(held > 1, 'some downloads had been finished')
  upstream.behave('*', undefined)
  for (const { filename } of files) upstream.behave(upstream.path(filename), undefined)
  const server = await startProcess(t, program, args)
  const all = () =>
    Promise.all(
      files.map(async ({ filename, bytes }) =>
        (await fetched(new URL(upstream.path(filename), server.url).href)) === sha256(bytes) ?
          'right'
        : filename,
      ),
    )
  t.same(new Set(await all()), new Set(['right']), 'with upstream up')
  const parts = await readdir(join(directory, '.proxypypi/work/parts'), { recursive: true })
  t.same(
    parts.filter(part => /\.whl\/./.test(part)),
    [],
    'no part is left behind',
  )
  await upstream.down()
  t.same(new Set(await all()), new Set(['right']), 'with upstream down')
  await server.stop()
  const again = await startProcess(t, program, args)
  const first = files[0] as Dist
  t.equal(
    await fetched(new URL(upstream.path(first.filename), again.url).href),
    sha256(first.bytes),
    'and after a restart too',
  )
})

t.test('a copy taken while downloads run is a valid cache directory (S42, P12)', async t => {
  const upstream = await startUpstream(t)
  const files = slowFiles(upstream, 6, 12)
  slow(upstream, files)
  const base = directoryOf(t, { cache: {} })
  const server = await startProcess(t, program, [
    '-d',
    join(base, 'cache'),
    '-i',
    upstream.url.href,
  ])
  const finished = new Set<string>()
  const downloads = files.map(async ({ filename }, index) => {
    await pause(index * 12)
    await fetched(new URL(upstream.path(filename), server.url).href)
    finished.add(filename)
  })
  const copies: string[] = []
  for (let copy = 0; copy < 3; copy += 1) {
    const enough = 8 * (copy + 1)
    while (finished.size < enough) await pause(5)
    const path = join(base, `copy-${copy}`)
    // It may meet a part that is renamed meanwhile, says so, and copies the rest.
    await promisify(execFile)('cp', ['-r', join(base, 'cache'), path]).catch(() => {})
    copies.push(path)
  }
  await Promise.all(downloads)
  await server.stop()
  await upstream.down()
  let served = 0
  for (const copy of copies) {
    const offline = await startProcess(t, program, ['-n', '-d', copy])
    for (let project = 0; project < 6; project += 1) {
      const response = await fetch(new URL(`simple/demo-${project}/`, offline.url), {
        headers: { accept: 'application/vnd.pypi.simple.v1+json' },
      })
      if (response.status === 404) continue
      t.equal(response.status, 200)
      const page = (await response.json()) as {
        files: { filename: string; url: string; hashes: Record<string, string> }[]
      }
      for (const { filename, url, hashes } of page.files) {
        const right = sha256((files.find(file => file.filename === filename) as Dist).bytes)
        t.equal(hashes['sha256'], right)
        t.equal(await fetched(new URL(url, response.url).href), right, filename)
        served += 1
      }
    }
    await offline.stop()
  }
  t.ok(served > 10, `the copies held ${served} files`)
})
