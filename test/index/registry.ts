/** Indexes by their names: what they promise, and that what changes is seen with the next look. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test as TapTest } from 'tap'
import type { Settings } from '../../src/settings.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { directoryOf } from '../fixtures/directory.ts'
import {
  bytesOf,
  filenameOf,
  indexContract,
  nameOf,
  type Subject,
} from '../fixtures/index-contract.ts'
import { drop, openFor } from '../fixtures/indexes.ts'
import { indexOf, opened, setIndex, uploadTo } from '../fixtures/named-indexes.ts'
import { upstreamAt } from '../fixtures/serve.ts'
import { gate, startUpstream, type Upstream, type UpstreamFile } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.5', requiresPython: '>=3.6' })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.5' })
const leaf = nameOf('leaf-lib')
const filename = filenameOf(wheel.filename)

const plain = (dist: Dist): UpstreamFile => ({ filename: dist.filename, bytes: dist.bytes })
const hashless = (dist: Dist): UpstreamFile => ({ ...plain(dist), hashes: {}, size: false })

const setUp = (t: TapTest, settings?: Partial<Settings>) => openFor(t, directoryOf(t), settings)

/** Waits until a path was asked for so often: nobody waits for the confirmation of a page for long. */
const asked = async (upstream: Upstream, path: string, times: number): Promise<void> => {
  while (upstream.count(path) < times) await new Promise(resolve => setImmediate(resolve))
}

const withMirror = async (t: TapTest, files: readonly UpstreamFile[], form: 'json' | 'html') => {
  const upstream = await startUpstream(t, { form })
  upstream.project('leaf-lib', files)
  const indexes = setUp(t)
  await setIndex(indexes, 'root/other', { type: 'mirror', mirror_url: upstream.url.href })
  return { upstream, indexes }
}

const subjects: Record<string, (t: TapTest) => Promise<Subject>> = {
  'a stage': async t => {
    const indexes = setUp(t)
    await setIndex(indexes, 'alice/dev')
    for (const dist of [wheel, sdist]) await uploadTo(indexes, 'alice/dev', dist)
    const { own } = await opened(indexes, 'alice/dev')
    return { index: own, wheel, sdist, place: 'alice/dev/+f/' }
  },
  'a stage into whose directory somebody put files': async t => {
    const indexes = setUp(t)
    await setIndex(indexes, 'alice/dev')
    await drop(indexes.layout.root, `@alice/dev/${wheel.filename}`, wheel.bytes)
    await drop(indexes.layout.root, `@alice/dev/Leaf_Lib/${sdist.filename}`, sdist.bytes)
    const { whole } = await opened(indexes, 'alice/dev')
    return { index: whole, wheel, sdist, place: 'alice/dev/+f/' }
  },
  'a mirror of JSON pages': async t => {
    const { indexes } = await withMirror(t, [plain(wheel), plain(sdist)], 'json')
    const { own } = await opened(indexes, 'root/other')
    return { index: own, wheel, sdist, place: 'root/other/+f/' }
  },
  'a stage above two others': async t => {
    const indexes = setUp(t)
    await setIndex(indexes, 'bob/lib')
    await setIndex(indexes, 'bob/more')
    await setIndex(indexes, 'alice/dev', { bases: ['bob/lib', 'bob/more'] })
    await uploadTo(indexes, 'bob/lib', wheel)
    await uploadTo(indexes, 'bob/more', sdist)
    const { whole } = await opened(indexes, 'alice/dev')
    return { index: whole, wheel, sdist, place: 'bob/' }
  },
  'a stage above the root index': async t => {
    const upstream = await startUpstream(t, { form: 'json' })
    upstream.project('leaf-lib', [plain(wheel), plain(sdist)])
    const indexes = setUp(t, { upstreams: [upstreamAt(upstream.url.href)] })
    await setIndex(indexes, 'alice/dev', { bases: ['root/pypi'] })
    const { whole } = await opened(indexes, 'alice/dev')
    return { index: whole, wheel, sdist }
  },
  'a stage above a mirror of HTML pages': async t => {
    const { indexes } = await withMirror(t, [plain(wheel), plain(sdist)], 'html')
    await setIndex(indexes, 'alice/dev', { bases: ['root/other'] })
    const { whole } = await opened(indexes, 'alice/dev')
    return { index: whole, wheel, sdist, place: 'root/other/+f/' }
  },
}

for (const [name, make] of Object.entries(subjects)) t.test(name, async t => indexContract(t, make))

