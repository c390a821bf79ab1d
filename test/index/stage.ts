/** Uploads: whole, once, private from then on; yanked, deleted and brought back. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import type { Indexes } from '../../src/index/open.ts'
import type { Settings } from '../../src/settings.ts'
import type { File } from '../../src/spec/page.ts'
import { localPath } from '../../src/spec/public-path.ts'
import type { Upload } from '../../src/index/upload.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { bytesOf, filenameOf, indexContract, nameOf } from '../fixtures/index-contract.ts'
import { drop, openFor } from '../fixtures/indexes.ts'
import { upstreamAt } from '../fixtures/serve.ts'
import { uploadOf } from '../fixtures/uploads.ts'
import { gate, startUpstream, type Upstream } from '../fixtures/upstream.ts'

const leaf = nameOf('leaf-lib')
const wheel = makeWheel({ name: 'leaf-lib', version: '1.0', requiresPython: '>=3.8' })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.1' })
const filename = filenameOf(wheel.filename)

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

/** A wheel of the same name with other bytes; of the same size, too, by its last digit. */
const rebuilt = (digit = 1): Dist =>
  makeWheel({ name: 'leaf-lib', version: '1.0', extra: `Summary: rebuilt ${digit}\n` })

interface Place extends Indexes {
  readonly directory: string
  readonly put: (dist: Dist, more?: Partial<Upload>) => ReturnType<Indexes['stage']['put']>
  /** The files that the page lists; undefined when there is no such project. */
  readonly listed: () => Promise<readonly File[] | undefined>
  /** What a client gets by name: the digest of the bytes. */
  readonly got: (dist: Dist) => Promise<string | undefined>
}

const placeAt = (t: Test, directory: string, settings: Partial<Settings> = {}): Place => {
  const indexes = openFor(t, directory, settings)
  return {
    ...indexes,
    directory,
    put: async (dist, more) => indexes.stage.put(await uploadOf(indexes.layout, dist, more)),
    listed: async () => (await (await indexes.root.project(leaf))?.page())?.files,
    got: async dist => {
      const found = await indexes.root.file({ name: leaf, filename: filenameOf(dist.filename) })
      return found === undefined ? undefined : sha256(await bytesOf(found.resource))
    },
  }
}

const setUp = (t: Test, settings?: Partial<Settings>) => placeAt(t, directoryOf(t), settings)

const withUpstream = async (
  t: Test,
  files: readonly Dist[],
  settings: Partial<Settings> = {},
): Promise<Place & { upstream: Upstream }> => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project(
    'leaf-lib',
    files.map(dist => ({ filename: dist.filename, bytes: dist.bytes })),
  )
  const place = setUp(t, { upstreams: [upstreamAt(upstream.url.href)], ...settings })
  return { ...place, upstream }
}

/** Claims that something fails with a status and a message. */
const refused = async (
  t: Test,
  acting: Promise<unknown>,
  status: number,
  message = /./,
): Promise<void> => {
  const error: unknown = await acting.then(
    () => 'done',
    (failure: unknown) => failure,
  )
  t.match(error, { status, message })
}

const names = (files: readonly File[] | undefined) => files?.map(file => file.filename).toSorted()
const aside = ({ layout }: Indexes) => readdir(layout.temporary).catch(() => [])

t.test('as an index', async t =>
  indexContract(t, async t => {
    const { root, put } = setUp(t)
    for (const dist of [wheel, sdist]) await put(dist)
    return { index: root, wheel, sdist }
  }),
)

t.test('an upload is listed with everything that is known of it (UP-22, UP-23)', async t => {
  const place = setUp(t)
  const before = Date.now()
  t.equal(await place.put(wheel, { digests: { md5: 'a'.repeat(32) } }), 'stored')
  const [file, ...others] = (await place.listed()) ?? []
  t.same(others, [])
  t.match(file, {
    filename: wheel.filename,
    url: localPath(leaf, filename),
    hashes: { sha256: sha256(wheel.bytes), md5: 'a'.repeat(32) },
    size: wheel.bytes.length,
    'requires-python': '>=3.8',
    'core-metadata': { sha256: sha256(wheel.metadata) },
    'upload-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
  })
  t.ok(Date.parse(file?.['upload-time'] ?? '') >= before - 1000)
  t.notOk(file?.provenance)
  t.equal(await place.got(wheel), sha256(wheel.bytes))
  t.same(await aside(place), [], 'nothing stays aside')
  const lies = await readFile(join(place.directory, 'leaf-lib', wheel.filename))
  t.ok(lies.equals(wheel.bytes), 'it is an ordinary file with its real name')
  const { digests, layout } = place
  const stats = await stat(layout.file(leaf, filename), { bigint: true })
  t.ok(await digests.knows(leaf, filename, stats), 'nobody has to hash it again')
})

