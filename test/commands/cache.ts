import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { bytesOf, filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { drop, openFor } from '../fixtures/indexes.ts'
import { opened, setIndex } from '../fixtures/named-indexes.ts'
import { upstreamAt } from '../fixtures/serve.ts'
import { startUpstream, type Upstream } from '../fixtures/upstream.ts'

const program = await buildProgram()

const leaf = makeWheel({ name: 'leaf-lib', version: '1.0' })
const newer = makeWheel({ name: 'leaf-lib', version: '2.0' })
const mine = makeWheel({ name: 'acme-util', version: '0.1' })

interface Place {
  readonly directory: string
  readonly upstream: Upstream
  readonly run: (...args: string[]) => ReturnType<typeof program.run>
}

/** A directory with one cached and one dropped file. */
const place = async (t: Test): Promise<Place> => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('leaf-lib', [{ filename: leaf.filename, bytes: leaf.bytes }])
  const directory = directoryOf(t)
  await drop(directory, mine.filename, mine.bytes)
  const { root } = openFor(t, directory, { upstreams: [upstreamAt(upstream.url.href)] })
  const found = await root.file({ name: nameOf('leaf-lib'), filename: filenameOf(leaf.filename) })
  await bytesOf(found?.resource)
  // The name that settings give to an upstream at an address is another than the test's.
  const file = join(directory, 'proxypypi.toml')
  await writeFile(file, `[[upstream]]\nname = "pypi"\nurl = "${upstream.url.href}"\n`)
  return { directory, upstream, run: (...args) => program.run(directory, args) }
}

t.test('ls tells project, file, size and origin', async t => {
  const { run } = await place(t)
  const all = await run('ls')
  t.equal(all.code, 0)
  const lines = all.stdout.trimEnd().split('\n')
  t.equal(lines.length, 2)
  t.match(lines[0], /^acme-util +acme_util-0\.1-\S+\.whl .*dropped/)
  t.match(lines[1], /^leaf-lib +leaf_lib-1\.0-\S+\.whl .*pypi +\d{4}-/)
  const one = await run('--json', 'ls', 'Leaf_Lib')
  t.match(JSON.parse(one.stdout), { project: 'leaf-lib', size: leaf.bytes.length, origin: 'pypi' })
  const none = { code: 1, stderr: /there is no file of nothing-here, nor here\n$/ }
  t.match(await run('ls', 'nothing-here', 'nor'), none)
  const wrong = await run('ls', '../etc')
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /is no project name/)
})

t.test('refresh and update look at upstream now (P23, N20)', async t => {
  const { run, upstream } = await place(t)
  t.match(await run('refresh', 'leaf-lib'), { code: 0, stdout: 'leaf-lib: unchanged\n' })
  upstream.project(
    'leaf-lib',
    [leaf, newer].map(({ filename, bytes }) => ({ filename, bytes })),
  )
  t.match(await run('update'), { code: 0, stdout: 'leaf-lib: renewed\n' })
  t.match(await run('refresh', 'unknown-project'), { code: 1, stdout: /no such project/ })
  await upstream.down()
  t.match(await run('refresh', 'leaf-lib'), {
    code: 1,
    stdout: /^leaf-lib: upstream fails: .*127\.0\.0\.1.*\n$/,
  })
  t.match(await run('refresh'), { code: 2, stderr: /needs a PROJECT/ })
})

t.test('refresh and update look at the upstreams of mirror indexes, too', async t => {
  const { run, directory, upstream } = await place(t)
  const other = await startUpstream(t, { form: 'json' })
  other.project('leaf-lib', [{ filename: leaf.filename, bytes: leaf.bytes }])
  const indexes = openFor(t, directory)
  await setIndex(indexes, 'alice/mirror', { type: 'mirror', mirror_url: other.url.href })
  await setIndex(indexes, 'alice/dev')
  const both = /^leaf-lib: unchanged\n@alice\/mirror\/leaf-lib: unchanged\n$/
  t.match(await run('refresh', 'leaf-lib'), { code: 0, stdout: /^leaf-lib: unchanged\n$/ })
  const { own } = await opened(indexes, 'alice/mirror')
  await own.project(nameOf('leaf-lib'))
  t.match(await run('refresh', 'leaf-lib'), { code: 0, stdout: both })
  t.match(await run('update'), { code: 0, stdout: both })
  await other.down()
  t.match(await run('update'), {
    code: 1,
    stdout: /^leaf-lib: unchanged\n@alice\/mirror\/leaf-lib: upstream fails: .+\n$/,
  })
  await upstream.down()
  const { stdout } = await run('update')
  const [first = '', second = ''] = stdout.trimEnd().split('\n')
  t.ok(first.startsWith('leaf-lib: upstream fails: ') && first.includes(upstream.url.host), first)
  t.notOk(second.includes(upstream.url.host), 'each line tells of its own upstream')
  t.ok(second.includes(other.url.host), second)
})

