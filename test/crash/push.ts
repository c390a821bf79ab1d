/**
 * Pushes that are killed: at every step of them the release is there as a whole or not at all, for
 * whoever looks, and what is left over is tidied up by looking.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { pushRelease } from '../../src/index/push.ts'
import { bytesOf, filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { docsOf, docZip } from '../fixtures/beside.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { openFor } from '../fixtures/indexes.ts'
import { opened, setIndex, uploadTo } from '../fixtures/named-indexes.ts'
import { settingsFor } from '../fixtures/settings.ts'

const program = await buildProgram()

const child = fileURLToPath(new URL('fixtures/push.js', import.meta.url))
const dist = join(program.file, '../../dist')

const demo = nameOf('demo')
const stride = 3
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const wheels = ['py2', 'py3', 'cp311'].map(tag =>
  makeWheel({ name: 'demo', version: '1.0', tag: `${tag}-none-any` }),
)
const sdist = makeSdist({ name: 'demo', version: '1.0' })
const former = makeWheel({
  name: 'demo',
  version: '1.0',
  tag: 'py3-none-any',
  extra: 'Summary: former\n',
})

type Place = ReturnType<typeof openFor>

/** A directory with a release on `alice/dev` and `alice/prod` to push it to. */
const prepare = async (t: Test, directory: string, volatile: boolean): Promise<void> => {
  const place = openFor(t, directory)
  await setIndex(place, 'alice/dev')
  await setIndex(place, 'alice/prod', { volatile })
  for (const one of [...wheels, sdist]) await uploadTo(place, 'alice/dev', one)
  if (volatile) await uploadTo(place, 'alice/prod', former)
  const { beside, layout } = await opened(place, 'alice/dev')
  const fields = new Map(Object.entries({ name: ['demo'], version: ['1.0'], summary: ['small'] }))
  await beside.releases.register(demo, '1.0', fields, 'reset')
  await beside.docs.put(await docsOf({ layout }, docZip(), { name: demo }))
}

/** The files that the target lists, by name, with the beginnings of their digests. */
const listed = async (place: Place): Promise<Readonly<Record<string, string>>> => {
  const { own } = await opened(place, 'alice/prod')
  const { files = [] } = (await (await own.project(demo))?.page()) ?? {}
  return Object.fromEntries(
    files.map(({ filename, hashes }) => [filename, hashes['sha256']?.slice(0, 8) ?? '']),
  )
}

const push = async (place: Place) => {
  const source = await opened(place, 'alice/dev')
  const target = await opened(place, 'alice/prod')
  const { files = [] } = (await (await source.own.project(demo))?.page()) ?? {}
  const order = { name: demo, version: '1.0', files, withDocs: true, by: 'alice' }
  return pushRelease({ source, target, ...order })
}

/** Pushes in a process of its own, which is killed at a step; 0: never, and the number of steps. */
const pushIn = async (directory: string, step: number): Promise<number | 'killed'> => {
  const settings = JSON.stringify(settingsFor(directory))
  const args = ['-u', 'NODE_OPTIONS', process.execPath, child, dist, settings, String(step)]
  const ended = promisify(execFile)('env', args)
  return ended.then(
    ({ stdout }) => Number(stdout),
    (error: { signal?: string; stderr?: string }) => {
      if (error.signal === 'SIGKILL') return 'killed'
      throw new Error(error.stderr)
    },
  )
}

/** What the index has before a push, and after it. */
const digests = (dists: readonly Dist[]) =>
  Object.fromEntries(dists.map(({ filename, bytes }) => [filename, sha256(bytes).slice(0, 8)]))
const all = digests([...wheels, sdist])

/** Looks at what a killed push has left, and pushes once more. */
const judge = async (t: Test, directory: string, volatile: boolean, step: number) => {
  const place = openFor(t, directory)
  const { own, folder, beside, layout } = await opened(place, 'alice/prod')
  // Nobody runs. A push that has left no mark yet would be waited for until its lock is old.
  const left = await readdir(layout.pushes).catch(() => [])
  if (left.length === 0) await rm(layout.locks, { recursive: true, force: true })
  // Some look at the list of projects first, others at the page.
  const isNamed = step % 2 === 0 ? await folder.has(demo) : undefined
  const found = await listed(place)
  const isThere = Object.keys(found).length === Object.keys(all).length
  t.same(found, isThere ? all : digests(volatile ? [former] : []), `whole or not, step ${step}`)
  if (isNamed !== undefined) t.equal(isNamed, isThere || volatile)
  for (const [filename, digest] of Object.entries(found)) {
    const file = await own.file({ name: demo, filename: filenameOf(filename) })
    const bytes = file && (await bytesOf(file.resource))
    t.equal(bytes && sha256(bytes).slice(0, 8), digest, filename)
  }
  t.same(await readdir(layout.pushes).catch(() => []), [], 'nothing is left over')
  t.equal((await beside.docs.get(demo, '1.0')) !== undefined, isThere)
  t.equal((await beside.releases.get(demo, '1.0'))?.summary, isThere ? 'small' : undefined)
  const again = push(place)
  const refusal: unknown = await again.catch((error: unknown) => error)
  if (isThere && !volatile) t.match(refusal, { status: 409 })
  else t.match(refusal, { files: { length: 4 } })
  t.same(await listed(place), all)
  t.equal((await beside.docs.get(demo, '1.0')) !== undefined, true)
  return isThere
}

// Every third step of each, so that it does not take too long; never the same ones.
for (const [volatile, first] of [
  [false, 1],
  [true, 2],
] as const)
  t.test(`killed at each step, ${volatile ? 'other bytes give way' : 'all new'} (P32)`, async t => {
    const directory = directoryOf(t)
    const model = join(directory, 'model')
    await prepare(t, model, volatile)
    const run = async (step: number) => {
      const place = join(directory, String(step))
      await cp(model, place, { recursive: true, preserveTimestamps: true })
      return { place, outcome: await pushIn(place, step) }
    }
    const { outcome: steps } = await run(0)
    if (steps === 'killed') throw new Error('killed at no step')
    t.ok(steps > 40, `${steps} steps`)
    const moments: boolean[] = []
    for (let step = first; step <= steps; step += stride) {
      const { place, outcome } = await run(step)
      t.equal(outcome, 'killed', `step ${step}`)
      moments.push(await judge(t, place, volatile, step))
    }
    t.same(
      moments,
      moments.toSorted((a, b) => Number(a) - Number(b)),
      'there from one moment on',
    )
    t.ok(moments.includes(true) && moments.includes(false))
  })
