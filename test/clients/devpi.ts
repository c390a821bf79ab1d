import { execFile } from 'node:child_process'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { docZip } from '../fixtures/beside.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { bareEnvironment } from '../fixtures/pythons.ts'
import { serve, type Served } from '../fixtures/serve.ts'
import { startUpstream, type Upstream } from '../fixtures/upstream.ts'
import { ask } from '../fixtures/wire.ts'

// devpi's own client, of the machine's PATH or named by the variable DEVPI. Its commands start slowly.
t.setTimeout(600_000)

const run = promisify(execFile)

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const findClient = async (): Promise<string | undefined> => {
  const named = process.env['DEVPI']
  if (named !== undefined) return named
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, 'devpi')
    if (await exists(path)) return path
  }
  t.comment('SKIPPED: no devpi on this machine, its commands were not tried')
  return undefined
}

const wheel = makeWheel({ name: 'acme-util', version: '1.0', tag: 'py3-none-any' })
const sdist = makeSdist({ name: 'acme_util', version: '1.0' })
const newer = makeWheel({ name: 'acme-util', version: '1.1', tag: 'py3-none-any' })
const mirrored = makeWheel({ name: 'dep', version: '2.0', tag: 'py3-none-any' })

interface Bench {
  readonly served: Served
  readonly upstream: Upstream
  /** Runs a command, and returns what it printed. @throws if it fails */
  readonly devpi: (...args: readonly string[]) => Promise<string>
  /** Runs a command that must fail, and returns what it printed. */
  readonly refused: (...args: readonly string[]) => Promise<string>
  /** The paths of the wheel, the sdist and the documentation, and that of version 1.1. */
  readonly files: { readonly release: readonly string[]; readonly newer: string }
}

const writeFiles = async (directory: string): Promise<Bench['files']> => {
  await mkdir(directory)
  const write = async (filename: string, bytes: Buffer) => {
    await writeFile(join(directory, filename), bytes)
    return join(directory, filename)
  }
  const release = [
    await write(wheel.filename, wheel.bytes),
    await write(sdist.filename, sdist.bytes),
    await write('acme_util-1.0.doc.zip', docZip()),
  ]
  return { release, newer: await write(newer.filename, newer.bytes) }
}

/** A server before an upstream with the project `dep`, and a client with a state of its own. */
const setUp = async (t: Test, client: string): Promise<Bench> => {
  const upstream = await startUpstream(t)
  upstream.project('dep', [{ filename: mirrored.filename, bytes: mirrored.bytes }])
  const home = directoryOf(t)
  const settings = { directory: join(home, 'cache'), upstreams: [upstream.settings()] }
  const served = await serve(t, settings)
  const env = { ...bareEnvironment(home), DEVPI_CLIENTDIR: join(home, 'client'), COLUMNS: '200' }
  const devpi = async (...args: readonly string[]) => {
    const { stdout, stderr } = await run(client, [...args], { env, cwd: home })
    return `${stdout}${stderr}`
  }
  const refused = (...args: readonly string[]) =>
    devpi(...args).then(
      printed => {
        throw new Error(`devpi ${args.join(' ')} did not fail: ${printed}`)
      },
      (error: { stdout?: string; stderr?: string }) => `${error.stdout}${error.stderr}`,
    )
  const files = await writeFiles(join(home, 'files'))
  return { served, upstream, devpi, refused, files }
}

/** Users alice and bob, and alice's indexes dev, which inherits root/pypi, and prod, which keeps. */
const withIndexes = async (t: Test, client: string): Promise<Bench> => {
  const bench = await setUp(t, client)
  const { served, devpi } = bench
  await devpi('use', served.url)
  await devpi('login', 'root', '--password', '')
  await devpi('user', '-c', 'alice', 'password=secret', 'email=alice@example.com')
  await devpi('user', '-c', 'bob', 'password=bob')
  await devpi('login', 'alice', '--password', 'secret')
  await devpi('index', '-c', 'dev', 'bases=root/pypi')
  await devpi('index', '-c', 'prod', 'volatile=False')
  await devpi('use', 'alice/dev')
  return bench
}

