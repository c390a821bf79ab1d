import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { bytesOf, filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { drop, openFor } from '../fixtures/indexes.ts'
import { listing, sha256 } from '../fixtures/listing.ts'
import { serve, upstreamAt, type Served } from '../fixtures/serve.ts'
import { makeIndex, submit } from '../fixtures/stages.ts'
import { uploadOf } from '../fixtures/uploads.ts'
import { startUpstream } from '../fixtures/upstream.ts'

const program = await buildProgram()

const wheel = makeWheel({ name: 'acme', version: '1.2' })
const sdist = makeSdist({ name: 'acme', version: '1.2' })
const newer = makeWheel({ name: 'acme', version: '1.3' })

const byName = (a: { filename: string }, b: { filename: string }) =>
  a.filename < b.filename ? -1 : 1

/** A directory with three uploads, used by a server. */
const place = async (t: Test) => {
  const served = await serve(t)
  const { directory } = served
  const { stage, layout } = openFor(t, directory)
  for (const dist of [wheel, sdist, newer]) await stage.put(await uploadOf(layout, dist))
  const run = (...args: string[]) => program.run(directory, args)
  const files = async () => (await listing(served.url, 'acme')).files
  const yanked = async () =>
    Object.fromEntries((await files()).map(({ filename, yanked: mark }) => [filename, mark]))
  const get = (...wanted: Parameters<Served['get']>) => served.get(...wanted)
  return { directory, get, run, files, yanked }
}

t.test('yank shows at once in a running server, and can be taken back (need 34)', async t => {
  const { run, yanked, get } = await place(t)
  t.match(await run('yank', 'Acme==1.2.0', '--reason', 'loses data'), {
    code: 0,
    stdout: /^acme\/acme-1\.2\S+: yanked\nacme\/acme-1\.2\S+: yanked\n$/,
  })
  t.same(await yanked(), {
    [wheel.filename]: 'loses data',
    [sdist.filename]: 'loses data',
    [newer.filename]: undefined,
  })
  t.match(await (await get('simple/acme/')).text(), 'data-yanked="loses data"')
  t.match((await run('explain', 'acme==1.2')).stdout, /yanked by .*: loses data/)
  t.match(await run('unyank', wheel.filename, sdist.filename), { code: 0 })
  t.match(await run('yank', newer.filename), { code: 0 })
  t.same(await yanked(), {
    [wheel.filename]: undefined,
    [sdist.filename]: undefined,
    [newer.filename]: true,
  })
})

t.test('delete hides, restore brings everything back (need 34, UP-38)', async t => {
  const { run, files, get } = await place(t)
  const before = await files()
  t.match(await run('delete', 'acme==1.2'), { code: 0, stdout: /deleted\n.*deleted\n$/s })
  t.same(
    (await files()).map(({ filename }) => filename),
    [newer.filename],
  )
  t.equal((await get(`packages/acme/${wheel.filename}`)).status, 404)
  t.match((await run('explain', 'acme')).stdout, /deleted +acme-1\.2\S+ by .*reserved/)
  t.match(await run('delete', wheel.filename), { code: 1, stderr: /proxypypi restore/ })
  t.match(await run('verify'), { code: 0 })
  t.match(await run('restore', 'acme==1.2'), { code: 0, stdout: /restored/ })
  t.same((await files()).toSorted(byName), before.toSorted(byName), 'as it was')
  const response = await get(`packages/acme/${wheel.filename}`)
  t.equal(sha256(Buffer.from(await response.arrayBuffer())), sha256(wheel.bytes))
  t.match(await run('restore', 'acme==1.2'), {
    code: 1,
    stderr: /nothing of acme 1\.2 was deleted/,
  })
})

t.test('uploaded files may be kept for ever, what lies beside them may not', async t => {
  const { get, directory } = await place(t)
  const dropped = makeWheel({ name: 'acme', version: '0.1' })
  await drop(directory, dropped.filename, dropped.bytes)
  const control = async (path: string, method = 'GET') =>
    (await get(`packages/acme/${path}`, {}, method)).headers.get('cache-control')
  for (const method of ['GET', 'HEAD']) {
    t.match(await control(wheel.filename, method), 'immutable')
    t.equal(await control(dropped.filename, method), 'no-cache')
  }
  t.match(await control(`${wheel.filename}.metadata`), 'immutable')
})

t.test('ls and explain tell who uploaded a file', async t => {
  const { run } = await place(t)
  const ls = await run('--json', 'ls', 'acme')
  const origins = ls.stdout
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as { origin: string }).origin)
  t.same(origins, ['uploaded by alice', 'uploaded by alice', 'uploaded by alice'])
  const { stdout } = await run('explain', 'acme')
  t.match(stdout, /owner +private/)
  t.match(stdout, /rule +private since .* uploaded here; merge = \["acme"\]/)
  t.match(stdout, /uploaded +acme-1\.3\S+ by alice/)
})