t.test('files whose hash upstream does not tell are at devpi’s other path', async t => {
  const { indexes } = await withMirror(t, [hashless(wheel), hashless(sdist)], 'html')
  const { own } = await opened(indexes, 'root/other')
  const pathOf = async () =>
    (await (await own.project(leaf))?.page())?.files.find(file => file.filename === filename)?.url
  const path = (await pathOf()) ?? ''
  t.match(path, /^root\/other\/\+e\/http_127\.0\.0\.1_\d+_[\w.-]+\/[^/]+$/)
  const wanted = { name: leaf, filename, path }
  t.ok((await bytesOf((await own.file(wanted))?.resource)).equals(wheel.bytes))
  t.equal(await pathOf(), path, 'and stay there when their hash is known')
  t.equal((await own.file(wanted))?.source, 'hit')
})

t.test('a file whose name does not tell its project is found by its path', async t => {
  const strange = { ...plain(makeSdist({ name: 'other', version: '1.0' })) }
  const { indexes } = await withMirror(t, [strange], 'json')
  const { own } = await opened(indexes, 'root/other')
  const [file] = (await (await own.project(leaf))?.page())?.files ?? []
  t.match(file?.url, /^root\/other\/\+e\/@leaf-lib@[^/]+\/other-1\.0\.tar\.gz$/)
  const wanted = { name: leaf, filename: filenameOf(strange.filename), path: file?.url ?? '' }
  t.ok((await bytesOf((await own.file(wanted))?.resource)).equals(strange.bytes))
})

t.test('no such index, and none that was deleted', async t => {
  const indexes = setUp(t)
  const dev = indexOf('alice/dev')
  t.equal(await indexes.registry.open(dev), undefined)
  await setIndex(indexes, 'alice/dev')
  const first = await opened(indexes, 'alice/dev')
  t.equal(await indexes.registry.open(dev), first, 'the same as long as nothing changes')
  await indexes.configs.remove(dev, async () => {})
  t.equal(await indexes.registry.open(dev), undefined)
  t.equal(await indexes.registry.open(indexOf('root/pypi')), indexes.registry.root)
})

t.test('what another process changes is seen at the next request', async t => {
  const directory = directoryOf(t)
  const [here, there] = [openFor(t, directory), openFor(t, directory)]
  await setIndex(there, 'bob/lib')
  await setIndex(there, 'alice/dev', { bases: ['bob/lib'] })
  const listed = async () => {
    const { whole } = await opened(here, 'alice/dev')
    return (await (await whole.project(leaf))?.page())?.files.map(file => file.filename)
  }
  t.equal(await listed(), undefined)
  await uploadTo(there, 'bob/lib', wheel)
  t.same(await listed(), [wheel.filename], 'an upload to a base')
  await setIndex(there, 'alice/dev', { bases: [] })
  t.equal(await listed(), undefined, 'settings')
  await setIndex(there, 'alice/dev', { bases: ['bob/lib'] })
  t.same(await listed(), [wheel.filename])
  await (await opened(there, 'bob/lib')).stage?.remove(leaf, {}, 'bob')
  t.equal(await listed(), undefined, 'a deletion')
})

t.test('settings that change while an index is opened are not missed', async t => {
  const indexes = setUp(t)
  await setIndex(indexes, 'alice/dev', { title: 'before' })
  const opening = indexes.registry.open(indexOf('alice/dev'))
  await setIndex(indexes, 'alice/dev', { title: 'after' })
  await opening
  t.match((await opened(indexes, 'alice/dev')).config, { title: 'after' })
})

t.test('a change of settings leaves what is under way alone', async t => {
  const { upstream, indexes } = await withMirror(t, [plain(wheel)], 'json')
  const answer = gate()
  upstream.behave(upstream.path(wheel.filename), { before: answer })
  const { own } = await opened(indexes, 'root/other')
  const fetching = own.fetch({ name: leaf, filename })
  await asked(upstream, upstream.path(wheel.filename), 1)
  const settings = { type: 'mirror', mirror_url: upstream.url.href }
  await setIndex(indexes, 'root/other', { ...settings, title: 'new' })
  const renamed = await opened(indexes, 'root/other')
  t.equal(renamed.own, own, 'the same mirror under another title')
  await setIndex(indexes, 'root/other', { ...settings, mirror_cache_expiry: 60 })
  const renewed = await opened(indexes, 'root/other')
  t.not(renewed.own, own, 'another one with other habits')
  answer.open()
  t.equal((await fetching)?.size, wheel.bytes.length)
  t.equal((await renewed.own.fetch({ name: leaf, filename }))?.source, 'hit')
})

