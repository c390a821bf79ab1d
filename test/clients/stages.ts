/** Installers and uploaders that know nothing of devpi, in front of indexes of users. */
import { execFile } from 'node:child_process'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { bareEnvironment, findPythons, type Python } from '../fixtures/pythons.ts'
import { serve, upstreamAt, type Served } from '../fixtures/serve.ts'
import { changeIndex, makeIndex, releasesOf, submit } from '../fixtures/stages.ts'
import { startUpstream } from '../fixtures/upstream.ts'

const run = promisify(execFile)
const pythons = await findPythons()

// Clients start slowly, and each is a subtest of its own.
t.setTimeout(600_000)

const app = makeWheel({ name: 'acme-app', version: '1.0', requires: ['acme-util', 'leaf-lib'] })
const util = makeWheel({ name: 'acme-util', version: '1.0' })
const imposter = makeWheel({ name: 'acme-util', version: '9.0' })
const leaf = makeWheel({ name: 'leaf-lib', version: '1.0' })

/** `alice/dev` inherits `alice/base`, which inherits `root/pypi`; the project needs all three. */
const chain = async (t: Test, home: string): Promise<Served> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...leaf }])
  upstream.project('acme-util', [{ ...imposter }])
  const directory = join(home, 'cache')
  const served = await serve(t, { directory, upstreams: [upstreamAt(upstream.url.href)] })
  await makeIndex(served, 'alice/base', { bases: 'root/pypi' })
  await makeIndex(served, 'alice/dev', { bases: 'alice/base' })
  await submit(served, 'alice/dev', app)
  await submit(served, 'alice/base', util)
  return served
}

const byAge = [...pythons].toSorted(
  (a, b) => Number(a.pip.split('.')[0]) - Number(b.pip.split('.')[0]),
)

for (const python of new Set([byAge[0], byAge.at(-1)]).values())
  if (python !== undefined)
    t.test(`pip ${python.pip} installs what a stage has and inherits`, async t => {
      const home = directoryOf(t)
      const served = await chain(t, home)
      const install = async (url: string, target: string) => {
        const index = ['-i', url, '--no-cache-dir', '--trusted-host', '127.0.0.1', '-q']
        const args = ['install', ...index, '--target', join(home, target), 'acme-app']
        await run(python.executable, [...python.run, ...args], { env: bareEnvironment(home) })
        for (const module of ['acme_app', 'acme_util', 'leaf_lib']) {
          const text = await readFile(join(home, target, module, '__init__.py'), 'utf8')
          t.match(text, '1.0', `${module}, and not what somebody else calls so`)
        }
      }
      await install(`${served.url}alice/dev/+simple/`, 'simple')
      await install(`${served.url}alice/dev`, 'bare')
      await changeIndex(served, 'alice/dev', { acl_read: ['alice'] })
      const { host } = new URL(served.url)
      await install(`http://alice:alice@${host}/alice/dev/+simple/`, 'private')
    })

if (pythons.length === 0) t.comment('SKIPPED: no Python with pip on this machine, it was not tried')

/** A project that was built, and the server that takes it. */
const published = async (t: Test): Promise<{ served: Served; home: string; project: string }> => {
  const home = directoryOf(t)
  const served = await serve(t, { directory: join(home, 'cache') })
  await makeIndex(served, 'alice/dev', { volatile: false })
  const project = join(home, 'project')
  await mkdir(join(project, 'dist'), { recursive: true })
  return { served, home, project }
}

const onPath = async (name: string): Promise<string | undefined> => {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, name)
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  t.comment(`SKIPPED: no ${name} on this machine, it was not tried`)
  return undefined
}

const output = async (running: Promise<unknown>): Promise<string> => {
  const told = (await running.catch((error: unknown) => error)) as {
    stdout?: string
    stderr?: string
  }
  return `${told.stdout ?? ''}${told.stderr ?? ''}`
}

const twine = await onPath('twine')
if (twine !== undefined)
  t.test('twine uploads to a stage (devpi-api 12)', async t => {
    const { served, home, project } = await published(t)
    const sdist = makeSdist({ name: 'acme_util', version: '1.0' })
    for (const { filename, bytes } of [util, sdist])
      await writeFile(join(project, 'dist', filename), bytes)
    const env = { ...bareEnvironment(home), COLUMNS: '200' }
    const upload = (password: string) =>
      run(
        twine,
        [
          'upload',
          '--non-interactive',
          '--disable-progress-bar',
          '-u',
          'alice',
          '-p',
          password,
          '--repository-url',
          `${served.url}alice/dev/`,
          ...[util, sdist].map(({ filename }) => join('dist', filename)),
        ],
        { env, cwd: project },
      )
    await upload('alice')
    const releases = await releasesOf(served, '/alice/dev/acme-util')
    t.equal(releases['1.0']?.['+links']?.length, 2)
    await upload('alice')
    t.pass('the same again is no error')
    t.match(await output(upload('wrong')), /401/)
    const other = makeWheel({ name: 'acme-util', version: '1.0', files: { 'x.txt': 'other' } })
    await writeFile(join(project, 'dist', util.filename), other.bytes)
    t.match(await output(upload('alice')), /409 .*already exists in non-volatile index/s)
  })

const setup = `from distutils.core import setup
setup(name='acme-util', version='1.0', py_modules=['acme_util'], description='small')
`

// The commands of the standard library, which went with Python 3.12; new setuptools have none.
const isOld = ({ version }: Python) => ['2.7', '3.6', '3.8'].includes(version)

for (const python of pythons.filter(isOld))
  t.test(`setup.py register sdist upload of Python ${python.version} to a stage`, async t => {
    const { served, home, project } = await published(t)
    await writeFile(join(project, 'setup.py'), setup)
    await writeFile(join(project, 'acme_util.py'), '')
    await writeFile(
      join(home, '.pypirc'),
      `[distutils]\nindex-servers = ours\n[ours]\nrepository: ${served.url}alice/dev/\nusername: alice\npassword: alice\n`,
    )
    const words = ['register', '-r', 'ours', 'sdist', '--formats=gztar', 'upload', '-r', 'ours']
    const { stdout } = await run(python.executable, ['setup.py', ...words], {
      env: bareEnvironment(home),
      cwd: project,
    })
    t.equal(stdout.match(/Server response \(200\): OK/g)?.length, 2, stdout)
    const release = (await releasesOf(served, '/alice/dev/acme-util'))['1.0']
    t.match(release, { summary: 'small', '+links': [{ rel: 'releasefile' }] })
  })
