/** What a mirror holds can be forgotten, and is fetched again when somebody asks (devpi-api 9). */
import { existsSync } from 'node:fs'
import t, { type Test as TapTest } from 'tap'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { openFor } from '../fixtures/indexes.ts'
import { opened, setIndex } from '../fixtures/named-indexes.ts'
import { startUpstream } from '../fixtures/upstream.ts'

const leaf = nameOf('leaf-lib')
const wheel = makeWheel({ name: 'leaf-lib', version: '1.0' })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.1' })
const filename = filenameOf(wheel.filename)

const plain = (dist: Dist) => ({ filename: dist.filename, bytes: dist.bytes })

const setUp = async (t: TapTest) => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('leaf-lib', [wheel, sdist].map(plain))
  upstream.project('other', [])
  const indexes = openFor(t, directoryOf(t))
  await setIndex(indexes, 'root/other', { type: 'mirror', mirror_url: upstream.url.href })
  const { own, copies, folder, layout } = await opened(indexes, 'root/other')
  if (copies === undefined) throw new Error('a mirror was expected')
  const fetchAll = async () => {
    for (const dist of [wheel, sdist])
      await own.fetch({ name: leaf, filename: filenameOf(dist.filename) })
  }
  const listed = async () =>
    (await (await own.project(leaf))?.page())?.files.map(file => file.filename)
  const held = async () => {
    const { mirrored, dropped } = await folder.of(leaf)
    t.equal(dropped.size, 0, 'a copy is never taken for somebody’s own file')
    return [...mirrored.keys()]
  }
  return { upstream, own, copies, layout, fetchAll, listed, held }
}

t.test('files are forgotten, their links stay', async t => {
  const { upstream, own, copies, layout, fetchAll, listed, held } = await setUp(t)
  await fetchAll()
  t.same(await copies.remove(leaf, { version: '1.0' }, 'root'), [filename])
  t.same(await held(), [sdist.filename])
  t.notOk(existsSync(layout.file(leaf, filename)))
  t.same(await listed(), [wheel.filename, sdist.filename])
  await t.rejects(copies.remove(leaf, { filename }, 'root'), { status: 404, message: filename })
  t.equal((await own.fetch({ name: leaf, filename }))?.source, 'miss', 'it is fetched again')
  t.equal(upstream.count(upstream.path(wheel.filename)), 2)
})

t.test('a project is forgotten with its links', async t => {
  const { upstream, copies, layout, fetchAll, listed, held } = await setUp(t)
  await fetchAll()
  t.ok(existsSync(layout.page('root/other', leaf)))
  t.ok(await copies.forget(leaf, 'root'))
  t.same(await held(), [])
  t.notOk(existsSync(layout.page('root/other', leaf)))
  t.notOk(await copies.forget(leaf, 'root'), 'nothing is held any more')
  t.same(await listed(), [wheel.filename, sdist.filename])
  t.equal(upstream.count(upstream.page('leaf-lib')), 2, 'it is asked for as if it never had been')
})

t.test('the projects that are held are known without asking', async t => {
  const { upstream, own, copies, fetchAll } = await setUp(t)
  const names = async () => {
    const found: string[] = []
    for await (const name of copies.projects()) found.push(name)
    return found.toSorted()
  }
  t.same(await names(), [])
  await fetchAll()
  await own.project(nameOf('other'))
  const asked = upstream.requests.length
  t.same(await names(), ['leaf-lib', 'other'])
  t.equal(upstream.requests.length, asked)
})
