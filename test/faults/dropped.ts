/**
 * Files that people put into the directory: seen at once, whole or not at all, and never mixed up
 * with upstream's.
 */
import { execFile } from 'node:child_process'
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { checked, listing, projects, sha256 } from '../fixtures/listing.ts'
import { serve, upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { startUpstream, type Upstream } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0', requiresPython: '>=3.8' })
const sdist = makeSdist({ name: 'demo', version: '1.1' })
const other = makeWheel({ name: 'other', version: '3.0' })

const plain = ({ filename, bytes }: Dist) => ({ filename, bytes })

const setUp = async (
  t: Test,
  more: Parameters<typeof serve>[1] = {},
): Promise<{
  served: Served
  upstream: Upstream
  drop: (path: string, bytes: Buffer | string) => Promise<void>
}> => {
  const upstream = await startUpstream(t)
  upstream.project('other', [plain(other)])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)], ...more })
  const drop = async (path: string, bytes: Buffer | string) => {
    const full = join(served.directory, path)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, bytes)
  }
  return { served, upstream, drop }
}

const right = (...dists: Dist[]) =>
  Object.fromEntries(dists.map(({ filename }) => [filename, 'right']))

t.test(
  'a dropped file is there at the next request, wherever it lies (S21, S28, P06, P21, P22)',
  async t => {
    const { served, upstream, drop } = await setUp(t)
    t.equal((await listing(served.url, 'demo')).status, 404)
    await drop(wheel.filename, wheel.bytes)
    t.same(await checked(await listing(served.url, 'demo')), right(wheel), 'in the root')
    await drop(`Demo/${sdist.filename}`, sdist.bytes)
    const page = await listing(served.url, 'demo')
    t.same(await checked(page), right(wheel, sdist), 'and in a directory of its own')
    t.equal(
      page.files.find(({ filename }) => filename === wheel.filename)?.['requires-python'],
      '>=3.8',
    )
    t.same(await projects(served.url), ['demo', 'other'])
    t.same(await projects(served.url, 'local/'), ['demo'])
    for (const path of [
      `package/${wheel.filename}`,
      `package/demo/${wheel.filename}`,
      `packages/demo/${wheel.filename}`,
      `packages/source/d/demo/${wheel.filename}`,
      `packages/2.7/d/demo/${wheel.filename}`,
    ]) {
      const response = await served.get(path)
      t.equal(sha256(Buffer.from(await response.arrayBuffer())), sha256(wheel.bytes), path)
    }
    const metadata = await served.get(`packages/demo/${wheel.filename}.metadata`)
    t.equal(await metadata.text(), wheel.metadata)
    t.same(
      await checked(await listing(served.url, 'other')),
      right(other),
      'upstream is still there',
    )
    t.equal(
      upstream.requests.filter(({ path }) => path.includes('.whl') && path.includes('demo')).length,
      0,
    )
  },
)

t.test('a file that is being copied is not listed until it is whole (S22)', async t => {
  const { served } = await setUp(t)
  const tall = makeWheel({ name: 'demo', version: '2.0', size: 40_000 })
  for (const { filename, bytes } of [tall, makeSdist({ name: 'demo', version: '2.1' })]) {
    const path = join(served.directory, filename)
    const steps = 25
    for (let step = 0; step <= steps; step += 1) {
      const upTo = Math.round((bytes.length * step) / steps)
      await writeFile(path, bytes.subarray(0, upTo))
      const page = await listing(served.url, 'demo')
      const listed = page.files.filter(file => file.filename === filename)
      if (step < steps) t.same(listed, [], `${filename} at ${upTo} of ${bytes.length}`)
      else t.same((await checked(page))[filename], 'right')
    }
  }
})

t.test(
  'a kind that does not show whether it is whole is listed when it has not changed for a while (S22)',
  async t => {
    const { served, drop } = await setUp(t, { settle: 5 })
    const filename = 'demo-3.0.tar.bz2'
    await drop(filename, 'half of')
    t.same((await listing(served.url, 'demo')).names, [])
    const old = new Date(Date.now() - 6000)
    await appendFile(join(served.directory, filename), ' it')
    await utimes(join(served.directory, filename), old, old)
    t.same(await checked(await listing(served.url, 'demo')), { [filename]: 'right' })
  },
)