t.test('another process sees it with its next look, and after a restart', async t => {
  const place = setUp(t)
  const other = placeAt(t, place.directory)
  t.equal(await other.listed(), undefined)
  await place.put(wheel)
  t.same(names(await other.listed()), [wheel.filename])
  t.equal(await other.got(wheel), sha256(wheel.bytes))
  t.same(await placeAt(t, place.directory).listed(), await place.listed())
})

t.test('the same bytes again change nothing (UP-31, P14)', async t => {
  const place = setUp(t)
  await place.put(wheel)
  const before = await place.listed()
  t.equal(await place.put(wheel, { by: 'bob' }), 'same')
  t.same(await place.listed(), before)
  t.same(await aside(place), [])
})

t.test('other bytes are refused with the words that clients look for (UP-31, C26)', async t => {
  const place = setUp(t)
  await place.put(wheel)
  const facts = await readdir(place.layout.facts(leaf))
  await refused(
    t,
    place.put(rebuilt()),
    409,
    new RegExp(`File already exists.*${sha256(wheel.bytes)}`),
  )
  t.equal(await place.got(wheel), sha256(wheel.bytes), 'the first bytes stay')
  t.same(await readdir(place.layout.facts(leaf)), facts, 'nothing is left behind')
  t.same(await aside(place), [])
})

t.test('ten uploads of one name at once: one wins (P15)', async t => {
  const place = setUp(t)
  const processes = [place, placeAt(t, place.directory), placeAt(t, place.directory)]
  const dists = Array.from({ length: 10 }, (_, digit) => rebuilt(digit))
  const results = await Promise.allSettled(
    dists.map((dist, index) => (processes[index % 3] as Place).put(dist)),
  )
  const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []))
  t.equal(won.length, 1)
  for (const result of results)
    if (result.status === 'rejected') t.match(result.reason, { status: 409 })
  const winner = sha256((dists[won[0] ?? 0] as Dist).bytes)
  for (const one of processes) {
    t.equal((await one.listed())?.[0]?.hashes['sha256'], winner)
    t.equal(await one.got(wheel), winner, 'the page and the bytes agree')
  }
  const facts = await readdir(place.layout.facts(leaf))
  t.equal(facts.filter(entry => entry.startsWith(wheel.filename)).length, 1)
})

t.test('a file that was put there by hand', async t => {
  t.test('with the same bytes becomes an uploaded one', async t => {
    for (const path of [
      wheel.filename,
      `leaf-lib/${wheel.filename}`,
      `Leaf_Lib/${wheel.filename}`,
    ]) {
      await t.test(path, async t => {
        const place = setUp(t)
        await drop(place.directory, path, wheel.bytes)
        const time = (await place.listed())?.[0]?.['upload-time']
        t.equal(await place.put(wheel), 'same')
        const { uploaded, dropped } = await place.folder.of(leaf)
        t.equal(dropped.size, 0)
        t.equal(uploaded.get(filename)?.fact.by, 'alice')
        t.equal((await place.listed())?.[0]?.['upload-time'], time)
      })
    }
  })

  t.test('with other bytes stays', async t => {
    for (const path of [wheel.filename, `leaf-lib/${wheel.filename}`]) {
      await t.test(path, async t => {
        const place = setUp(t)
        await drop(place.directory, path, rebuilt().bytes)
        await refused(t, place.put(wheel), 409)
        t.equal(await place.got(wheel), sha256(rebuilt().bytes))
      })
    }
  })

  t.test('over an uploaded one counts as dropped, by its own bytes', async t => {
    for (const size of ['other', 'same']) {
      await t.test(`of ${size} size`, async t => {
        const place = setUp(t)
        await place.put(rebuilt(1))
        const path = place.layout.file(leaf, filename)
        const mine = size === 'same' ? rebuilt(2) : wheel
        await writeFile(`${path}.new`, mine.bytes)
        await rename(`${path}.new`, path)
        const first = await place.got(wheel)
        t.ok(first === undefined || first === sha256(mine.bytes), 'never with the wrong hash')
        t.equal((await place.listed())?.[0]?.hashes['sha256'], sha256(mine.bytes))
        t.equal(await place.got(wheel), sha256(mine.bytes))
      })
    }
  })

  t.end()
})

