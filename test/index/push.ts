/** Releases that come to an index: at one moment for whoever looks, whoever else writes meanwhile. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { OpenFiles } from '../../src/disk/open-files.ts'
import { ownerName } from '../../src/disk/owner.ts'
import { heldFiles, pushRelease } from '../../src/index/push.ts'
import { openPushes } from '../../src/index/push-record.ts'
import { undoPush } from '../../src/index/push-recovery.ts'
import { nothingUnderWay, Pushes, recoverPushes } from '../../src/index/pushes.ts'
import { pushMark } from '../../src/spec/push-mark.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { bytesOf, filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { drop, openFor } from '../fixtures/indexes.ts'
import { indexOf, opened, setIndex, uploadTo } from '../fixtures/named-indexes.ts'
import { MemoryLog, type Test } from '../fixtures/serve.ts'

const demo = nameOf('demo')
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const wheelsOf = (version: string, extra = ''): Dist[] =>
  ['py2', 'py3', 'cp39', 'cp310', 'cp311', 'cp312'].map(tag =>
    makeWheel({ name: 'demo', version, tag: `${tag}-none-any`, extra }),
  )

type Place = ReturnType<typeof openFor>

type State = Parameters<OpenFiles['get']> extends [string, ...infer Rest] ? Rest : never

const setUp = async (t: Test, target: Readonly<Record<string, unknown>> = {}) => {
  const directory = directoryOf(t)
  const place = openFor(t, directory)
  await setIndex(place, 'alice/dev')
  await setIndex(place, 'alice/prod', { volatile: false, ...target })
  return { directory, place }
}

const filesOf = async (place: Place, index: string, version?: string) => {
  const { own } = await opened(place, index)
  const { files = [] } = (await (await own.project(demo))?.page()) ?? {}
  return files.filter(({ filename }) => version === undefined || filename.includes(`-${version}-`))
}

const push = async (place: Place, version: string) => {
  const source = await opened(place, 'alice/dev')
  const target = await opened(place, 'alice/prod')
  const files = await filesOf(place, 'alice/dev', version)
  return pushRelease({ source, target, name: demo, version, files, withDocs: true, by: 'alice' })
}

/** Lets each of some look as often as it can until the work is done; gives all that they saw. */
const watching = async <T>(
  looks: readonly (() => Promise<T>)[],
  work: () => Promise<unknown>,
): Promise<T[]> => {
  const state = { isDone: false }
  const working = work().finally(() => (state.isDone = true))
  const seen: T[] = []
  const watch = async (look: () => Promise<T>) => {
    while (!state.isDone) {
      seen.push(await look())
      await setImmediate()
    }
  }
  await Promise.all([working, ...looks.map(watch)])
  return seen
}

t.test('readers see all of a push or nothing of it', async t => {
  const { directory, place } = await setUp(t)
  const versions = ['1.0', '2.0', '3.0', '4.0', '5.0']
  for (const version of versions)
    for (const wheel of wheelsOf(version)) await uploadTo(place, 'alice/dev', wheel)
  // Each as another process would see it.
  const readers = [1, 2, 3].map(() => openFor(t, directory))
  const hasProject = async () => (await opened(place, 'alice/prod')).folder.has(demo)
  for (const version of versions) {
    const count = async (reader: Place) => (await filesOf(reader, 'alice/prod', version)).length
    const isListed = async () => {
      const has = await hasProject()
      return has && (await count(place)) === 0 ? 'a project without files' : 0
    }
    const looks = [
      ...readers.map(reader => () => count(reader)),
      ...(version === '1.0' ? [isListed] : []),
    ]
    const seen = await watching<number | string>(looks, () => push(place, version))
    t.ok(seen.length > readers.length)
    t.strictSame(
      seen.filter(count => count !== 0 && count !== 6),
      [],
    )
    for (const reader of readers) t.equal(await count(reader), 6)
  }
})