t.test('a replaced file has its new hash and bytes, a removed one is gone (S23)', async t => {
  const { served, drop } = await setUp(t)
  const changed = makeWheel({ name: 'demo', version: '1.0', extra: 'Summary: changed\n' })
  const path = join(served.directory, 'demo', wheel.filename)
  for (const many of [0, 80]) {
    for (let version = 0; version < many; version += 1)
      await drop(`demo/demo-9.${version}.tar.gz`, sdist.bytes)
    await drop(`demo/${wheel.filename}`, wheel.bytes)
    const before = await listing(served.url, 'demo')
    t.equal((await checked(before))[wheel.filename], 'right')
    await writeFile(`${path}.part`, changed.bytes)
    await rename(`${path}.part`, path)
    const renamed = await listing(served.url, 'demo')
    t.equal(
      renamed.files.find(file => file.filename === wheel.filename)?.hashes['sha256'],
      sha256(changed.bytes),
    )
    t.equal((await checked(renamed))[wheel.filename], 'right', `renamed over it, ${many} others`)
    await writeFile(path, wheel.bytes)
    await fetch(before.files.find(file => file.filename === wheel.filename)?.url ?? '').then(
      answer => answer.arrayBuffer(),
    )
    t.equal(
      (await checked(await listing(served.url, 'demo')))[wheel.filename],
      'right',
      'written into',
    )
    await rm(path)
    t.equal((await listing(served.url, 'demo')).names.includes(wheel.filename), false)
    t.equal((await served.get(`packages/demo/${wheel.filename}`)).status, 404)
  }
})

t.test('replaced under load: listing and bytes agree or the client hears of it (S23)', async t => {
  const { served, drop } = await setUp(t)
  const kinds = [1, 2, 3].map(kind =>
    makeWheel({ name: 'demo', version: '1.0', extra: `Summary: ${kind}\n`, size: 200_000 + kind }),
  )
  const known = new Set(kinds.map(({ bytes }) => sha256(bytes)))
  await drop(wheel.filename, (kinds[0] as Dist).bytes)
  let done = false
  const replacing = (async () => {
    for (let turn = 0; turn < 40; turn += 1) {
      const aside = join(served.directory, '.aside')
      await writeFile(aside, (kinds[turn % 3] as Dist).bytes)
      await rename(aside, join(served.directory, wheel.filename))
    }
    done = true
  })()
  let looks = 0
  const seen = new Set<string>()
  for (; looks < 400; looks += 1) {
    if (done) break
    const response = await served.get(`packages/demo/${wheel.filename}`)
    const bytes = Buffer.from(await response.arrayBuffer().catch(() => new ArrayBuffer(0)))
    if (response.status === 200 && bytes.length > 0) {
      seen.add(sha256(bytes))
      t.equal(response.headers.get('etag'), `"${sha256(bytes)}"`)
    } else t.ok([404, 200].includes(response.status))
  }
  await replacing
  for (const digest of seen) t.ok(known.has(digest), 'never a mixture')
  t.same(await checked(await listing(served.url, 'demo')), right(wheel))
})

t.test('a file that has several names by links is listed under each (P26, S24)', async t => {
  const { served, drop } = await setUp(t)
  await drop(sdist.filename, sdist.bytes)
  await symlink(sdist.filename, join(served.directory, 'alias-1.1.tar.gz'))
  await symlink(sdist.filename, join(served.directory, 'demo-1.2.tar.gz'))
  for (const time of ['first', 'second']) {
    const demo = await checked(await listing(served.url, 'demo'))
    t.same(demo, { ...right(sdist), 'demo-1.2.tar.gz': 'right' }, time)
    t.same(await checked(await listing(served.url, 'alias')), { 'alias-1.1.tar.gz': 'right' }, time)
  }
})