t.test('an uploaded file that was removed by hand can be uploaded again', async t => {
  const place = setUp(t)
  await place.put(rebuilt(1))
  await rm(place.layout.file(leaf, filename))
  t.equal(await place.listed(), undefined)
  t.equal(await place.put(rebuilt(2)), 'stored')
  t.equal((await place.listed())?.[0]?.hashes['sha256'], sha256(rebuilt(2).bytes))
  t.equal(await place.got(wheel), sha256(rebuilt(2).bytes))
})

t.test('what a killed upload leaves behind', async t => {
  t.test('a fact without its file means nothing, and the upload succeeds (P17)', async t => {
    const place = await withUpstream(t, [wheel])
    // As it is between the two steps.
    await place.put(rebuilt())
    await rm(place.layout.file(leaf, filename))
    await rm(place.layout.claim(leaf))
    const path = place.layout.uploadedFact(leaf, filename, sha256(rebuilt().bytes))
    const fact = JSON.parse(await readFile(path, 'utf8')) as object
    await writeFile(path, JSON.stringify({ ...fact, at: '2026-01-01T00:00:00.000Z' }))
    t.equal((await place.listed())?.[0]?.hashes['sha256'], sha256(wheel.bytes), 'still public')
    t.equal(await place.got(wheel), sha256(wheel.bytes), 'and mirrored')
    t.equal(await place.put(rebuilt()), 'stored')
    t.equal(await place.got(wheel), sha256(rebuilt().bytes))
  })

  t.test('a broken fact counts as missing: its file is listed as a dropped one (S20)', async t => {
    for (const text of ['', '{}', 'nonsense', '{"kind":"uploaded","file":{}}']) {
      await t.test(JSON.stringify(text), async t => {
        const place = setUp(t)
        await place.put(wheel)
        await writeFile(place.layout.uploadedFact(leaf, filename, sha256(wheel.bytes)), text)
        // As a whole new process finds it.
        const other = placeAt(t, place.directory)
        t.equal((await other.listed())?.[0]?.hashes['sha256'], sha256(wheel.bytes))
        t.equal(await other.put(wheel), 'same')
        t.equal((await other.folder.of(leaf)).uploaded.get(filename)?.fact.by, 'alice')
      })
    }
  })

  t.end()
})

t.test('a project with uploaded files is private (contract 3, C03)', async t => {
  const newer = makeWheel({ name: 'leaf-lib', version: '99' })
  const place = await withUpstream(t, [newer])
  await place.put(wheel)
  t.same(names(await place.listed()), [wheel.filename])
  t.equal(await place.got(newer), undefined)
  t.equal(place.upstream.requests.length, 0, 'upstream is never asked')
  const page = await (await place.root.project(leaf))?.page()
  t.match(
    page?.['_note'],
    /private since .*uploaded.*merge = \["leaf-lib"\]/,
    'which the page says',
  )
  await rm(join(place.directory, 'leaf-lib'), { recursive: true, maxRetries: 10 })
  t.equal(await place.listed(), undefined, 'nor when its files have vanished')
  t.equal(place.upstream.requests.length, 0)
})

t.test(
  'a public project becomes private by an upload, its mirrored files are hidden (C02)',
  async t => {
    const place = await withUpstream(t, [wheel, sdist])
    for (const dist of [wheel, sdist]) t.equal(await place.got(dist), sha256(dist.bytes))
    const patched = makeWheel({ name: 'leaf-lib', version: '1.0.post1' })
    t.equal(await place.put(patched), 'stored')
    t.same(names(await place.listed()), [patched.filename])
    t.equal(await place.got(wheel), undefined)
    const asked = place.upstream.requests.length
    t.same(names((await (await place.local.project(leaf))?.page())?.files), [patched.filename])
    t.equal(place.upstream.requests.length, asked)
  },
)