t.test('a mirror', async t => {
  t.test('sends its credentials to its own upstream, and shows them nowhere', async t => {
    const credentials = { username: 'alice', password: 'se:cret/1' }
    const upstream = await startUpstream(t, { form: 'json', credentials })
    upstream.project('leaf-lib', [plain(wheel)])
    const indexes = setUp(t)
    const url = new URL(upstream.url)
    url.username = credentials.username
    url.password = encodeURIComponent(credentials.password)
    await setIndex(indexes, 'root/other', { type: 'mirror', mirror_url: url.href })
    const { own } = await opened(indexes, 'root/other')
    t.ok((await bytesOf((await own.file({ name: leaf, filename }))?.resource)).equals(wheel.bytes))
    const page = await (await own.project(leaf))?.page()
    t.notMatch(JSON.stringify(page), /se(?::|%3A)cret/)
    await upstream.down()
    const error: unknown = await own.project(nameOf('other')).catch((failure: unknown) => failure)
    t.match(error, { status: 502, message: /root\/other/ })
    t.notMatch((error as Error).message, /cret/)
  })

  t.test('without a URL is an error that says so, not an empty index', async t => {
    const indexes = setUp(t)
    await setIndex(indexes, 'root/other', { type: 'mirror' })
    const { own } = await opened(indexes, 'root/other')
    await t.rejects(own.project(leaf), { status: 502, message: /root\/other has no mirror_url/ })
    const listing = async () => {
      for await (const name of own.projects()) t.fail(name)
    }
    await t.rejects(listing(), { status: 502, message: /no mirror_url/ })
  })

  t.test('looks at a page again after half an hour, or as often as it is told (F08)', async t => {
    const { upstream, indexes } = await withMirror(t, [plain(wheel)], 'json')
    const path = upstream.page('leaf-lib')
    upstream.behave(path, { headers: { 'cache-control': 'max-age=0' } })
    const look = async () => (await opened(indexes, 'root/other')).own.project(leaf)
    await look()
    await look()
    t.equal(upstream.count(path), 1, 'whatever upstream allows')
    const settings = { type: 'mirror', mirror_url: upstream.url.href }
    await setIndex(indexes, 'root/other', { ...settings, mirror_cache_expiry: 0 })
    await look()
    await asked(upstream, path, 2)
    t.equal(upstream.count(path), 2)
  })

  t.test('with mirror_no_project_list is not asked for its list', async t => {
    const { upstream, indexes } = await withMirror(t, [plain(wheel)], 'json')
    upstream.project('unseen', [])
    const settings = { type: 'mirror', mirror_url: upstream.url.href }
    await setIndex(indexes, 'root/other', { ...settings, mirror_no_project_list: true })
    const names = async () => {
      const found: string[] = []
      for await (const name of (await opened(indexes, 'root/other')).own.projects())
        found.push(name)
      return found
    }
    t.same(await names(), [])
    await (await opened(indexes, 'root/other')).own.project(leaf)
    t.same(await names(), ['leaf-lib'], 'it knows what was asked for')
    t.equal(upstream.count(upstream.url.pathname), 0)
    await setIndex(indexes, 'root/other', settings)
    t.same((await names()).toSorted(), ['leaf-lib', 'unseen'])
  })

  t.test('believes no older page, unless it ignores serials', async t => {
    const { upstream, indexes } = await withMirror(t, [], 'json')
    const settings = { type: 'mirror', mirror_url: upstream.url.href, mirror_cache_expiry: 0 }
    const count = async (more: object) => {
      await setIndex(indexes, 'root/other', { ...settings, ...more })
      const { own } = await opened(indexes, 'root/other')
      return (await (await own.project(leaf, { confirm: true }))?.page())?.files.length
    }
    upstream.project('leaf-lib', [plain(wheel), plain(sdist)], { serial: 9 })
    t.equal(await count({}), 2)
    upstream.project('leaf-lib', [plain(wheel)], { serial: 7 })
    t.equal(await count({}), 2)
    t.equal(await count({ mirror_ignore_serial_header: true }), 1)
  })

  t.test('serves files itself, whatever mirror_use_external_urls says', async t => {
    const { upstream, indexes } = await withMirror(t, [plain(wheel)], 'json')
    const mirror_url = upstream.url.href
    await setIndex(indexes, 'root/other', {
      type: 'mirror',
      mirror_url,
      mirror_use_external_urls: true,
    })
    const { own, layout } = await opened(indexes, 'root/other')
    const [file] = (await (await own.project(leaf))?.page())?.files ?? []
    t.ok(file?.url.startsWith('root/other/+f/'))
    const kept = await own.fetch({ name: leaf, filename })
    t.equal(kept?.path, layout.file(leaf, filename))
    t.ok((await readFile(kept?.path ?? '')).equals(wheel.bytes))
  })

  t.test('asks nobody for private names of the settings', async t => {
    const upstream = await startUpstream(t, { form: 'json' })
    upstream.project('leaf-lib', [plain(wheel)])
    const indexes = setUp(t, { private: ['leaf-*'] })
    await setIndex(indexes, 'root/other', { type: 'mirror', mirror_url: upstream.url.href })
    const { own } = await opened(indexes, 'root/other')
    t.equal(await own.project(leaf), undefined)
    t.equal(upstream.requests.length, 0)
  })
})

