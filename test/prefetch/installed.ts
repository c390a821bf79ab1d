import { execFile } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { thisPlatform } from '../../src/prefetch/host.ts'
import { readTarget } from '../../src/spec/environment.ts'
import { bareEnvironment, findPythons } from '../fixtures/pythons.ts'
import { serve, upstreamAt } from '../fixtures/serve.ts'
import { place } from './fixture.ts'

const run = promisify(execFile)
t.setTimeout(300_000)

const pythons = await findPythons()
const able = pythons.find(
  ({ pip, version }) => Number(pip.split('.')[0]) >= 21 && version.startsWith('3.'),
)

t.test('pip installs with upstream switched off, sdists too (need 18)', async t => {
  if (able === undefined) {
    t.comment('SKIPPED: no pip that builds by PEP 517 on this machine')
    return
  }
  const { fill, upstream, directory } = await place(t, {
    app: { '1.0': { requires: ['leaf<2', 'source'] } },
    leaf: { '1.0': {}, '2.0': {} },
    source: { '1.0': { tags: [], sdist: true, buildRequires: ['builder'] } },
    builder: { '1.0': { requires: ['tool'] } },
    tool: { '1.0': {} },
  })
  const target = readTarget(able.version, thisPlatform())
  const report = await fill('app\n', { targets: [target], host: target })
  t.same(report.failures, [])
  await upstream.down()
  const served = await serve(t, { directory, upstreams: [upstreamAt(upstream.url.href)] })
  const home = join(directory, '..', 'home')
  const into = join(home, 'installed')
  await mkdir(into, { recursive: true })
  await writeFile(join(home, 'requirements.txt'), 'app\n')
  const args = ['install', '--no-cache-dir', '-i', `${served.url}simple/`, '--target', into]
  await run(able.executable, [...able.run, ...args, '-r', join(home, 'requirements.txt')], {
    env: bareEnvironment(home),
  })
  const installed = await readdir(into)
  for (const name of ['app-1.0.dist-info', 'leaf-1.0.dist-info', 'source-1.0.dist-info'])
    t.ok(installed.includes(name), name)
})