t.test('links, FIFOs, sockets and directories (S24, S25)', async t => {
  const { served, drop } = await setUp(t)
  const { directory } = served
  await drop(`demo/${wheel.filename}`, wheel.bytes)
  await drop('.proxypypi/keep/demo-6.0.tar.gz', sdist.bytes)
  await symlink('/etc/passwd', join(directory, 'demo/demo-5.0.zip'))
  await symlink(process.execPath, join(directory, 'demo-5.1.tar.bz2'))
  await symlink('/etc', join(directory, 'etc'))
  await symlink('../.proxypypi/keep/demo-6.0.tar.gz', join(directory, 'demo/demo-6.0.tar.gz'))
  await symlink('demo-7.0.tar.gz', join(directory, 'demo/demo-7.0.tar.gz'))
  await symlink('nowhere', join(directory, 'demo/demo-8.0.tar.gz'))
  await symlink('..', join(directory, 'demo/up'))
  await symlink(`demo/${wheel.filename}`, join(directory, 'demo-1.0-py3-none-any.whl'))
  await mkdir(join(directory, 'demo/demo-9.0.tar.gz'))
  await promisify(execFile)('mkfifo', [join(directory, 'demo/demo-9.1.tar.gz')])
  const before = process.cwd()
  process.chdir(join(directory, 'demo'))
  const server = createServer()
  await new Promise<void>(resolve => server.listen('demo-9.2.tar.gz', resolve))
  process.chdir(before)
  t.teardown(() => server.close())
  t.same(await checked(await listing(served.url, 'demo')), {
    [wheel.filename]: 'right',
    'demo-1.0-py3-none-any.whl': 'right',
  })
  for (const name of [
    '5.0.zip',
    '6.0.tar.gz',
    '7.0.tar.gz',
    '8.0.tar.gz',
    '9.0.tar.gz',
    '9.1.tar.gz',
    '9.2.tar.gz',
  ])
    t.equal((await served.get(`packages/demo/demo-${name}`)).status, 404, name)
  t.equal((await served.get('packages/demo/demo-5.1.tar.bz2')).status, 404)
  // Exchanged for a FIFO after it was listed and opened.
  await rm(join(directory, 'demo', wheel.filename))
  await promisify(execFile)('mkfifo', [join(directory, 'demo', wheel.filename)])
  t.equal((await served.get(`packages/demo/${wheel.filename}`)).status, 404)
})

t.test(
  'hostile names and things that are no distributions are never served (S26, S27, X02)',
  async t => {
    const { served, drop } = await setUp(t)
    await drop(wheel.filename, wheel.bytes)
    for (const name of [
      'demo-1\n.tar.gz',
      'demo-<script>1.tar.gz',
      'demo-"1.tar.gz',
      '-demo-1.tar.gz',
      '.demo-1.tar.gz',
      `demo-${'9'.repeat(243)}.zip`,
      'index.html',
      'evil.svg',
      '.env',
      'id_rsa',
      'proxypypi.toml.bak',
    ])
      await drop(name, sdist.bytes)
    await writeFile(
      Buffer.concat([
        Buffer.from(join(served.directory, 'demo-')),
        Buffer.from([0xff, 0xc3]),
        Buffer.from('.tar.gz'),
      ]),
      sdist.bytes,
    )
    t.same((await listing(served.url, 'demo')).names, [wheel.filename])
    t.same(await projects(served.url, 'local/'), ['demo'])
    for (const path of [
      'packages/demo/index.html',
      'package/.env',
      'package/id_rsa',
      'packages/demo/..%2f.env',
      'packages/%2e%2e/.proxypypi/layout',
      'packages/.proxypypi/layout',
      'package/proxypypi.toml',
    ])
      t.ok([400, 404].includes((await served.get(path)).status), path)
  },
)

const skip = process.getuid?.() === 0 && 'SKIPPED: root may read everything'

t.test('a file that may not be read is left out and the rest is served', { skip }, async t => {
  const { served, drop } = await setUp(t)
  await drop(wheel.filename, wheel.bytes)
  await drop(sdist.filename, sdist.bytes)
  await chmod(join(served.directory, sdist.filename), 0)
  t.same(await checked(await listing(served.url, 'demo')), right(wheel))
})

t.test(
  'projects whose names begin alike, and files of one name, are kept apart (P26, U42)',
  async t => {
    const { served, upstream, drop } = await setUp(t)
    const extra = makeSdist({ name: 'demo-extra', version: '1.0' })
    const spelled = makeWheel({ name: 'Demo_Extra', version: '1.1' })
    await drop(extra.filename.replace('_', '-'), extra.bytes)
    await drop(`Demo_Extra/${spelled.filename}`, spelled.bytes)
    await drop(`demo.extra/${spelled.filename}`, spelled.bytes)
    await drop(`demo/${sdist.filename}`, sdist.bytes)
    await drop(`demo/${other.filename}`, wheel.bytes)
    t.same((await listing(served.url, 'demo')).names, [sdist.filename])
    t.same(
      (await listing(served.url, 'demo-extra')).names,
      [spelled.filename, 'demo-extra-1.0.tar.gz'].toSorted(),
    )
    t.same(await checked(await listing(served.url, 'demo-extra')), {
      [spelled.filename]: 'right',
      'demo-extra-1.0.tar.gz': 'right',
    })
    t.same(
      await checked(await listing(served.url, 'other')),
      right(other),
      "another project's directory changes nothing",
    )
    // Upstream lists a file of another project's name with other bytes.
    upstream.project('evil', [{ filename: other.filename, bytes: wheel.bytes }])
    for (const name of ['evil', 'other', 'evil'])
      t.same(await checked(await listing(served.url, name)), right(other), name)
  },
)