t.test('a named index takes part in all of it, as far as a running server shows', async t => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev', { volatile: 'False' })
  for (const dist of [wheel, newer]) await submit(served, 'alice/dev', dist)
  const run = (...args: string[]) => program.run(served.directory, args)
  const shown = async () =>
    Object.fromEntries(
      (await listing(served.url, 'acme', { index: 'alice/dev/+simple/' })).files.map(file => [
        file.filename,
        file.yanked,
      ]),
    )
  const serial = async () => (await served.get('+api')).headers.get('x-devpi-serial')
  const before = await serial()
  t.match(await run('yank', 'alice/dev', 'acme==1.2', '--reason', 'old'), {
    code: 0,
    stdout: `alice/dev/acme/${wheel.filename}: yanked\n`,
  })
  t.same(await shown(), { [wheel.filename]: 'old', [newer.filename]: undefined })
  t.not(await serial(), before)
  t.match((await run('--json', 'who', 'acme==1.2')).stdout, /"event":"yank".*"index":"alice\/dev"/)
  t.match(await run('unyank', 'alice/dev', wheel.filename), { code: 0 })
  t.match(await run('delete', 'alice/dev', 'acme==1.3'), { code: 0 })
  t.same(await shown(), { [wheel.filename]: undefined })
  t.match(await run('restore', '/alice/dev', newer.filename), { code: 0 })
  t.same(Object.keys(await shown()).toSorted(), [wheel.filename, newer.filename].toSorted())
  t.match(await run('yank', 'root/pypi', 'acme==1.2'), { code: 1, stderr: /acme/ })
  t.match(await run('yank', 'alice/none', 'acme==1.2'), { code: 1, stderr: /no index alice\/none/ })
  t.match(await run('yank', 'alice/dev'), { code: 2 })
  await makeIndex(served, 'alice/m', { type: 'mirror' })
  t.match(await run('yank', 'alice/m', 'acme==1.2'), { code: 1, stderr: /is a mirror/ })
})

t.test('verify tells what is wrong with uploaded files and never removes one', async t => {
  const { run, directory } = await place(t)
  t.match(await run('verify'), { code: 0, stdout: /3 files, all/ })
  const path = join(directory, 'acme', wheel.filename)
  await writeFile(path, newer.bytes)
  for (const args of [['verify'], ['--fix', 'verify']])
    t.match(await run(...args), { code: 1, stdout: /acme-1\.2\S+: not what was uploaded/ })
  await rm(path)
  const { facts } = openFor(t, directory)
  const known = (await facts.of(nameOf('acme'))).uploaded.get(filenameOf(wheel.filename))
  for (const fact of known ?? [])
    await facts.write(nameOf('acme'), { ...fact, at: '2026-01-01T00:00:00.000Z' })
  t.match(await run('--fix', 'verify'), { code: 1, stdout: /was uploaded but is not here/ })
})

t.test('what is not ours cannot be changed, and what is no file is a mistake', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  upstream.project('acme', [{ filename: wheel.filename, bytes: wheel.bytes }])
  const directory = directoryOf(t)
  const upstreams = [upstreamAt(upstream.url.href)]
  const { root } = openFor(t, directory, { upstreams })
  const wanted = { name: nameOf('acme'), filename: filenameOf(wheel.filename) }
  await bytesOf((await root.file(wanted))?.resource)
  for (const verb of ['yank', 'unyank', 'delete']) {
    t.match(await program.run(directory, ['-n', verb, 'acme==1.2']), {
      code: 1,
      stderr: /acme 1\.2 is a copy from pypi: it cannot be \w+ here/,
    })
    t.match(await program.run(directory, ['-n', verb, 'acme==9']), { code: 1, stderr: /no acme 9/ })
    for (const operands of [[], ['acme'], ['../x==1']])
      t.match(await program.run(directory, [verb, ...operands]), { code: 2 })
  }
})