t.test('where other bytes give way, readers see the old ones or the new ones', async t => {
  const { directory, place } = await setUp(t, { volatile: true })
  const rounds = ['', 'Summary: 1\n', 'Summary: 2\n', 'Summary: 3\n'].map(extra =>
    wheelsOf('1.0', extra),
  )
  const reader = openFor(t, directory)
  const digests = async () => {
    const files = await filesOf(reader, 'alice/prod')
    return files.map(({ hashes }) => String(hashes['sha256'])).toSorted()
  }
  for (const [round, wheels] of rounds.entries()) {
    const before = await digests()
    for (const wheel of wheels) await uploadTo(place, 'alice/dev', wheel, { replace: true })
    const seen = await watching([digests], () => push(place, '1.0'))
    const after = wheels.map(({ bytes }) => sha256(bytes)).toSorted()
    const states = new Set([before.join(), after.join()])
    t.strictSame(
      seen.filter(state => !states.has(state.join())),
      [],
      `round ${round}`,
    )
    t.same(await digests(), after)
    const { own } = await opened(reader, 'alice/prod')
    for (const { filename, bytes } of wheels) {
      const found = await own.file({ name: demo, filename: filenameOf(filename) })
      t.ok(found && (await bytesOf(found.resource)).equals(bytes), filename)
    }
  }
})

t.test('of several pushes of one release one is taken', async t => {
  const { directory, place } = await setUp(t)
  for (const wheel of wheelsOf('1.0')) await uploadTo(place, 'alice/dev', wheel)
  const others = [place, openFor(t, directory), openFor(t, directory)]
  const outcomes = await Promise.all(
    others.map(other =>
      push(other, '1.0').then(
        () => 'taken',
        (error: { status: number }) => error.status,
      ),
    ),
  )
  t.same(outcomes.map(String).toSorted(), ['409', '409', 'taken'])
  t.equal((await filesOf(place, 'alice/prod')).length, 6)
  t.same(await readdir((await opened(place, 'alice/prod')).layout.pushes), [])
})

t.test('whoever reads a file while a push links to it is given it', async t => {
  const { directory, place } = await setUp(t)
  const wheel = makeWheel({ name: 'demo', version: '1.0' })
  await uploadTo(place, 'alice/dev', wheel)
  const reader = openFor(t, directory)
  const { own } = await opened(reader, 'alice/dev')
  const described = Object.getOwnPropertyDescriptor(OpenFiles.prototype, 'get')
  const { value: get } = described as TypedPropertyDescriptor<OpenFiles['get']>
  const links = ['first', 'second']
  const linkedMeanwhile = async function (this: OpenFiles, path: string, ...rest: State) {
    const next = links.shift()
    if (next !== undefined) await link(path, join(directory, next))
    return get?.call(this, path, ...rest)
  }
  t.capture(OpenFiles.prototype, 'get', linkedMeanwhile)
  const found = await own.file({ name: demo, filename: filenameOf(wheel.filename) })
  t.same(links, [])
  t.ok(found && (await bytesOf(found.resource)).equals(wheel.bytes))
})

t.test('uploads at the same time lose nothing', async t => {
  const { directory, place } = await setUp(t)
  const wheels = wheelsOf('1.0')
  for (const wheel of wheels) await uploadTo(place, 'alice/dev', wheel)
  const other = openFor(t, directory)
  for (const [round, rival] of wheels.entries()) {
    const index = `alice/prod${round}`
    await setIndex(place, index, { volatile: false })
    const source = await opened(place, 'alice/dev')
    const target = await opened(place, index)
    const files = await filesOf(place, 'alice/dev')
    const order = { name: demo, version: '1.0', files, withDocs: true, by: 'alice' }
    const [pushed, uploaded] = await Promise.all([
      pushRelease({ source, target, ...order }).then(
        () => true,
        () => false,
      ),
      uploadTo(other, index, rival),
    ])
    t.ok(uploaded === 'stored' || uploaded === 'same', `the upload is ${uploaded}`)
    const there = await filesOf(other, index)
    t.equal(there.length, pushed ? 6 : 1)
    t.ok(there.some(({ filename }) => filename === rival.filename))
  }
})

