/** What devpi's indexes allow: files replaced and deleted for good, projects and indexes erased. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test as TapTest } from 'tap'
import { eraseIndex } from '../../src/index/erase-index.ts'
import type { LogEntry } from '../../src/index/log-entry.ts'
import type { Upload } from '../../src/index/upload.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { bytesOf, filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { drop, openFor } from '../fixtures/indexes.ts'
import { opened, setIndex, uploadTo } from '../fixtures/named-indexes.ts'
import { filesBelow } from '../fixtures/proxied.ts'
import { digestOf } from '../fixtures/publishing.ts'

const leaf = nameOf('leaf-lib')
const wheel = makeWheel({ name: 'leaf-lib', version: '1.0' })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.1' })
const filename = filenameOf(wheel.filename)
const rebuilt = (summary: string): Dist =>
  makeWheel({ name: 'leaf-lib', version: '1.0', extra: `Summary: ${summary}\n` })

const dev = 'alice/dev'

const setUp = async (t: TapTest, { volatile = true, directory = directoryOf(t) } = {}) => {
  const indexes = openFor(t, directory)
  await setIndex(indexes, dev, { volatile })
  const index = await opened(indexes, dev)
  const { stage, own, folder } = index
  if (stage === undefined) throw new Error('a stage was expected')
  return {
    ...index,
    indexes,
    directory,
    stage,
    put: (dist: Dist, more?: Partial<Upload>) => uploadTo(indexes, dev, dist, more),
    listed: async () => (await (await own.project(leaf))?.page())?.files.map(f => f.filename),
    history: async (): Promise<readonly LogEntry[] | undefined> =>
      (await folder.of(leaf)).uploaded.get(filename)?.fact.log,
    got: async () => bytesOf((await own.file({ name: leaf, filename }))?.resource),
    isGone: (dist: Dist) =>
      stage.isGone(leaf, filenameOf(dist.filename), digestOf(dist.bytes).slice(0, 16)),
    /** All files of ours, without what costs only time. */
    below: async () =>
      (await filesBelow(directory)).filter(
        path => !/^\.proxypypi\/(?:cache|work)\//.test(path) && !path.includes('keep/indexes'),
      ),
  }
}

t.test('on a volatile index an upload takes the place of other bytes', async t => {
  const { put, got, history, isGone } = await setUp(t)
  t.equal(await put(wheel), 'stored')
  const uploaded = { what: 'upload', who: 'alice', dst: dev }
  t.match(await history(), [uploaded])
  t.equal(await put(wheel), 'same')
  t.notOk(await isGone(wheel))
  t.equal(await put(rebuilt('again'), { by: 'bob' }), 'replaced')
  t.ok((await got()).equals(rebuilt('again').bytes))
  t.match(await history(), [
    { what: 'overwrite', count: 1 },
    { what: 'upload', who: 'bob', dst: dev },
  ])
  t.ok(await isGone(wheel), 'whoever asks for the old bytes is told')
  t.equal(await put(rebuilt('and again')), 'replaced')
  t.match(await history(), [{ what: 'overwrite', count: 2 }, uploaded])
})

t.test('on another one it does not', async t => {
  const { put, got } = await setUp(t, { volatile: false })
  await put(wheel)
  t.equal(await put(wheel), 'same')
  await t.rejects(put(rebuilt('again')), { status: 409, message: /./ })
  t.ok((await got()).equals(wheel.bytes))
})

t.test('whether it is volatile counts as it is now', async t => {
  const { indexes, put } = await setUp(t, { volatile: false })
  await put(wheel)
  await setIndex(indexes, dev, { volatile: true })
  t.equal(await put(rebuilt('again')), 'replaced')
  await setIndex(indexes, dev, { volatile: false })
  await t.rejects(put(wheel), { status: 409, message: /./ })
})

t.test('a deletion on a volatile index frees the bytes and the name at once', async t => {
  const { put, stage, listed, isGone, below } = await setUp(t)
  await put(wheel, { attestations: [{ version: 1 }] })
  await put(sdist)
  t.same(await stage.remove(leaf, { filename }, 'alice'), [filename])
  t.same(await listed(), [sdist.filename])
  t.ok(await isGone(wheel))
  t.notOk(await isGone(sdist))
  t.notOk(
    (await below()).some(path => path.includes(filename)),
    'nothing is left of it',
  )
  await t.rejects(stage.remove(leaf, { filename }, 'alice'), { status: 404, message: /./ })
  t.equal(await put(rebuilt('other bytes')), 'stored')
  t.equal(await put(wheel), 'replaced', 'the same bytes may come back')
  t.same((await listed())?.toSorted(), [sdist.filename, wheel.filename].toSorted())
})

t.test('a deletion on another one keeps both until it is taken back', async t => {
  const { put, stage, listed, got, isGone } = await setUp(t, { volatile: false })
  await put(wheel)
  await stage.remove(leaf, { version: '1.0' }, 'alice')
  t.equal(await listed(), undefined)
  t.ok(await isGone(wheel))
  await t.rejects(put(rebuilt('again')), { status: 409, message: /./ })
  await stage.restore(leaf, {}, 'alice')
  t.ok((await got()).equals(wheel.bytes))
})

