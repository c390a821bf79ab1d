import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { makeSdist, makeWheel, type Dist } from '../fixtures/dist.ts'
import { bareEnvironment, findNewestPip, findPythons, type Python } from '../fixtures/pythons.ts'
import { serve, upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { startUpstream, type UpstreamFile } from '../fixtures/upstream.ts'

const run = promisify(execFile)
const found = await findPythons()
const newest = await findNewestPip(found)
const pythons = newest === undefined ? found : [...found, newest]

// pip runs with interpreters of several seconds' start; each Python is a subtest of its own.
t.setTimeout(600_000)

if (newest === undefined)
  t.comment('SKIPPED: the machine has no source of pip 26, it was not tried')
if (pythons.length === 0)
  t.comment('SKIPPED: no Python with pip on this machine, no real pip was tried')

const leaf = makeWheel({ name: 'leaf-lib', version: '1.5' })
const newer = makeWheel({ name: 'leaf-lib', version: '2.0' })
const branch = makeWheel({ name: 'Branch.App', version: '1.0', requires: ['leaf-lib<2'] })
const source = makeSdist({ name: 'old-sdist', version: '0.9', pyproject: false, requires: [] })
const modern = makeSdist({
  name: 'modern-sdist',
  version: '3.1',
  setupPy: false,
  buildRequires: ['leaf-lib>=2'],
})
const dropped = makeWheel({ name: 'acme-private', version: '1.0', requires: ['leaf-lib'] })

interface Bench {
  readonly served: Served
  readonly pip: (python: Python, ...args: string[]) => Promise<string>
  readonly home: string
}

const setUp = async (t: Test, form: 'html' | 'json'): Promise<Bench> => {
  const upstream = await startUpstream(t, { form })
  upstream.project('leaf-lib', [listed(leaf, form), listed(newer, form)])
  upstream.project('branch-app', [listed(branch, form)])
  upstream.project('old-sdist', [listed(source, form)])
  upstream.project('modern-sdist', [listed(modern, form)])
  // One directory for all, since a second testdir() of a test would remove the first.
  const home = directoryOf(t)
  const served = await serve(t, {
    directory: join(home, 'cache'),
    upstreams: [upstreamAt(upstream.url.href)],
  })
  await mkdir(served.directory, { recursive: true })
  await writeFile(join(served.directory, dropped.filename), dropped.bytes)
  const pip = async (python: Python, ...args: string[]): Promise<string> => {
    const { stdout } = await run(
      python.executable,
      [...python.run, ...args, '--no-cache-dir', '-i', `${served.url}simple/`],
      {
        env: bareEnvironment(home),
      },
    )
    return stdout
  }
  return { served, pip, home }
}

/** As the upstream fixture takes it; the JSON one offers metadata, the HTML one leaves it to us. */
const listed = ({ filename, bytes, metadata }: Dist, form: 'html' | 'json'): UpstreamFile => ({
  filename,
  bytes,
  ...(form === 'json' && filename.endsWith('.whl') && { metadata }),
})

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const major = (python: Python): number => Number(python.pip.split('.')[0])

for (const form of ['html', 'json'] as const)
  t.test(`every pip installs from a ${form} upstream (P01, P19, P20, TC-31)`, async t => {
    const bench = await setUp(t, form)
    for (const python of pythons)
      await t.test(`pip ${python.pip} of Python ${python.version}`, async t => {
        const target = join(bench.home, `target-${python.version}-${python.pip}`)
        await mkdir(target)
        await bench.pip(python, 'install', '--target', target, 'branch.app')
        const installed = await readdir(target)
        t.ok(installed.includes('branch_app'), 'the wheel is installed')
        t.ok(
          installed.includes('leaf_lib-1.5.dist-info'),
          'with the version that its dependency allows',
        )

        await bench.pip(python, 'install', '--target', join(target, 'private'), 'acme-private')
        const beside = await readdir(join(target, 'private'))
        t.ok(
          beside.includes('leaf_lib-2.0.dist-info'),
          'a dropped file installs beside proxied ones (P06, P21)',
        )

        const downloads = join(target, 'downloads')
        await bench.pip(python, 'download', '--no-deps', '-d', downloads, 'branch-app')
        t.same(await readdir(downloads), [branch.filename], 'pip download works')

        const requirements = join(target, 'requirements.txt')
        await writeFile(requirements, `leaf-lib==1.5 --hash=sha256:${sha256(leaf.bytes)}\n`)
        await bench.pip(
          python,
          'install',
          '--target',
          join(target, 'hashed'),
          '--require-hashes',
          '-r',
          requirements,
        )
        t.ok((await readdir(join(target, 'hashed'))).includes('leaf_lib'), '--require-hashes works')

        if (major(python) >= 20) {
          await bench.pip(python, 'install', '--target', join(target, 'built'), 'modern-sdist')
          t.ok(
            (await readdir(join(target, 'built'))).includes('modern_sdist'),
            'an sdist is built with its build dependency (PEP 517)',
          )
        }
        if (major(python) < 22) {
          await bench.pip(python, 'install', '--target', join(target, 'legacy'), 'old-sdist')
          t.ok(
            (await readdir(join(target, 'legacy'))).includes('old_sdist'),
            'an sdist with a setup.py is built',
          )
        }
      })
  })

t.test('easy_install installs from the index (D14, SA-5)', async t => {
  const able = pythons.filter(python => python.easyInstall !== undefined)
  if (able.length === 0) t.comment('SKIPPED: no easy_install on this machine')
  const bench = await setUp(t, 'html')
  for (const python of able) {
    const target = join(bench.home, `easy-${python.version}`)
    await mkdir(target)
    await run(
      python.easyInstall as string,
      ['-q', '-i', `${bench.served.url}simple/`, '--install-dir', target, '-z', 'old_sdist'],
      { env: { ...bareEnvironment(bench.home), PYTHONPATH: target } },
    )
    const installed = await readdir(target)
    t.ok(
      installed.some(name => name.startsWith('old_sdist-0.9')),
      `of Python ${python.version}`,
    )
  }
})
