/** What an index inherits: devpi's order and whitelist (devpi-api 8), and that nothing is skipped. */
import t, { type Test as TapTest } from 'tap'
import type { Settings } from '../../src/settings.ts'
import type { Indexes } from '../../src/index/open.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { bytesOf, filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { openFor } from '../fixtures/indexes.ts'
import { indexOf, opened, setIndex, uploadTo } from '../fixtures/named-indexes.ts'
import { upstreamAt } from '../fixtures/serve.ts'
import { startUpstream, type Upstream, type UpstreamOptions } from '../fixtures/upstream.ts'

const leaf = nameOf('leaf-lib')
const one = makeWheel({ name: 'leaf-lib', version: '1.0' })
const two = makeWheel({ name: 'leaf-lib', version: '2.0' })
const three = makeSdist({ name: 'leaf-lib', version: '3.0' })

const setUp = (t: TapTest, settings?: Partial<Settings>) => openFor(t, directoryOf(t), settings)

const plain = ({ filename, bytes }: Dist) => ({ filename, bytes })

/** An upstream with a project of these files, and the index `root/NAME` that mirrors it. */
const mirrored = async (
  t: TapTest,
  indexes: Indexes,
  name: string,
  files: readonly Dist[],
  more: object = {},
  options: UpstreamOptions = { form: 'json' },
): Promise<Upstream> => {
  const upstream = await startUpstream(t, options)
  upstream.project('leaf-lib', files.map(plain))
  await setIndex(indexes, `root/${name}`, {
    type: 'mirror',
    mirror_url: upstream.url.href,
    ...more,
  })
  return upstream
}

const pageOf = async (indexes: Indexes, index: string) => {
  const { whole } = await opened(indexes, index)
  return (await whole.project(leaf))?.page()
}

const filesOf = async (indexes: Indexes, index: string) =>
  (await pageOf(indexes, index))?.files.map(file => file.filename)

const namesOf = async (indexes: Indexes, index: string): Promise<string[]> => {
  const names: string[] = []
  for await (const name of (await opened(indexes, index)).whole.projects()) names.push(name)
  return names.toSorted()
}

const order = async (indexes: Indexes, index: string): Promise<string[]> =>
  (await (await opened(indexes, index)).members()).map(({ name }) => name)

/** Which index has which bases, and the order that is expected for `a/leaf`. */
const orders: readonly {
  readonly why: string
  readonly bases: Readonly<Record<string, readonly string[]>>
  readonly mirrors?: readonly string[]
  readonly expected: readonly string[]
}[] = [
  { why: 'alone', bases: { 'a/leaf': [] }, expected: ['a/leaf'] },
  {
    why: 'breadth first',
    bases: { 'a/leaf': ['a/x', 'a/y'], 'a/x': ['a/deep'], 'a/y': [], 'a/deep': [] },
    expected: ['a/leaf', 'a/x', 'a/y', 'a/deep'],
  },
  {
    why: 'each once, where it is met first',
    bases: { 'a/leaf': ['a/x', 'a/y'], 'a/x': ['a/deep'], 'a/y': ['a/x', 'a/deep'], 'a/deep': [] },
    expected: ['a/leaf', 'a/x', 'a/y', 'a/deep'],
  },
  {
    why: 'mirrors last, as they are met',
    bases: { 'a/leaf': ['root/m', 'root/pypi', 'a/x'], 'a/x': ['root/n', 'a/y'], 'a/y': [] },
    mirrors: ['root/m', 'root/n'],
    expected: ['a/leaf', 'a/x', 'a/y', 'root/m', 'root/pypi', 'root/n'],
  },
  {
    why: 'circles do no harm',
    bases: { 'a/leaf': ['a/x'], 'a/x': ['a/y', 'a/x'], 'a/y': ['a/leaf'] },
    expected: ['a/leaf', 'a/x', 'a/y'],
  },
]

for (const { why, bases, mirrors = [], expected } of orders)
  t.test(`indexes are looked through ${why}`, async t => {
    const indexes = setUp(t)
    for (const mirror of mirrors)
      await setIndex(indexes, mirror, { type: 'mirror', mirror_url: 'http://127.0.0.1:9/' })
    for (const [name, given] of Object.entries(bases))
      await setIndex(indexes, name, { bases: given })
    t.same(await order(indexes, 'a/leaf'), expected)
  })