t.test('a deletion that was broken off can be done again', async t => {
  const { put, stage, layout, listed, below } = await setUp(t)
  await put(wheel)
  const sha256 = digestOf(wheel.bytes)
  const tombstone = {
    kind: 'deleted',
    sha256,
    size: wheel.bytes.length,
    at: '2026-11-20T00:00:00Z',
  }
  await writeFile(layout.tombstone(leaf, filename), JSON.stringify(tombstone))
  t.equal(await listed(), undefined, 'it is hidden')
  t.equal(await put(rebuilt('other bytes')), 'replaced')
  await stage.remove(leaf, {}, 'alice')
  t.notOk((await below()).some(path => path.includes(filename)))
})

t.test('erasing a project', async t => {
  t.test('leaves nothing but that it was there', async t => {
    const { put, stage, indexes, beside, directory, own, isGone, claims, below } = await setUp(t, {
      volatile: false,
    })
    await put(wheel, { attestations: [{ version: 1 }] })
    await put(sdist)
    await stage.remove(leaf, { filename }, 'alice')
    await drop(directory, '@alice/dev/Leaf.Lib/leaf-lib-2.0.zip', 'PK')
    await drop(directory, '@alice/dev/leaf_lib-3.0.tar.gz', 'x')
    await drop(directory, '@alice/dev/leaf-lib/leaf-lib-1.0.doc.zip', 'PK')
    await beside.releases.register(leaf, '1.0', new Map(), 'reset')
    const other = makeSdist({ name: 'leaf-lib-more', version: '1.0' })
    await put(other)
    t.ok(await stage.erase(leaf, 'alice'))
    t.equal(await own.project(leaf), undefined)
    t.notOk(await claims(leaf))
    t.ok(await isGone(wheel))
    t.ok(await isGone(sdist))
    const left = (await below()).filter(path => !path.includes('leaf-lib-more'))
    t.same(left, ['.proxypypi/keep/gone/alice/dev/leaf-lib'])
    t.ok(await own.project(nameOf('leaf-lib-more')), 'another one stays')
    t.notOk(await stage.erase(leaf, 'alice'), 'there is nothing to erase any more')
    t.equal(await uploadTo(indexes, dev, rebuilt('anew')), 'stored', 'its names are free')
  })

  t.test('does not take an upload with it that arrives meanwhile', async t => {
    const { put, stage, folder, listed } = await setUp(t)
    for (let round = 0; round < 10; round += 1) {
      await put(sdist)
      const [outcome] = await Promise.all([put(wheel), stage.erase(leaf, 'alice')])
      const { uploaded, dropped } = await folder.of(leaf)
      t.equal(outcome, 'stored')
      t.equal(dropped.size, 0, 'nothing lies there of which nothing is known')
      if ((await listed())?.includes(filename) === true) t.ok(uploaded.has(filename))
      await stage.erase(leaf, 'alice')
    }
  })
})

t.test('erasing an index', async t => {
  t.test('leaves nothing, and other indexes alone', async t => {
    const { put, stage, layout, indexes, directory, below } = await setUp(t)
    await setIndex(indexes, 'alice/dev-2')
    await uploadTo(indexes, 'alice/dev-2', wheel)
    await drop(directory, sdist.filename, sdist.bytes)
    const before = (await below()).toSorted()
    await put(wheel, { attestations: [{ version: 1 }] })
    await put(sdist)
    await stage.remove(leaf, { filename }, 'alice')
    await eraseIndex(layout)
    t.same((await below()).toSorted(), before)
    t.notOk((await filesBelow(directory)).some(path => path.includes('@alice+dev/')))
    await eraseIndex(layout)
    t.pass('again it does nothing')
    t.same(await readdir(join(directory, '@alice')), ['dev-2'])
  })

  t.test('is never done to the directory itself', async t => {
    const { indexes } = await setUp(t)
    await t.rejects(eraseIndex(indexes.layout), { status: 403, message: /./ })
  })

  t.test('is finished before one of its name is made again', async t => {
    const { put, indexes, layout, own, config } = await setUp(t)
    await indexes.configs.restore(layout.index, config)
    await put(wheel)
    const interrupted = indexes.configs.remove(layout.index, () =>
      Promise.reject(new Error('killed')),
    )
    await t.rejects(interrupted, /killed/)
    t.equal(await indexes.registry.open(layout.index), undefined, 'there is none from then on')
    await mkdir(dirname(indexes.layout.user('alice' as never)), { recursive: true })
    await writeFile(indexes.layout.user('alice' as never), '{}')
    await indexes.configs.create(layout.index, config, name => eraseIndex(indexes.layout.of(name)))
    t.not((await opened(indexes, dev)).own, own)
    t.equal(await (await opened(indexes, dev)).own.project(leaf), undefined)
    t.notOk(existsSync(layout.root))
  })
})