t.test('a mirrored file gives way to an upload of its name (C02)', async t => {
  for (const kind of ['cached', 'never fetched'])
    for (const mine of [rebuilt(), wheel]) {
      await t.test(`${kind}, ${mine === wheel ? 'same' : 'other'} bytes`, async t => {
        const place = await withUpstream(t, [wheel])
        if (kind === 'cached') await place.got(wheel)
        await place.put(mine)
        const [file, ...others] = (await place.listed()) ?? []
        t.same(others, [])
        t.equal(file?.hashes['sha256'], sha256(mine.bytes))
        t.equal(await place.got(wheel), sha256(mine.bytes))
        const path = place.upstream.path(wheel.filename).slice(1)
        t.equal(await place.root.file({ name: leaf, filename, path }), undefined)
        t.equal((await place.folder.of(leaf)).uploaded.get(filename)?.fact.by, 'alice')
        t.equal(await place.put(mine), 'same')
      })
    }
})

t.test('an upload while upstream’s file of that name arrives is not lost', async t => {
  const place = await withUpstream(t, [wheel])
  const stuck = gate()
  place.upstream.behave(place.upstream.path(wheel.filename), {
    chunk: 200,
    between: sent => (sent >= 400 ? stuck : undefined),
  })
  const found = await place.root.file({ name: leaf, filename })
  const reading = bytesOf(found?.resource).then(
    () => 'whole',
    () => 'broken',
  )
  t.equal(await place.put(rebuilt()), 'stored')
  stuck.open()
  t.equal(await reading, 'broken', 'the download is given up')
  t.equal(await place.got(wheel), sha256(rebuilt().bytes))
  t.same((await place.facts.of(leaf)).mirrored.size, 0)
})

t.test(
  'merged by the settings: upstream is listed too, and the upload wins (contract 3)',
  async t => {
    const place = await withUpstream(t, [wheel, sdist], { merge: ['leaf-*'] })
    await place.put(rebuilt())
    const files = (await place.listed()) ?? []
    t.same(names(files), [wheel.filename, sdist.filename].toSorted())
    const own = files.find(file => file.filename === wheel.filename)
    t.equal(own?.hashes['sha256'], sha256(rebuilt().bytes))
    t.equal(await place.got(wheel), sha256(rebuilt().bytes))
    t.equal(await place.got(sdist), sha256(sdist.bytes))
  },
)

t.test('mutable by the settings: replaced at once, never mixed up (UP-37)', async t => {
  const place = setUp(t, { mutable: ['leaf-*'] })
  const other = placeAt(t, place.directory, { mutable: ['leaf-*'] })
  await place.put(rebuilt(1))
  for (const digit of [2, 3, 4]) {
    const before = (await other.root.project(leaf))?.revision
    await other.got(wheel)
    t.equal(await place.put(rebuilt(digit)), 'replaced')
    for (const one of [place, other]) {
      t.equal((await one.listed())?.[0]?.hashes['sha256'], sha256(rebuilt(digit).bytes))
      t.equal(await one.got(wheel), sha256(rebuilt(digit).bytes))
    }
    t.not((await other.root.project(leaf))?.revision, before, 'so the page has a new tag')
    const found = await place.root.file({ name: leaf, filename })
    t.not(found?.resource.isLasting, true, 'clients may not keep it')
  }
  const facts = await readdir(place.layout.facts(leaf))
  t.equal(facts.filter(entry => entry.startsWith(wheel.filename)).length, 1)
})

t.test('replaced at the same moment by several: page and bytes agree', async t => {
  const place = setUp(t, { mutable: ['*'] })
  const processes = [place, placeAt(t, place.directory, { mutable: ['*'] })]
  await place.put(wheel)
  const dists = Array.from({ length: 6 }, (_, digit) => rebuilt(digit))
  const results = await Promise.all(
    dists.map((dist, index) => (processes[index % 2] as Place).put(dist)),
  )
  t.same(new Set(results), new Set(['replaced']))
  for (const one of processes) {
    const hash = (await one.listed())?.[0]?.hashes['sha256']
    t.ok(dists.some(({ bytes }) => sha256(bytes) === hash))
    t.equal(await one.got(wheel), hash)
  }
})

t.test('replaced where the upload says so (C26)', async t => {
  const place = setUp(t)
  await place.put(rebuilt(1), { replace: true })
  t.not((await place.root.file({ name: leaf, filename }))?.resource.isLasting, true)
  t.equal(await place.put(rebuilt(2), { replace: true }), 'replaced')
  t.equal(await place.got(wheel), sha256(rebuilt(2).bytes))
  await refused(t, place.put(rebuilt(3)), 409)
  await place.put(sdist)
  const lasting = await place.root.file({ name: leaf, filename: filenameOf(sdist.filename) })
  t.equal(lasting?.resource.isLasting, true, 'others may be kept for ever')
})

