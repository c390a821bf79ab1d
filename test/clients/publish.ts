import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { Accounts } from '../../src/accounts/accounts.ts'
import { Layout } from '../../src/disk/layout.ts'
import { userName, type UserName } from '../../src/spec/user-name.ts'
import { makeSdist, makeWheel, noise } from '../fixtures/dist.ts'
import { bareEnvironment, findPythons, type Python } from '../fixtures/pythons.ts'
import { serve, type Served } from '../fixtures/serve.ts'
import { ask } from '../fixtures/wire.ts'

const run = promisify(execFile)
const pythons = await findPythons()

// Clients start slowly, and each is a subtest of its own.
t.setTimeout(600_000)

const onPath = async (name: string): Promise<string | undefined> => {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, name)
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  t.comment(`SKIPPED: no ${name} on this machine, it was not tried`)
  return undefined
}

const wheel = makeWheel({ name: 'acme-util', version: '1.0', tag: 'py3-none-any' })
const sdist = makeSdist({ name: 'acme_util', version: '1.0' })
const other = makeWheel({
  name: 'acme-util',
  version: '1.0',
  tag: 'py3-none-any',
  files: { 'acme_util/other.bin': noise(100) },
})

const password = 'päss:w0rd'

interface Bench {
  readonly served: Served
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  /** The directory of the project that is published. */
  readonly project: string
}

/** A server with a user `ci` who may publish `acme-*`, and a project that was built. */
const setUp = async (t: Test): Promise<Bench> => {
  const home = directoryOf(t)
  const directory = join(home, 'cache')
  const { users } = new Accounts(new Layout(directory))
  await users.add(userName('ci') as UserName, { password, publish: ['acme-*'] })
  const served = await serve(t, { directory })
  const project = join(home, 'project')
  await mkdir(join(project, 'dist'), { recursive: true })
  await writeFile(join(project, 'dist', wheel.filename), wheel.bytes)
  await writeFile(join(project, 'dist', sdist.filename), sdist.bytes)
  await writeFile(
    join(project, 'pyproject.toml'),
    '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n' +
      '[tool.poetry]\nname = "acme-util"\nversion = "1.0"\ndescription = ""\nauthors = []\n' +
      '[project]\nname = "acme-util"\nversion = "1.0"\n',
  )
  return { served, home, env: { ...bareEnvironment(home), COLUMNS: '200' }, project }
}

const replaceWheel = ({ project }: Bench) =>
  writeFile(join(project, 'dist', wheel.filename), other.bytes)

/** Both files are listed and have their bytes, and pip installs the wheel. */
const published = async (t: Test, { served, home }: Bench): Promise<void> => {
  const page = await ask(served.url, '/simple/acme-util/')
  for (const { filename, bytes } of [wheel, sdist]) {
    t.match(page.text, filename)
    t.ok((await ask(served.url, `/packages/acme-util/${filename}`)).body.equals(bytes), filename)
  }
  const newest = pythons.at(-1)
  if (newest === undefined) return
  const index = ['-i', `${served.url}simple/`, '--no-cache-dir', '-q']
  const install = ['install', ...index, '--target', join(home, 'target'), 'acme-util']
  await run(newest.executable, [...newest.run, ...install], { env: bareEnvironment(home) })
  const installed = join(home, 'target', 'acme_util', '__init__.py')
  t.match(await readFile(installed, 'utf8'), '1.0', 'pip finds it in the next request (UP-23)')
}

/** What a client that failed has printed. */
const failing = async (running: Promise<unknown>): Promise<string> => {
  const error: unknown = await running.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )
  const {
    stdout = '',
    stderr = '',
    message,
  } = error as Error & { stdout?: string; stderr?: string }
  return `${stdout}${stderr}` || message
}

const twine = await onPath('twine')
if (twine !== undefined)
  t.test('twine (need 10, UP-30 to UP-32)', async t => {
    const bench = await setUp(t)
    const { served, project, env } = bench
    const upload = (user: string, word: string, url: string, ...more: string[]) => {
      const files = [join('dist', wheel.filename), join('dist', sdist.filename)]
      const to = ['--non-interactive', '--disable-progress-bar', '--repository-url', url]
      const args = ['upload', ...to, '-u', user, '-p', word, ...more, ...files]
      return run(twine, args, { env, cwd: project })
    }
    const legacy = `${served.url}legacy/`
    await upload('ci', password, legacy)
    await published(t, bench)
    for (const path of ['', 'legacy/', 'simple/', 'pypi/'])
      await upload('ci', password, `${served.url}${path}`)
    t.pass('the same bytes again are no error, at every URL')
    await replaceWheel(bench)
    await upload('ci', password, legacy, '--skip-existing')
    t.match(await failing(upload('ci', password, legacy)), /409.*File already exists/s)
    t.match(await failing(upload('ci', 'wrong', legacy)), /401/)
    const token = await tokenFor(bench, ['acme-*'])
    await writeFile(join(project, 'dist', wheel.filename), wheel.bytes)
    await upload('__token__', token, legacy)
    const narrow = await tokenFor(bench, ['acme-other'])
    t.match(await failing(upload('__token__', narrow, legacy)), /403/)
    t.ok((await ask(served.url, `/packages/acme-util/${wheel.filename}`)).body.equals(wheel.bytes))
  })