t.test(
  'a name is private when upstream lists none of its files, for good (contract 3)',
  async t => {
    const { served, upstream, drop } = await setUp(t)
    await drop(wheel.filename, wheel.bytes)
    t.same((await listing(served.url, 'demo')).names, [wheel.filename])
    const newer = makeWheel({ name: 'demo', version: '99.0' })
    upstream.project('demo', [plain(newer)])
    const asked = upstream.count()
    await drop(sdist.filename, sdist.bytes)
    const page = await listing(served.url, 'demo', { headers: { 'cache-control': 'no-cache' } })
    t.same(page.names, [wheel.filename, sdist.filename].toSorted())
    t.equal((await served.get(`packages/demo/${newer.filename}`)).status, 404)
    t.equal((await served.get(upstream.path(newer.filename))).status, 404)
    t.equal(upstream.count(), asked, 'upstream is never asked again')
    await truncate(join(served.directory, wheel.filename), 100)
    await rm(join(served.directory, sdist.filename))
    t.same(
      (await listing(served.url, 'demo')).names,
      [],
      'nor while the only file is being copied over',
    )
    t.equal(upstream.count(), asked)
    await served.close()
    const again = await serve(t, {
      directory: served.directory,
      upstreams: [upstreamAt(upstream.url.href)],
    })
    await drop(wheel.filename, wheel.bytes)
    t.same((await listing(again.url, 'demo')).names, [wheel.filename], 'and after a restart')
    t.equal(upstream.count(), asked)
  },
)

t.test(
  'a name is public when upstream lists one of its files byte for byte (contract 3)',
  async t => {
    const { served, upstream, drop } = await setUp(t)
    const newer = makeWheel({ name: 'demo', version: '2.0' })
    const mine = makeWheel({ name: 'demo', version: '2.0', extra: 'Summary: mine\n' })
    const local = makeSdist({ name: 'demo', version: '1.0' })
    upstream.project('demo', [{ ...plain(wheel), yanked: 'broken' }, plain(newer)])
    await drop(`demo/${wheel.filename}`, wheel.bytes)
    await drop(local.filename, local.bytes)
    const page = await listing(served.url, 'demo')
    t.same(page.names, [wheel.filename, newer.filename, local.filename].toSorted())
    t.same(await checked(page), right(wheel, newer, local))
    t.equal(
      page.files.find(({ filename }) => filename === wheel.filename)?.['yanked'],
      'broken',
      'with what upstream says of it',
    )
    t.equal(upstream.count(upstream.path(wheel.filename)), 0, 'and is not fetched')
    t.equal(
      sha256(Buffer.from(await (await served.get(upstream.path(wheel.filename))).arrayBuffer())),
      sha256(wheel.bytes),
    )
    await drop(mine.filename, mine.bytes)
    await rm(join(served.directory, 'demo', newer.filename))
    const merged = await listing(served.url, 'demo')
    t.equal(
      merged.files.find(({ filename }) => filename === mine.filename)?.hashes['sha256'],
      sha256(mine.bytes),
      'the local file wins',
    )
    t.same((await checked(merged))[mine.filename], 'right')
  },
)