t.test('yanked with a reason, at once and everywhere, and back (need 34, PEP 592)', async t => {
  const place = setUp(t)
  const other = placeAt(t, place.directory)
  for (const dist of [wheel, sdist]) await place.put(dist)
  const before = await place.listed()
  const marks = async () =>
    Object.fromEntries(((await other.listed()) ?? []).map(file => [file.filename, file.yanked]))
  t.same(await place.stage.yank(leaf, { version: '1.0.0' }, 'loses data', 'bob'), [filename])
  t.same(await marks(), { [wheel.filename]: 'loses data', [sdist.filename]: undefined })
  await place.stage.yank(leaf, { filename }, 'really', 'bob')
  t.same((await marks())[wheel.filename], 'really')
  t.match((await place.folder.of(leaf)).uploaded.get(filename)?.fact.yanked, { by: 'bob' })
  await place.stage.yank(leaf, {}, '', undefined)
  t.same(await marks(), { [wheel.filename]: true, [sdist.filename]: true })
  t.equal(await place.put(wheel), 'same', 'which another upload does not change')
  t.equal((await marks())[wheel.filename], true)
  await place.stage.unyank(leaf, {}, 'bob')
  t.same(await other.listed(), before)
})

t.test('deleted and restored, bytes and time of upload included (need 34)', async t => {
  const place = await withUpstream(t, [makeWheel({ name: 'leaf-lib', version: '99' })])
  const other = placeAt(t, place.directory, { upstreams: [upstreamAt(place.upstream.url.href)] })
  await place.put(wheel)
  await place.put(sdist)
  const before = await other.listed()
  t.same(await place.stage.remove(leaf, { version: '1.0' }, 'bob'), [filename])
  t.same(names(await other.listed()), [sdist.filename], 'hidden')
  t.equal(await other.got(wheel), undefined, 'and not served')
  t.equal(await other.root.metadata({ name: leaf, filename }), undefined)
  await place.stage.remove(leaf, {}, 'bob')
  t.equal(await other.listed(), undefined)
  t.equal(place.upstream.requests.length, 0, 'its name stays private')
  t.same(names((await place.facts.of(leaf)).deleted.size === 2 ? before : []), names(before))
  t.same(
    (await other.stage.restore(leaf, {}, undefined)).toSorted(),
    [wheel.filename, sdist.filename].toSorted(),
  )
  t.same(
    (await other.listed())?.toSorted((a, b) => (a.filename < b.filename ? -1 : 1)),
    before?.toSorted((a, b) => (a.filename < b.filename ? -1 : 1)),
  )
  t.equal(await place.got(wheel), sha256(wheel.bytes))
  await refused(t, place.stage.restore(leaf, {}, undefined), 404)
})

t.test('the name of a deleted file is reserved (UP-38)', async t => {
  const place = setUp(t)
  await place.put(wheel)
  const before = await place.listed()
  await place.stage.remove(leaf, { filename }, undefined)
  await refused(t, place.put(rebuilt()), 409, /File already exists.*deleted.*proxypypi restore/)
  t.equal(await place.put(wheel), 'stored', 'the same bytes bring it back')
  t.same(await place.listed(), before, 'as it was')
  t.equal(await place.got(wheel), sha256(wheel.bytes))
  await place.stage.remove(leaf, {}, undefined)
  t.equal(await place.put(rebuilt(), { replace: true }), 'stored', 'unless it may be replaced')
  t.equal(await place.got(wheel), sha256(rebuilt().bytes))
  await refused(t, place.stage.restore(leaf, {}, undefined), 404)
})

t.test('a dropped file can be deleted and restored, too', async t => {
  const place = setUp(t)
  const old = new Date('2020-02-02T02:02:02Z')
  await drop(place.directory, wheel.filename, wheel.bytes)
  await utimes(join(place.directory, wheel.filename), old, old)
  const before = await place.listed()
  await place.stage.remove(leaf, {}, 'bob')
  t.notOk(existsSync(join(place.directory, wheel.filename)))
  t.equal(await place.listed(), undefined)
  await place.stage.restore(leaf, {}, 'bob')
  t.same(await place.listed(), before)
  t.equal(await place.got(wheel), sha256(wheel.bytes))
})