t.test('what waits under way is nobody else’s business', async t => {
  const { directory, place } = await setUp(t)
  const [wheel] = wheelsOf('1.0') as [Dist]
  await uploadTo(place, 'alice/dev', wheel)
  const { layout } = await opened(place, 'alice/prod')
  const { layout: source } = await opened(place, 'alice/dev')
  const filename = filenameOf(wheel.filename)
  // As a push of another process leaves it half done: the mark and one file, nothing known of it.
  const owner = `${(await ownerName()).replace(/-\d+-[0-9a-fx]+$/, '')}-${process.ppid}-x`
  const ticket = { id: 'a'.repeat(16), state: 'pending', owner } as const
  await mkdir(layout.push(demo), { recursive: true })
  await mkdir(layout.project(demo), { recursive: true })
  const { linkSync, statSync } = await import('node:fs')
  linkSync(source.file(demo, filename), layout.file(demo, filename))
  const inode = String(statSync(layout.file(demo, filename)).ino)
  const files = [{ filename, sha256: sha256(wheel.bytes), inode, replaces: false }]
  const record = { version: '1.0', source: 'alice/dev', withDocs: false, files, tombstones: [] }
  await writeFile(layout.push(demo, pushMark(ticket)), JSON.stringify(record))
  t.same(await filesOf(place, 'alice/prod'), [], 'while its process lives it is hidden')
  t.equal((await openPushes(layout, demo)).length, 1)
  const other = { ...ticket, id: 'd'.repeat(16), owner: owner.replace(/\d+-x$/, '4194303-x') }
  const left = layout.push(demo, pushMark(other))
  await writeFile(left, JSON.stringify({ ...record, files: [] }))
  t.same(await filesOf(place, 'alice/prod'), [])
  t.ok(existsSync(left), 'what a dead one has left waits for it, too')
  const dead = { ...ticket, owner: owner.replace(/\d+-x$/, '4194303-x') }
  await rename(layout.push(demo, pushMark(ticket)), layout.push(demo, pushMark(dead)))
  await recoverPushes(openFor(t, directory).layout, new MemoryLog())
  t.same(await readdir(layout.pushes), [])
  t.same(await readdir(layout.root), [], 'and when it is dead, all of it goes')
  t.equal((await push(place, '1.0')).files.length, 1)
})

t.test('a push waits for another of its project, even if both begin at once', async t => {
  const { directory, place } = await setUp(t)
  const [wheel] = wheelsOf('1.0') as [Dist]
  await uploadTo(place, 'alice/dev', wheel)
  const { layout } = await opened(place, 'alice/prod')
  const owner = `${(await ownerName()).replace(/-\d+-[0-9a-fx]+$/, '')}-${process.ppid}-x`
  const mark = layout.push(demo, pushMark({ id: 'b'.repeat(16), state: 'pending', owner }))
  const record = { version: '2.0', source: 'alice/dev', withDocs: false, files: [], tombstones: [] }
  await mkdir(layout.push(demo), { recursive: true })
  await writeFile(mark, JSON.stringify(record))
  // It is seen only when the push has planned, like one that begins in the same instant.
  const described = Object.getOwnPropertyDescriptor(Pushes.prototype, 'of')
  const { value: look } = described as TypedPropertyDescriptor<Pushes['of']>
  const state = { plans: 0, looks: 0 }
  const lookLate = async function (this: Pushes, name: typeof demo) {
    if (state.plans === 0) return nothingUnderWay
    state.looks += 1
    return look?.call(this, name)
  }
  t.capture(Pushes.prototype, 'of', lookLate)
  const source = await opened(place, 'alice/dev')
  const target = await opened(place, 'alice/prod')
  const files = await heldFiles(source, demo, await filesOf(place, 'alice/dev'))
  const check = async () => void (state.plans += 1)
  const order = { name: demo, version: '1.0', source: source.layout, by: 'alice', withDocs: false }
  const along = { bring: async () => 'done', told: async () => {} }
  const taking = target.stage?.take({ ...order, files, check }, along)
  while (state.looks === 0) await setImmediate()
  t.equal(state.plans, 1)
  t.same(await readdir(layout.push(demo)), [basename(mark)], 'its own mark is gone again')
  t.notOk(existsSync(layout.project(demo)), 'and nothing of it is there')
  await rm(mark)
  // What nobody can read keeps nobody waiting.
  await writeFile(layout.push(demo, pushMark({ id: 'c'.repeat(16), state: 'pending', owner })), '{')
  t.equal(await taking, 'done')
  t.equal((await filesOf(openFor(t, directory), 'alice/prod')).length, 1)
  t.equal((await readdir(layout.push(demo))).length, 1, 'and of the push nothing is left')
})