t.test('verify finds wrong bytes, and --fix removes mirrored ones only', async t => {
  const { run, directory } = await place(t)
  t.match(await run('verify'), { code: 0, stdout: /2 files, all as they were published/ })
  const path = join(directory, 'leaf-lib', leaf.filename)
  const bad = Buffer.from(leaf.bytes)
  bad[100] = (bad[100] ?? 0) ^ 1
  await writeFile(path, bad)
  const found = await run('verify')
  t.equal(found.code, 1)
  t.match(found.stdout, createHash('sha256').update(bad).digest('hex'))
  t.ok(existsSync(path), 'it is only reported')
  t.equal((await run('--fix', 'verify')).code, 1)
  t.notOk(existsSync(path), 'until it is to be fixed')
  t.ok(existsSync(join(directory, mine.filename)))
  t.equal((await run('verify')).code, 0)
})

t.test('a directory that is not there is not made by a look into it', async t => {
  const { run, directory } = await place(t)
  const says = { code: 1, stdout: '', stderr: /there is no .*wrong; name the directory with/ }
  for (const command of ['ls', 'verify', 'update', 'explain', 'delete'])
    t.match(
      await run(
        '-d',
        'wrong',
        command,
        ...(command === 'explain' ? ['six'] : []),
        ...(command === 'delete' ? ['six==1'] : []),
      ),
      says,
      command,
    )
  t.notOk(existsSync(join(directory, 'wrong')))
})

t.test('explain says nothing of an upstream that it does not ask', async t => {
  const { run } = await place(t)
  const { code, stdout } = await run('--offline', 'explain', 'nothing-here')
  t.equal(code, 1)
  t.match(stdout, /upstream +not asked; offline/)
})

t.test('explain tells of dropped files that are not listed (fault S22)', async t => {
  const { run, directory } = await place(t)
  await drop(directory, 'acme_util-0.2.tar.gz', Buffer.from('no archive'))
  const { code, stdout } = await run('explain', 'acme-util')
  t.equal(code, 0)
  t.match(stdout, /dropped +acme_util-0\.1/)
  t.match(stdout, /unlisted +1 dropped file: damaged/)
})

t.test('explain says whose a project is, why, and what is cached', async t => {
  const { run, upstream } = await place(t)
  const cached = await run('explain', 'leaf-lib==1.0')
  t.equal(cached.code, 0)
  t.match(cached.stdout, /owner +public/)
  t.match(cached.stdout, /upstream +pypi lists 1 file\n/)
  t.match(cached.stdout, /cached +leaf_lib-1\.0/)
  upstream.project('acme-util', [
    { filename: newer.filename.replace('leaf_lib', 'acme_util'), bytes: newer.bytes },
  ])
  const own = await run('explain', 'acme-util')
  t.match(own.stdout, /owner +private/)
  t.match(own.stdout, /merge = \["acme-util"\]/, 'with the remedy')
  t.match(own.stdout, /dropped +acme_util-0\.1/)
  t.equal((await run('explain', 'nothing-here')).code, 1)
  t.equal((await run('explain')).code, 2)
})

t.test('ls and verify look at every index', async t => {
  const { directory, run } = await place(t)
  t.equal((await run('index', 'create', 'root/dev')).code, 0)
  const home = join(directory, '@root/dev/acme-util')
  await mkdir(home, { recursive: true })
  await writeFile(join(home, mine.filename), mine.bytes)
  const { stdout } = await run('ls', 'acme-util')
  t.match(stdout, /^acme-util +acme_util-0\.1-\S+\.whl .*\n@root\/dev\/acme-util +acme_util-0\.1-/)
  const lines = (await run('--json', 'ls', 'acme-util')).stdout.trimEnd().split('\n')
  t.same(
    lines.map(line => (JSON.parse(line) as { index: string }).index),
    ['root/pypi', 'root/dev'],
  )
  t.match(await run('verify'), { code: 0, stdout: /3 files, all as they were published/ })
})