t.test('a deletion that was interrupted hides the file, and can be undone (P32)', async t => {
  const place = setUp(t)
  await place.put(wheel)
  const before = await place.listed()
  await place.stage.remove(leaf, {}, undefined)
  // Between the tombstone and the move.
  const kept = place.layout.deleted(leaf, filename, sha256(wheel.bytes))
  await rename(kept, place.layout.file(leaf, filename))
  t.equal(await place.listed(), undefined)
  t.equal(await place.got(wheel), undefined)
  await refused(t, place.put(rebuilt()), 409)
  await place.stage.restore(leaf, {}, undefined)
  t.same(await place.listed(), before)
  await place.stage.remove(leaf, {}, undefined)
  await rm(kept)
  await refused(t, place.stage.restore(leaf, {}, undefined), 404, /are gone/)
  await drop(place.directory, `leaf-lib/${wheel.filename}`, rebuilt().bytes)
  await refused(t, place.stage.restore(leaf, {}, undefined), 409)
  t.equal(await place.got(wheel), sha256(rebuilt().bytes), 'what a person puts there is served')
})

t.test('only private files can be changed', async t => {
  const place = await withUpstream(t, [wheel])
  await place.got(wheel)
  const { stage } = place
  for (const act of [
    () => stage.yank(leaf, { version: '1.0' }, true, undefined),
    () => stage.unyank(leaf, { version: '1.0' }, undefined),
    () => stage.remove(leaf, { filename }, undefined),
  ])
    await refused(t, act(), 403, /copy from pypi/)
  for (const selection of [{}, { version: '7' }])
    await refused(t, stage.remove(nameOf('no-such'), selection, undefined), 404)
  const mine = makeWheel({ name: 'mine', version: '1' })
  await drop(place.directory, mine.filename, mine.bytes)
  await refused(t, stage.yank(nameOf('mine'), {}, true, undefined), 403, /hand/)
  t.equal(await place.got(wheel), sha256(wheel.bytes))
})

t.test('attestations are kept and offered (N45, PEP 740)', async t => {
  const place = setUp(t)
  const attestations = [{ version: 1, envelope: { statement: 'x', signature: 'y' } }]
  await place.put(wheel, { attestations })
  await place.put(sdist)
  const files = (await place.listed()) ?? []
  t.same(Object.fromEntries(files.map(file => [file.filename, file.provenance])), {
    [wheel.filename]: `integrity/leaf-lib/1.0/${wheel.filename}/provenance`,
    [sdist.filename]: undefined,
  })
  t.same(await place.stage.attestations(leaf, filename), attestations)
  t.equal(await place.stage.attestations(leaf, filenameOf(sdist.filename)), undefined)
  t.same(await placeAt(t, place.directory).stage.attestations(leaf, filename), attestations)
})

t.test('metadata that a power cut has torn is read out of the wheel again (SA-80)', async t => {
  const place = setUp(t)
  await place.put(wheel)
  const path = place.layout.metadata(leaf, filename, sha256(wheel.bytes))
  t.equal(await readFile(path, 'utf8'), wheel.metadata, 'it is kept')
  await writeFile(path, '')
  const found = await place.root.metadata({ name: leaf, filename })
  t.equal((await bytesOf(found?.resource)).toString(), wheel.metadata)
  t.equal(found?.resource.isLasting, true)
})

t.test('a place that is no plain file is left alone', async t => {
  const place = setUp(t)
  await mkdir(place.layout.file(leaf, filename), { recursive: true })
  await refused(t, place.put(wheel), 409, /no plain file/)
  t.ok((await stat(place.layout.file(leaf, filename))).isDirectory())
  t.same(await aside(place), [])
})

t.test('facts of version 2.0 are still read', async t => {
  const place = await withUpstream(t, [wheel])
  await place.got(wheel)
  const path = place.layout.fact(leaf, filename)
  const { kind: _kind, ...old } = JSON.parse(await readFile(path, 'utf8')) as { kind: string }
  await writeFile(path, JSON.stringify(old))
  await place.upstream.down()
  const other = placeAt(t, place.directory, { upstreams: [upstreamAt(place.upstream.url.href)] })
  t.equal((await other.folder.of(leaf)).mirrored.get(filename)?.fact.upstream, 'pypi')
  t.equal(await other.got(wheel), sha256(wheel.bytes))
})