const accounts = (client: string) => async (t: Test) => {
  const { served, devpi, refused } = await withIndexes(t, client)
  t.match(await devpi('use'), /logged in as alice/)
  t.match(await devpi('use', '-l'), /alice\/prod +bases= +volatile=False/)
  t.match(await devpi('user', '-l'), /alice\nbob\nroot/)
  await devpi('user', '-m', 'alice', 'title=Alice')
  t.match(await devpi('user', 'alice'), /email=alice@example\.com\n.*title=Alice/s)
  t.match(await devpi('index', 'alice/prod', 'acl_upload+=bob'), /acl_upload=alice,bob/)
  t.match(await devpi('index', 'alice/prod', 'acl_upload-=bob'), /acl_upload=alice\n/)
  t.match(await refused('index', 'alice/prod', 'volatile=maybe'), /400.*Unknown boolean value/s)
  t.match(await refused('index', '-c', 'bob/mine'), /403/)
  t.match(await devpi('getjson', `${served.url}alice/prod`), /"type": "indexconfig"/)
  await devpi('user', '-m', 'alice', 'password=other')
  t.match(await refused('login', 'alice', '--password', 'secret'), /401/)
  await devpi('login', 'alice', '--password', 'other')
  t.match(await refused('index', '--delete', '-y', 'alice/prod'), /403.*non-volatile/s)
  await devpi('index', '--delete', '-y', 'alice/dev')
  t.match(await refused('use', 'alice/dev'), /404/)
  await devpi('logoff')
  t.match(await refused('user', '--delete', '-y', 'bob'), /403/)
}

const releases = (client: string) => async (t: Test) => {
  const { served, devpi, refused, files } = await withIndexes(t, client)
  await devpi('upload', ...files.release, files.newer)
  t.match(await devpi('list'), /^acme[-_]util$/m)
  const listed = await devpi('list', 'acme-util')
  for (const { filename } of [wheel, sdist, newer]) t.match(listed, filename)
  const docs = await ask(served.url, '/alice/dev/acme-util/1.0/+doc/index.html')
  t.equal(docs.status, 200, 'documentation goes with the files')

  await devpi('push', 'acme-util==1.0', 'alice/prod')
  const pushed = await devpi('list', '--index', 'alice/prod', 'acme-util')
  for (const { filename } of [wheel, sdist]) t.match(pushed, filename)
  t.notMatch(pushed, newer.filename)
  t.match(await refused('push', 'acme-util==1.0', 'alice/prod'), /409/)
  t.match(await refused('push', 'acme-util==9', 'alice/prod'), /400/)
  t.match(await refused('push', 'acme-util==1.0', 'root/pypi'), /401/)

  const from = ['--index', 'alice/prod', '-y']
  t.match(await refused('remove', ...from, 'acme-util==1.0'), /403/)
  await devpi('remove', ...from, '-f', 'acme-util==1.0')
  t.match(await refused('list', '--index', 'alice/prod', 'acme-util'), /404/)
  await devpi('remove', '-y', 'acme-util==1.0')
  t.match(await devpi('list', '--all', 'acme-util'), newer.filename)
  await devpi('remove', '-y', 'acme-util')
  t.equal((await devpi('list')).trim(), '', 'nothing is left')

  await devpi('login', 'bob', '--password', 'bob')
  t.match(await refused('upload', files.newer), /403/)
  await devpi('logoff')
  t.match(await refused('upload', files.newer), /401/)
}

const mirrors = (client: string) => async (t: Test) => {
  const { upstream, devpi } = await withIndexes(t, client)
  t.match(await devpi('list', 'dep'), mirrored.filename, 'inherited of the mirror')
  const asked = upstream.count('/simple/dep/')
  t.match(await devpi('refresh', 'dep'), /Refreshed dep/)
  t.ok(upstream.count('/simple/dep/') > asked, 'the upstream was asked again')
  await devpi('push', '--index', 'root/pypi', 'dep==2.0', 'alice/prod')
  t.match(await devpi('list', '--index', 'alice/prod', 'dep'), /alice\/prod\/\+f\/.*dep-2\.0/)
}

const client = await findClient()
if (client !== undefined) {
  t.test('devpi use, login, user, index, getjson, logoff', accounts(client))
  t.test('devpi upload, list, push, remove', releases(client))
  t.test('devpi refresh, and push of mirrored files', mirrors(client))
}
