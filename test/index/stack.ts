import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test as TapTest } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import {
  bytesOf,
  filenameOf,
  indexContract,
  nameOf,
  type Subject,
} from '../fixtures/index-contract.ts'
import { drop, openFor } from '../fixtures/indexes.ts'
import { upstreamAt } from '../fixtures/serve.ts'
import { startUpstream, type UpstreamFile } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.5', requiresPython: '>=3.6' })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.5' })
const leaf = nameOf('leaf-lib')

const plain = ({ filename, bytes }: Dist): UpstreamFile => ({ filename, bytes })
const withMetadata = ({ filename, bytes, metadata }: Dist): UpstreamFile =>
  filename.endsWith('.whl') ? { filename, bytes, metadata } : { filename, bytes }

const subjects: Record<string, (t: TapTest) => Promise<Subject>> = {
  'files in the root': async t => {
    const directory = directoryOf(t)
    await drop(directory, wheel.filename, wheel.bytes)
    await drop(directory, sdist.filename, sdist.bytes)
    return { index: openFor(t, directory).root, wheel, sdist }
  },
  'files in a project directory of another spelling': async t => {
    const directory = directoryOf(t)
    await drop(directory, `Leaf.Lib/${wheel.filename}`, wheel.bytes)
    await drop(directory, `leaf-lib/${sdist.filename}`, sdist.bytes)
    return { index: openFor(t, directory).root, wheel, sdist }
  },
  'the layout of pypicache': async t => {
    const directory = directoryOf(t)
    await drop(directory, `packages/l/leaf-lib/${wheel.filename}`, wheel.bytes)
    await drop(directory, `packages/l/Leaf_Lib/${sdist.filename}`, sdist.bytes)
    return { index: openFor(t, directory).local, wheel, sdist }
  },
  'a JSON upstream': async t => {
    const upstream = await startUpstream(t, { form: 'json' })
    upstream.project('leaf-lib', [withMetadata(wheel), plain(sdist)])
    const { root } = openFor(t, directoryOf(t), { upstreams: [upstreamAt(upstream.url.href)] })
    return { index: root, wheel, sdist }
  },
  'an HTML upstream without metadata': async t => {
    const upstream = await startUpstream(t, { form: 'html' })
    upstream.project('leaf-lib', [plain(wheel), plain(sdist)])
    const { root } = openFor(t, directoryOf(t), { upstreams: [upstreamAt(upstream.url.href)] })
    return { index: root, wheel, sdist }
  },
  'what was fetched, with upstream down and in offline mode': async t => {
    const upstream = await startUpstream(t, { form: 'html' })
    upstream.project('leaf-lib', [plain(wheel), plain(sdist)])
    const directory = directoryOf(t)
    const upstreams = [upstreamAt(upstream.url.href)]
    const { root } = openFor(t, directory, { upstreams })
    for (const { filename } of [wheel, sdist])
      await bytesOf((await root.file({ name: leaf, filename: filenameOf(filename) }))?.resource)
    await upstream.down()
    return { index: openFor(t, directory, { upstreams, offline: true }).root, wheel, sdist }
  },
  'an upstream and one dropped file of the same project': async t => {
    const upstream = await startUpstream(t, { form: 'json' })
    upstream.project('leaf-lib', [plain(wheel), plain(sdist)])
    const directory = directoryOf(t)
    await drop(directory, sdist.filename, sdist.bytes)
    const { root } = openFor(t, directory, { upstreams: [upstreamAt(upstream.url.href)] })
    return { index: root, wheel, sdist }
  },
}

for (const [name, make] of Object.entries(subjects)) t.test(name, async t => indexContract(t, make))

t.test('offline, a page lists what can really be installed (N48)', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('leaf-lib', [plain(wheel), plain(sdist)])
  const directory = directoryOf(t)
  const upstreams = [upstreamAt(upstream.url.href)]
  const online = openFor(t, directory, { upstreams })
  await bytesOf(
    (await online.root.file({ name: leaf, filename: filenameOf(wheel.filename) }))?.resource,
  )
  const asked = upstream.requests.length
  const offline = openFor(t, directory, { upstreams, offline: true })
  const page = await (await offline.root.project(leaf))?.page()
  t.same(
    page?.files.map(({ filename }) => filename),
    [wheel.filename],
  )
  t.equal(await offline.root.project(nameOf('never-seen')), undefined)
  t.equal(upstream.requests.length, asked, 'nobody was asked')
})