t.test('nothing is decided while upstream is down (contract 3)', async t => {
  const { served, upstream, drop } = await setUp(t)
  upstream.project('demo', [plain(wheel), plain(makeWheel({ name: 'demo', version: '2.0' }))])
  await drop(wheel.filename, wheel.bytes)
  await upstream.down()
  t.same((await listing(served.url, 'demo')).names, [wheel.filename])
  await t.rejects(readFile(join(served.directory, '.proxypypi/keep/names/root/pypi/demo.json')), {
    code: 'ENOENT',
  })
  await upstream.up()
  let names: string[] = []
  for (let turn = 0; turn < 100 && names.length < 2; turn += 1) {
    names = (await listing(served.url, 'demo', { headers: { 'cache-control': 'no-cache' } })).names
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  t.equal(names.length, 2)
})

t.test('the settings beat the evidence (contract 3)', async t => {
  const { served, upstream, drop } = await setUp(t, {
    private: ['acme-*', 'demo'],
    merge: ['mixed'],
  })
  const mixed = makeWheel({ name: 'mixed', version: '1.0' })
  const theirs = makeWheel({ name: 'mixed', version: '2.0' })
  upstream.project('demo', [plain(wheel), plain(makeWheel({ name: 'demo', version: '2.0' }))])
  upstream.project('acme-tool', [plain(makeWheel({ name: 'acme-tool', version: '1.0' }))])
  upstream.project('mixed', [plain(theirs)])
  await drop(wheel.filename, wheel.bytes)
  await drop(mixed.filename, mixed.bytes)
  const page = await listing(served.url, 'demo')
  t.same(page.names, [wheel.filename])
  t.match(page.note, /private/)
  t.equal((await listing(served.url, 'acme-tool')).status, 404)
  t.equal((await served.get('packages/acme-tool/acme_tool-1.0-py2.py3-none-any.whl')).status, 404)
  t.equal(
    (await served.get('packages/acme-tool/acme_tool-1.0-py2.py3-none-any.whl.metadata')).status,
    404,
  )
  t.same(
    upstream.requests.filter(({ path }) => /acme|demo/.test(path)),
    [],
    'upstream never hears of them',
  )
  t.same(await checked(await listing(served.url, 'mixed')), right(mixed, theirs))
})

t.test('the directories of the original programs are served as they are (N29)', async t => {
  const { served, upstream, drop } = await setUp(t)
  // pypicache: packages/LETTER/PROJECT/FILE
  await drop(`packages/d/demo/${wheel.filename}`, wheel.bytes)
  await drop(`packages/source/d/demo/${sdist.filename}`, sdist.bytes)
  // proxypypi: PROJECT/FILE with its notes beside, and empty files of downloads that never began
  const old = makeSdist({ name: 'older', version: '0.5' })
  await drop(`older/${old.filename}`, old.bytes)
  await drop(`older/${old.filename}.url`, 'http://pypi.python.org/older-0.5.tar.gz')
  await drop(`older/${old.filename}.size`, String(old.bytes.length))
  await drop('older/older-0.6.tar.gz', '')
  await drop('older/older-0.6.tar.gz.cancel', '')
  t.same(await checked(await listing(served.url, 'demo')), right(wheel, sdist))
  t.same(await checked(await listing(served.url, 'older')), right(old))
  t.same(await projects(served.url, 'local/'), ['demo', 'older'])
  for (const path of [
    `packages/source/d/demo/${wheel.filename}`,
    `packages/d/demo/${sdist.filename}`,
    `package/older/${old.filename}`,
  ])
    t.equal((await served.get(path)).status, 200, path)
  t.equal((await served.get(`package/older/${old.filename}.url`)).status, 404)
  t.equal((await served.get('package/older/older-0.6.tar.gz')).status, 404)
  // The same when upstream still has the project: nothing is lost, and what was empty is fetched.
  const complete = makeSdist({ name: 'older', version: '0.6' })
  upstream.project('older', [plain(old), plain(complete)])
  const again = await serve(t, {
    directory: await copied(t, served),
    upstreams: [upstreamAt(upstream.url.href)],
  })
  t.same(await checked(await listing(again.url, 'older')), right(old, complete))
})

const copied = async (t: Test, { directory }: Served): Promise<string> => {
  const copy = `${directory}-copy`
  t.teardown(() => rm(copy, { recursive: true, force: true, maxRetries: 10 }))
  await cp(directory, copy, {
    recursive: true,
    filter: path => !path.includes('.proxypypi'),
  })
  return copy
}

t.test('/local/ has what lies here, and asks nobody (C16, C23)', async t => {
  const { served, upstream, drop } = await setUp(t)
  await drop(wheel.filename, wheel.bytes)
  t.same(await checked(await listing(served.url, 'other')), right(other))
  const asked = upstream.count()
  t.same(await checked(await listing(served.url, 'demo', { index: 'local/' })), right(wheel))
  t.same(await checked(await listing(served.url, 'other', { index: 'local/' })), right(other))
  t.equal((await listing(served.url, 'unknown', { index: 'local/' })).status, 404)
  t.equal((await served.get('local/DEMO/')).status, 301)
  t.same(await projects(served.url, 'local/'), ['demo', 'other'])
  t.equal(upstream.count(), asked)
})

t.test('a file open for writing elsewhere is served by what is there (S22)', async t => {
  const { served } = await setUp(t)
  const handle = await open(join(served.directory, wheel.filename), 'w')
  await handle.write(wheel.bytes.subarray(0, 50))
  t.same((await listing(served.url, 'demo')).names, [])
  await handle.write(wheel.bytes.subarray(50))
  t.same(await checked(await listing(served.url, 'demo')), right(wheel))
  await handle.close()
  t.same(await checked(await listing(served.url, 'demo')), right(wheel))
})