t.test('of each file name the first counts, of projects and versions all', async t => {
  const indexes = setUp(t)
  const again = makeWheel({ name: 'leaf-lib', version: '1.0', extra: 'Summary: other bytes\n' })
  await mirrored(t, indexes, 'm', [three])
  await setIndex(indexes, 'a/base', { bases: ['root/m'], mirror_whitelist: ['leaf-lib'] })
  await setIndex(indexes, 'a/leaf', { bases: ['a/base'], mirror_whitelist: ['*', 'leaf-lib'] })
  await uploadTo(indexes, 'a/leaf', one)
  await uploadTo(indexes, 'a/base', again)
  await uploadTo(indexes, 'a/base', two)
  await uploadTo(indexes, 'a/base', makeWheel({ name: 'other', version: '1.0' }))
  const page = await pageOf(indexes, 'a/leaf')
  t.match(page?.files, [
    { filename: one.filename, url: /^a\/leaf\/\+f\// },
    { filename: two.filename, url: /^a\/base\/\+f\// },
    { filename: three.filename, url: /^root\/m\/\+f\// },
  ])
  t.same(page?.versions?.toSorted(), ['1.0', '2.0', '3.0'])
  t.same(await namesOf(indexes, 'a/leaf'), ['leaf-lib', 'other'])
  const { whole } = await opened(indexes, 'a/leaf')
  const filename = filenameOf(one.filename)
  const found = await whole.file({ name: leaf, filename })
  t.ok((await bytesOf(found?.resource)).equals(one.bytes), 'by its name the first is found')
  const { own } = await opened(indexes, 'a/base')
  const [hidden] = (await (await own.project(leaf))?.page())?.files ?? []
  const other = await whole.file({ name: leaf, filename, path: hidden?.url ?? '' })
  t.ok((await bytesOf(other?.resource)).equals(again.bytes), 'by its path the one that is there')
})

/** A private name is asked for nowhere else (F18), unless somebody says so. */
const whitelists: readonly {
  readonly why: string
  readonly leaf?: object
  readonly base?: object
  readonly place: 'a/leaf' | 'a/base'
  readonly isOpen: boolean
}[] = [
  { why: 'on the leaf', place: 'a/leaf', isOpen: false },
  { why: 'on a base', place: 'a/base', isOpen: false },
  { why: 'listed by the leaf', leaf: { mirror_whitelist: '*' }, place: 'a/base', isOpen: true },
  { why: 'listed by a base', base: { mirror_whitelist: '*' }, place: 'a/base', isOpen: false },
  {
    why: 'listed by a base, with union on the leaf',
    leaf: { mirror_whitelist_inheritance: 'union' },
    base: { mirror_whitelist: 'Leaf.Lib' },
    place: 'a/leaf',
    isOpen: true,
  },
  {
    why: 'listed by a base, with union there only',
    base: { mirror_whitelist: '*', mirror_whitelist_inheritance: 'union' },
    place: 'a/leaf',
    isOpen: false,
  },
]

for (const { why, leaf: onLeaf = {}, base = {}, place, isOpen } of whitelists)
  t.test(`a project of ours ${why} ${isOpen ? 'lets mirrors in' : 'hides mirrors'}`, async t => {
    const indexes = setUp(t)
    const upstream = await mirrored(t, indexes, 'm', [three])
    await setIndex(indexes, 'a/base', { bases: ['root/m'], ...base })
    await setIndex(indexes, 'a/leaf', { bases: ['a/base'], ...onLeaf })
    await uploadTo(indexes, place, one)
    const page = await pageOf(indexes, 'a/leaf')
    const expected = isOpen ? [one.filename, three.filename] : [one.filename]
    t.same(
      page?.files.map(file => file.filename),
      expected,
    )
    const index = await opened(indexes, 'a/leaf')
    const { whole } = index
    const wanted = { name: leaf, filename: filenameOf(three.filename) }
    t.equal((await whole.peek(wanted))?.size, isOpen ? three.bytes.length : undefined)
    t.equal(upstream.count(upstream.page('leaf-lib')) > 0, isOpen, 'upstream is asked or not')
    const { note, leftOut } = await index.resolve(leaf)
    t.same(
      leftOut.map(({ name }) => name),
      isOpen ? [] : ['root/m'],
    )
    if (isOpen) t.equal(page?.['_note'], undefined)
    else t.match(page, { _note: note }, 'the page says what is left out (devpi-api 8)')
    if (!isOpen) t.match(note, `root/m left out: leaf-lib is a private project of ${place}`)
  })

/** devpi-api 8: of what it has such a mirror cannot know without its upstream being told the name. */
const unlisted: readonly { why: string; leaf: object; base?: object; isOpen: boolean }[] = [
  { why: 'not listed by all that inherit it', leaf: { mirror_whitelist: '*' }, isOpen: false },
  {
    why: 'listed by a base that comes after it',
    leaf: { mirror_whitelist_inheritance: 'union' },
    base: { mirror_whitelist: 'more' },
    isOpen: false,
  },
  {
    why: 'listed wherever it is looked for',
    leaf: { mirror_whitelist: '*' },
    base: { mirror_whitelist: '*' },
    isOpen: true,
  },
  {
    why: 'listed by the leaf, with union',
    leaf: { mirror_whitelist: 'leaf-lib', mirror_whitelist_inheritance: 'union' },
    isOpen: true,
  },
]

for (const { why, leaf: onLeaf, base = {}, isOpen } of unlisted)
  t.test(
    `a mirror without a list is ${isOpen ? '' : 'not '}asked for one of ours ${why}`,
    async t => {
      const indexes = setUp(t)
      const upstream = await mirrored(t, indexes, 'm', [three], { mirror_no_project_list: true })
      await setIndex(indexes, 'a/last', { mirror_whitelist: 'leaf-lib' })
      await setIndex(indexes, 'a/base', { bases: ['a/last', 'root/m'], ...base })
      await setIndex(indexes, 'a/leaf', { bases: ['a/base'], ...onLeaf })
      await uploadTo(indexes, 'a/base', one)
      const page = await pageOf(indexes, 'a/leaf')
      t.equal(page?.files.length, isOpen ? 2 : 1)
      t.equal(upstream.count(upstream.page('leaf-lib')), isOpen ? 1 : 0)
      if (isOpen) return
      t.match(page?.['_note'], /^root\/m left out, .* private project of a\/base; .*=union shows/)
      // Who asked it for that name anyway, by its own pages, has told.
      await filesOf(indexes, 'root/m')
      t.same(await filesOf(indexes, 'a/leaf'), [one.filename, three.filename])
    },
  )

const privateLeaf = async (t: TapTest) => {
  const indexes = setUp(t)
  await mirrored(t, indexes, 'm', [three])
  await setIndex(indexes, 'a/leaf', { bases: ['root/m'] })
  const leafIndex = await opened(indexes, 'a/leaf')
  return { indexes, ...leafIndex, leafIndex }
}

t.test('a name stays private', async t => {
  t.test('when it is only registered: its page is empty', async t => {
    const { indexes, beside } = await privateLeaf(t)
    await beside.releases.register(leaf, '1.0', new Map(), 'reset')
    t.same(await filesOf(indexes, 'a/leaf'), [])
    t.same(await namesOf(indexes, 'a/leaf'), ['leaf-lib'])
    await beside.releases.remove(leaf)
    t.same(await filesOf(indexes, 'a/leaf'), [three.filename])
  })

  t.test('when its files are deleted, until it is erased', async t => {
    const { indexes, leafIndex } = await privateLeaf(t)
    await uploadTo(indexes, 'a/leaf', one)
    await leafIndex.stage?.remove(leaf, {}, 'a')
    t.equal(await filesOf(indexes, 'a/leaf'), undefined)
    t.ok(await leafIndex.stage?.erase(leaf, 'a'))
    t.same(await filesOf(indexes, 'a/leaf'), [three.filename])
  })
})

t.test('what fails is named, and nothing is skipped (devpi-api 24.3)', async t => {
  const hasty = { connectTimeout: 1, firstByteTimeout: 1 }

  t.test('a mirror that is down', async t => {
    const indexes = setUp(t, hasty)
    const upstream = await mirrored(t, indexes, 'm', [three])
    await setIndex(indexes, 'a/leaf', { bases: ['root/m'], mirror_whitelist: '*' })
    await uploadTo(indexes, 'a/leaf', one)
    await upstream.down()
    const named = { status: 502, message: /a\/leaf inherits root\/m: / }
    await t.rejects(filesOf(indexes, 'a/leaf'), named)
    await t.rejects(namesOf(indexes, 'a/leaf'), named)
    const { whole } = await opened(indexes, 'a/leaf')
    const filename = filenameOf(three.filename)
    await t.rejects(whole.file({ name: leaf, filename }), named)
    const own = await whole.file({ name: leaf, filename: filenameOf(one.filename) })
    t.ok((await bytesOf(own?.resource)).equals(one.bytes), 'ours are served all the same')
    await setIndex(indexes, 'a/leaf', { bases: ['root/m'] })
    t.same(await filesOf(indexes, 'a/leaf'), [one.filename], 'a private name needs no mirror')
  })

  t.test('a mirror that went down serves what is held', async t => {
    const indexes = setUp(t, hasty)
    const upstream = await mirrored(t, indexes, 'm', [three], { mirror_cache_expiry: 0 })
    await setIndex(indexes, 'a/leaf', { bases: ['root/m'] })
    t.same(await filesOf(indexes, 'a/leaf'), [three.filename])
    await upstream.down()
    const project = await (await opened(indexes, 'a/leaf')).whole.project(leaf)
    t.equal(project?.source, 'stale')
    t.same(
      (await project?.page())?.files.map(file => file.filename),
      [three.filename],
    )
  })

  t.test('a base that is no more', async t => {
    const indexes = setUp(t)
    await setIndex(indexes, 'a/base', { bases: ['b/gone'] })
    await setIndex(indexes, 'a/leaf', { bases: ['a/base'] })
    await uploadTo(indexes, 'a/leaf', one)
    const named = { status: 503, message: /a\/base inherits b\/gone, which does not exist/ }
    await t.rejects(filesOf(indexes, 'a/leaf'), named)
    await t.rejects(namesOf(indexes, 'a/leaf'), named)
    await t.rejects(order(indexes, 'a/leaf'), named)
    const { own, config } = await opened(indexes, 'a/leaf')
    t.match(config, { bases: ['a/base'] }, 'its settings can be read')
    t.ok(await own.project(leaf), 'and its own projects')
  })
})

t.test('a page over several bases costs that of the changed ones', async t => {
  const indexes = setUp(t)
  const bases = ['b/one', 'b/two', 'b/three']
  for (const base of bases) await setIndex(indexes, base)
  await setIndex(indexes, 'a/leaf', { bases })
  for (const [index, dist] of [one, two, three].entries())
    await uploadTo(indexes, bases[index] ?? '', dist)
  const reads = new Map<string, number>()
  for (const base of bases) {
    const { own } = await opened(indexes, base)
    const project = own.project.bind(own)
    own.project = async (...given) => {
      const found = await project(...given)
      return (
        found && {
          ...found,
          // Its directory was written to a moment ago, so the stamp alone would settle once more.
          revision: `${(await (await opened(indexes, base)).folder.of(leaf)).uploaded.size}`,
          page: () => {
            reads.set(base, (reads.get(base) ?? 0) + 1)
            return found.page()
          },
        }
      )
    }
  }
  await pageOf(indexes, 'a/leaf')
  await pageOf(indexes, 'a/leaf')
  t.same([...reads.values()], [1, 1, 1])
  const revision = async () =>
    (await (await opened(indexes, 'a/leaf')).whole.project(leaf))?.revision
  const before = await revision()
  await uploadTo(indexes, 'b/two', makeSdist({ name: 'leaf-lib', version: '9.0' }))
  t.not(await revision(), before)
  t.equal((await filesOf(indexes, 'a/leaf'))?.length, 4)
  t.same(Object.fromEntries(reads), { 'b/one': 1, 'b/two': 2, 'b/three': 1 })
})

t.test('several mirrors are merged, each project and file once', async t => {
  const indexes = setUp(t)
  const first = await mirrored(t, indexes, 'm', [one, two])
  const second = await mirrored(t, indexes, 'n', [two, three])
  first.project('only-first', [])
  second.project('only-second', [])
  await setIndex(indexes, 'a/leaf', { bases: ['root/m', 'root/n'] })
  t.same(await namesOf(indexes, 'a/leaf'), ['leaf-lib', 'only-first', 'only-second'])
  t.same(await filesOf(indexes, 'a/leaf'), [one.filename, two.filename, three.filename])
  const { whole } = await opened(indexes, 'a/leaf')
  const filename = filenameOf(three.filename)
  t.ok((await bytesOf((await whole.file({ name: leaf, filename }))?.resource)).equals(three.bytes))
})

t.test('the status of a project comes from a mirror that alone has it', async t => {
  const indexes = setUp(t)
  const upstream = await mirrored(t, indexes, 'm', [])
  upstream.project('leaf-lib', [plain(three)], { status: 'quarantined' })
  await setIndex(indexes, 'a/leaf', { bases: ['root/m'], mirror_whitelist: '*' })
  t.match(await pageOf(indexes, 'a/leaf'), { 'project-status': { status: 'quarantined' } })
  await uploadTo(indexes, 'a/leaf', one)
  const page = await pageOf(indexes, 'a/leaf')
  t.equal(page?.['project-status'], undefined, 'ours is not')
  t.same(
    page?.files.map(file => file.filename),
    [one.filename],
    'and theirs are not offered',
  )
})

t.test('offline, what is missing may be elsewhere', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  const indexes = setUp(t, { offline: true, upstreams: [upstreamAt(upstream.url.href)] })
  await setIndex(indexes, 'a/leaf', { bases: ['root/pypi'] })
  const { whole } = await opened(indexes, 'a/leaf')
  t.match(whole.limits, /offline/)
  t.equal(await whole.project(leaf), undefined)
  t.equal(upstream.requests.length, 0)
  t.equal((await indexes.registry.open(indexOf('root/pypi')))?.own.limits, indexes.root.limits)
})
