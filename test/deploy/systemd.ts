import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { systemdUnit } from '../../src/deploy/systemd.ts'
import { deploymentOver, hostile, judged } from './fixtures/deployment.ts'

const valueOf = (unit: string, key: string): string | undefined =>
  unit
    .split('\n')
    .find(line => line.startsWith(`${key}=`))
    ?.slice(key.length + 1)

t.test('systemd-analyze accepts the unit, hostile names included (need 28)', async t => {
  const directory = t.testdir()
  const odd = join(directory, 'a %h ;e #f &amp; é')
  await mkdir(odd)
  const node = join(odd, 'node')
  await symlink(process.execPath, node)
  const path = join(directory, 'proxypypi.service')
  await writeFile(path, systemdUnit(deploymentOver(join(directory, hostile), {}, { node })))
  const found = await judged('systemd-analyze', ['verify', '--man=no', path])
  if (found === undefined) t.comment('SKIPPED: there is no systemd-analyze here')
  else t.same(found, { code: 0, output: '' })
  // A path that it would not execute itself.
  await writeFile(path, systemdUnit(deploymentOver(odd, {}, { node: join(directory, hostile) })))
  const wrapped = await judged('systemd-analyze', ['verify', '--man=no', path])
  if (wrapped !== undefined) t.same(wrapped, { code: 0, output: '' })
  await writeFile(path, systemdUnit(deploymentOver(odd, {}, { node: `${node}-missing` })))
  const refused = await judged('systemd-analyze', ['verify', '--man=no', path])
  if (refused !== undefined) t.match(refused, { code: 1, output: /is not executable/ })
})

t.test('what means something to systemd is escaped', t => {
  const unit = systemdUnit(deploymentOver('/srv/a "b" \\c %d $e'))
  t.match(valueOf(unit, 'ExecStart'), String.raw`"--cache=/srv/a \"b\" \\c %%d $$e"`)
  t.equal(valueOf(unit, 'ReadWritePaths'), String.raw`"/srv/a \"b\" \\c %%d $e"`)
  t.ok(unit.includes(`"run"\n`))
  t.end()
})

t.test('it may write its directory and its log alone, and as little else as it needs', t => {
  const usual = systemdUnit(deploymentOver('/srv/pypi'))
  t.equal(valueOf(usual, 'ReadWritePaths'), '"/srv/pypi"')
  t.equal(valueOf(usual, 'ProtectSystem'), 'strict')
  t.equal(valueOf(usual, 'CapabilityBoundingSet'), '')
  t.equal(valueOf(usual, 'AmbientCapabilities'), undefined)
  t.equal(valueOf(usual, 'PrivateTmp'), 'yes')
  t.equal(valueOf(usual, 'TimeoutStopSec'), '7', 'longer than the grace')
  const more = { port: 80, logToFile: true, logFile: '/var/log/pypi/server.log' }
  const low = systemdUnit(deploymentOver('/tmp/pypi', more))
  t.equal(valueOf(low, 'ReadWritePaths'), '"/tmp/pypi" "/var/log/pypi"')
  t.equal(valueOf(low, 'AmbientCapabilities'), 'CAP_NET_BIND_SERVICE')
  t.equal(valueOf(low, 'PrivateTmp'), undefined, 'its directory would be hidden')
  t.end()
})