const tokenFor = async ({ home }: Bench, publish: readonly string[]): Promise<string> => {
  const accounts = new Accounts(new Layout(join(home, 'cache')))
  const user = await accounts.users.get(userName('ci') as UserName)
  if (user === undefined) throw new Error('no user')
  const { text } = await accounts.tokens.create(user, { publish })
  return text
}

const poetry = await onPath('poetry')
if (poetry !== undefined)
  t.test('poetry publish', async t => {
    const bench = await setUp(t)
    const { served, project, env } = bench
    const set = { ...env, POETRY_REPOSITORIES_OURS_URL: `${served.url}legacy/` }
    const publish = (...more: string[]) =>
      run(poetry, ['publish', '-n', '-r', 'ours', '-u', 'ci', '-p', password, ...more], {
        env: set,
        cwd: project,
      })
    await publish()
    await published(t, bench)
    await publish()
    await replaceWheel(bench)
    await publish('--skip-existing')
    t.match(await failing(publish()), /409/)
  })

const pdm = await onPath('pdm')
if (pdm !== undefined)
  t.test('pdm publish', async t => {
    const bench = await setUp(t)
    const { served, project, env } = bench
    const to = ['-r', served.url, '-u', 'ci', '-P', password]
    const publish = (...more: string[]) =>
      run(pdm, ['publish', '--no-build', ...to, ...more], {
        env: { ...env, PDM_CHECK_UPDATE: '0' },
        cwd: project,
      })
    await publish()
    await published(t, bench)
    await publish()
    await replaceWheel(bench)
    t.match(await failing(publish()), /409/)
  })

const curl = await onPath('curl')
if (curl !== undefined)
  t.test('curl', async t => {
    const bench = await setUp(t)
    const { served, project, env } = bench
    for (const [filetype, file] of [
      ['bdist_wheel', wheel],
      ['sdist', sdist],
    ] as const) {
      const form = [
        [':action', 'file_upload'],
        ['name', 'acme-util'],
        ['version', '1.0'],
        ['filetype', filetype],
        ['md5_digest', ''],
        ['sha256_digest', createHash('sha256').update(file.bytes).digest('hex')],
      ].flatMap(([name, value]) => ['-F', `${name}=${value}`])
      const args = ['-sS', '-u', `ci:${password}`, ...form, '-F', `content=@dist/${file.filename}`]
      const { stdout } = await run(curl, [...args, `${served.url}legacy/`], { env, cwd: project })
      t.equal(stdout, 'OK\n')
    }
    await published(t, bench)
  })

// The commands of the standard library, which went with Python 3.12; new setuptools have none.
const setup = `from distutils.core import setup
setup(name='acme-util', version='1.0', py_modules=['acme_util'])
`

const pypirc = (url: string) =>
  `[distutils]\nindex-servers = ours\n[ours]\nrepository: ${url}\nusername: ci\npassword: plain\n`

const isOld = ({ version }: Python) => ['2.7', '3.6', '3.7', '3.8', '3.9', '3.10'].includes(version)

for (const python of pythons.filter(isOld))
  t.test(`setup.py register sdist upload of Python ${python.version} (promises 5.2)`, async t => {
    const { served, home, env, project } = await setUp(t)
    const { users } = new Accounts(new Layout(served.directory))
    await users.change(userName('ci') as UserName, { password: 'plain' })
    await writeFile(join(project, 'setup.py'), setup)
    await writeFile(join(project, 'acme_util.py'), '')
    await writeFile(join(home, '.pypirc'), pypirc(`${served.url}pypi`))
    const { stdout } = await run(
      python.executable,
      ['setup.py', 'register', '-r', 'ours', 'sdist', '--formats=gztar', 'upload', '-r', 'ours'],
      { env, cwd: project },
    )
    t.equal(stdout.match(/Server response \(200\): OK/g)?.length, 2, stdout)
    t.match((await ask(served.url, '/simple/acme-util/')).text, /acme-util-1\.0\.tar\.gz/)
  })

if (!pythons.some(isOld))
  t.comment('SKIPPED: no Python with the upload command of distutils, it was not tried')