t.test(
  'the first upstream that has a project owns it, and versions are not mixed (N14)',
  async t => {
    const company = await startUpstream(t, { form: 'json' })
    const pypi = await startUpstream(t, { form: 'json' })
    const newer = makeWheel({ name: 'leaf-lib', version: '99' })
    const other = makeWheel({ name: 'twig', version: '1' })
    company.project('leaf-lib', [plain(wheel)])
    pypi.project('leaf-lib', [plain(newer)])
    pypi.project('twig', [plain(other)])
    const { root } = openFor(t, directoryOf(t), {
      upstreams: [upstreamAt(company.url.href, { name: 'company' }), upstreamAt(pypi.url.href)],
    })
    const page = await (await root.project(leaf))?.page()
    t.same(
      page?.files.map(({ filename }) => filename),
      [wheel.filename],
    )
    t.ok(await root.project(nameOf('twig')), 'what the first has not is looked up in the second')
    await company.down()
    await t.rejects(
      root.project(nameOf('unseen')),
      /connection refused/,
      'a failing one is not skipped (SA-106)',
    )
    t.ok(
      await root.project(nameOf('twig'), { confirm: true }),
      'but what a later one gave before is given again (N3)',
    )
  },
)

t.test('`only` keeps other names from an upstream', async t => {
  const torch = await startUpstream(t, { form: 'html' })
  const { root } = openFor(t, directoryOf(t), {
    upstreams: [upstreamAt(torch.url.href, { only: ['torch*'] })],
  })
  t.equal(await root.project(leaf), undefined)
  t.equal(torch.requests.length, 0)
})

t.test('same file name, other bytes upstream: what was published here stays (U91)', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('leaf-lib', [plain(wheel)])
  const { root, log } = openFor(t, directoryOf(t), { upstreams: [upstreamAt(upstream.url.href)] })
  const wanted = { name: leaf, filename: filenameOf(wheel.filename) }
  await bytesOf((await root.file(wanted))?.resource)
  const changed = makeWheel({ name: 'leaf-lib', version: '1.5', files: { 'evil.py': 'pass' } })
  upstream.project('leaf-lib', [plain(changed)])
  const page = await (await root.project(leaf, { confirm: true }))?.page()
  const found = await root.file({ ...wanted, path: page?.files[0]?.url ?? '' })
  t.ok((await bytesOf(found?.resource)).equals(wheel.bytes), 'page and file agree')
  t.ok(
    log.told.some(({ level, message }) => level === 'warn' && message.includes('other bytes')),
    'and the log says so',
  )
})

t.test('a project whose page was lost is listed by its files while upstream is down', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('leaf-lib', [plain(wheel), plain(sdist)])
  const directory = directoryOf(t)
  const upstreams = [upstreamAt(upstream.url.href)]
  const first = openFor(t, directory, { upstreams })
  await bytesOf(
    (await first.root.file({ name: leaf, filename: filenameOf(wheel.filename) }))?.resource,
  )
  await first.close()
  await rm(join(directory, '.proxypypi/cache'), { recursive: true, maxRetries: 10 })
  await upstream.down()
  const project = await openFor(t, directory, { upstreams }).root.project(leaf)
  t.equal(project?.source, 'stale')
  t.same(
    (await project?.page())?.files.map(({ filename }) => filename),
    [wheel.filename],
  )
})

t.test('a private name is listed without asking, and never merged (N9, X17)', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('leaf-lib', [plain(makeWheel({ name: 'leaf-lib', version: '99' }))])
  const directory = directoryOf(t)
  await writeFile(join(directory, wheel.filename), wheel.bytes)
  const { root } = openFor(t, directory, {
    upstreams: [upstreamAt(upstream.url.href)],
    private: ['leaf-*'],
  })
  const page = await (await root.project(leaf))?.page()
  t.same(
    page?.files.map(({ filename }) => filename),
    [wheel.filename],
  )
  t.equal(await root.project(nameOf('leaf-new')), undefined)
  t.equal(upstream.requests.length, 0, 'nothing left the building')
  t.match(page?.['_note'], /private = \["leaf-\*"\]/, 'and the page names the rule')
})