t.test('yanked, restored, dropped and attested files come as they are', async t => {
  const { directory, place } = await setUp(t)
  const [first, second] = wheelsOf('1.0') as [Dist, Dist]
  const sdist = makeSdist({ name: 'demo', version: '1.0' })
  await uploadTo(place, 'alice/dev', first, { attestations: [{ version: 1 }] })
  await uploadTo(place, 'alice/dev', second)
  await drop(directory, join('@alice/dev/demo', sdist.filename), sdist.bytes)
  const source = await opened(place, 'alice/dev')
  await source.stage?.yank(demo, { filename: filenameOf(second.filename) }, 'broken', 'alice')
  const target = await opened(place, 'alice/prod')
  const { files = [] } = (await (await source.own.project(demo))?.page()) ?? {}
  const order = { name: demo, version: '1.0', files, withDocs: true, by: 'bob' }
  await pushRelease({ source, target, ...order })
  const there = new Map(
    (await filesOf(place, 'alice/prod')).map(file => [String(file.filename), file]),
  )
  t.equal(there.size, 3)
  t.match(there.get(second.filename), { yanked: 'broken' })
  t.match(there.get(first.filename), { provenance: /alice\/prod/ })
  t.same(await target.stage?.attestations(demo, filenameOf(first.filename)), [{ version: 1 }])
  t.notOk('yanked' in (there.get(first.filename) ?? {}))
  const local = await target.folder.of(demo)
  t.equal(local.uploaded.size, 3, 'they are all uploaded there')
  t.equal(local.uploaded.get(filenameOf(sdist.filename))?.fact.by, 'bob')
  const { statSync } = await import('node:fs')
  const inode = (index: string, { filename }: Dist) =>
    statSync(join(directory, `@alice/${index}/demo`, filename)).ino
  t.equal(inode('dev', first), inode('prod', first))
  t.not(inode('dev', sdist), inode('prod', sdist), 'what a person may rewrite is copied')
})

t.test('names that were deleted stay reserved, their own bytes come back', async t => {
  const { place } = await setUp(t)
  const [wheel] = wheelsOf('1.0') as [Dist]
  const [rebuilt] = wheelsOf('1.0', 'Summary: other\n') as [Dist]
  await uploadTo(place, 'alice/dev', wheel)
  await uploadTo(place, 'alice/prod', wheel)
  const target = await opened(place, 'alice/prod')
  const deleting = { filename: filenameOf(wheel.filename) }
  await target.stage?.remove(demo, deleting, 'alice')
  t.same(await filesOf(place, 'alice/prod'), [])
  await push(place, '1.0')
  t.equal((await filesOf(place, 'alice/prod')).length, 1)
  await target.stage?.remove(demo, deleting, 'alice')
  await uploadTo(place, 'alice/dev', rebuilt, { replace: true })
  await t.rejects(push(place, '1.0'), /was deleted on/)
  t.same(await filesOf(place, 'alice/prod'), [])
})

t.test('whoever undoes a push leaves alone what came by another way', async t => {
  const { place } = await setUp(t)
  const [wheel] = wheelsOf('1.0') as [Dist]
  await uploadTo(place, 'alice/dev', wheel)
  await uploadTo(place, 'alice/prod', wheel)
  const { folder, layout, stage } = await opened(place, 'alice/prod')
  const filename = filenameOf(wheel.filename)
  const former = (await folder.of(demo)).uploaded.get(filename)?.fact
  await stage?.remove(demo, { filename }, 'alice')
  const tombstones = [...(await folder.of(demo)).deleted.values()]
  t.equal(tombstones.length, 1)
  const file = { filename, sha256: sha256(wheel.bytes), inode: 1n, replaces: false, former }
  const source = indexOf('alice/dev')
  const record = { version: '1.0', source, by: 'bob', withDocs: false, files: [file], tombstones }
  const ticket = { id: 'e'.repeat(16), state: 'pending', owner: await ownerName() } as const
  await push(place, '1.0')
  await undoPush(layout, demo, ticket, record)
  t.equal((await filesOf(place, 'alice/prod')).length, 1, 'another push has brought it back')
  await rm(layout.project(demo), { recursive: true })
  await rm(layout.uploadedFact(demo, filename, sha256(wheel.bytes)))
  await undoPush(layout, demo, ticket, record)
  t.same([...(await folder.of(demo)).deleted.values()], tombstones, 'or nobody has')
})

t.test('what changes under a push is not taken for what was asked for', async t => {
  const { place } = await setUp(t)
  const [wheel] = wheelsOf('1.0') as [Dist]
  await uploadTo(place, 'alice/dev', wheel)
  const source = await opened(place, 'alice/dev')
  const files = await filesOf(place, 'alice/dev')
  const [held] = await heldFiles(source, demo, files)
  await source.stage?.remove(demo, {}, 'alice')
  const { stage } = await opened(place, 'alice/prod')
  const arrival = { name: demo, version: '1.0', source: source.layout, by: 'alice' }
  const taking = stage?.take(
    { ...arrival, withDocs: false, files: held === undefined ? [] : [held], check: async () => {} },
    { bring: async () => 'done', told: async () => {} },
  )
  await t.rejects(Promise.resolve(taking), /changed meanwhile/)
  t.same(await filesOf(place, 'alice/prod'), [])
})