const twoUpstreams = async (t: TapTest) => {
  const [first, second] = [
    await startUpstream(t, { form: 'json' }),
    await startUpstream(t, { form: 'json' }),
  ]
  first.project('leaf-lib', [plain(wheel)])
  second.project('leaf-lib', [plain(sdist)])
  return [first, second] as const
}
const rootFiles = async (indexes: ReturnType<typeof openFor>) => {
  await indexes.registry.open(indexOf('root/pypi'))
  const project = await indexes.root.project(leaf)
  return (await project?.page())?.files.map(file => file.filename)
}

t.test('the root index', async t => {
  t.test('has the upstream of its record where nobody said another', async t => {
    const [first, second] = await twoUpstreams(t)
    const indexes = setUp(t, {
      upstreams: [upstreamAt(first.url.href)],
      isDefaultUpstream: true,
    })
    await setIndex(indexes, 'root/pypi', { type: 'mirror', mirror_url: first.url.href })
    t.same(await rootFiles(indexes), [wheel.filename])
    t.equal(indexes.mirrors[0]?.name, 'pypi')
    await setIndex(indexes, 'root/pypi', { type: 'mirror', mirror_url: second.url.href })
    t.same(await rootFiles(indexes), [sdist.filename])
    t.same(
      indexes.mirrors.map(mirror => mirror.name),
      ['mirror'],
    )
  })

  t.test('keeps the upstream that somebody said', async t => {
    const [first, second] = await twoUpstreams(t)
    const indexes = setUp(t, { upstreams: [upstreamAt(first.url.href)] })
    await setIndex(indexes, 'root/pypi', { type: 'mirror', mirror_url: second.url.href })
    t.same(await rootFiles(indexes), [wheel.filename])
  })

  t.test('looks at its pages as often as its record says', async t => {
    const [first] = await twoUpstreams(t)
    const indexes = setUp(t, { upstreams: [upstreamAt(first.url.href)] })
    await rootFiles(indexes)
    await rootFiles(indexes)
    t.equal(first.count(first.page('leaf-lib')), 1)
    await setIndex(indexes, 'root/pypi', { type: 'mirror', mirror_cache_expiry: 0 })
    await rootFiles(indexes)
    await asked(first, first.page('leaf-lib'), 2)
    t.equal(first.count(first.page('leaf-lib')), 2)
  })

  t.test('has its files at devpi’s paths, too', async t => {
    const [first] = await twoUpstreams(t)
    const indexes = setUp(t, { upstreams: [upstreamAt(first.url.href)] })
    const { own } = indexes.registry.root
    const sha256 = (await (await own.project(leaf))?.page())?.files[0]?.hashes['sha256'] ?? ''
    const path = `root/pypi/+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${filename}`
    const wanted = { name: leaf, filename, path }
    t.equal((await own.peek(wanted))?.size, wheel.bytes.length)
    t.ok((await bytesOf((await own.file(wanted))?.resource)).equals(wheel.bytes))
    t.equal((await bytesOf((await own.metadata(wanted))?.resource)).toString(), wheel.metadata)
    t.equal((await own.fetch(wanted))?.source, 'hit')
    const wrong = path.replace(sha256.slice(0, 3), sha256.startsWith('000') ? '111' : '000')
    t.equal(await own.file({ ...wanted, path: wrong }), undefined)
    t.equal(await own.file({ ...wanted, name: nameOf('no-such') }), undefined)
  })

  t.test('does not take directories of users for projects', async t => {
    const indexes = setUp(t)
    await setIndex(indexes, 'alice/dev')
    await uploadTo(indexes, 'alice/dev', wheel)
    t.ok((await readFile(join(indexes.layout.root, '@alice/dev/leaf-lib', filename))).length > 0)
    const names: string[] = []
    for await (const name of indexes.root.projects()) names.push(name)
    t.same(names, [])
    t.equal(await indexes.root.project(leaf), undefined)
  })
})
