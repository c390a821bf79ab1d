import t from 'tap'
import { composeFile } from '../../src/deploy/compose.ts'
import { containerfile } from '../../src/deploy/containerfile.ts'
import type { Deployment } from '../../src/deploy/deployment.ts'
import { upstreamAt } from '../fixtures/settings.ts'
import { deploymentOver, hostile, python } from './fixtures/deployment.ts'

const script =
  'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)["services"]["proxypypi"]))'

interface Service {
  readonly command: readonly string[]
  readonly ports: readonly string[]
  readonly user?: string
  readonly volumes: readonly {
    readonly source: string
    readonly target: string
    readonly read_only?: boolean
  }[]
}

const serviceOf = async (deployment: Deployment): Promise<Service | undefined> =>
  (await python(script, composeFile(deployment, '/srv/files/Containerfile'))) as Service | undefined

const plain = (text: string) => text.replaceAll('$$', '$')

t.test(
  'the service runs over this directory, as its owner, and reaches as far as before',
  async t => {
    const directory = `/srv/${hostile}`
    const deployment = deploymentOver(directory)
    const service = await serviceOf(deployment)
    if (service === undefined) {
      t.comment('SKIPPED: there is no Python with yaml here')
      return
    }
    t.same(service.command.map(plain), [`--private=${hostile}`, 'run'])
    t.match(service.ports, ['127.0.0.1:8000:8000'])
    t.equal(service.user, '1000:1000')
    t.same(
      service.volumes.map(volume => ({ ...volume, source: plain(volume.source) })),
      [{ type: 'bind', source: directory, target: '/cache' }],
    )
  },
)

t.test('files that the settings name come along', async t => {
  const upstreams = [upstreamAt('https://a.example/simple/', { caFile: '/etc/corp.pem' })]
  const configFile = '/etc/pypi.toml'
  const argv = ['--cache=/srv/pypi', `--config=${configFile}`, '--bind=::', '--log=/var/log/x']
  const settings = { upstreams, configFile, bind: '::' }
  const service = await serviceOf(deploymentOver('/srv/pypi', settings, { argv }))
  if (service === undefined) {
    t.comment('SKIPPED: there is no Python with yaml here')
    return
  }
  t.same(service.command, [`--config=${configFile}`, 'run'])
  t.same(service.ports, ['8000:8000'])
  t.same(
    service.volumes.slice(1).map(({ source, target, read_only }) => [source, target, read_only]),
    [
      [configFile, configFile, true],
      ['/etc/corp.pem', '/etc/corp.pem', true],
    ],
  )
})

t.test('settings in the directory are found there', async t => {
  const configFile = '/srv/pypi/proxypypi.toml'
  const argv = ['--cache=/srv/pypi', `--config=${configFile}`]
  const settings = { configFile, bind: '::1' }
  const account = { name: 'somebody' }
  const service = await serviceOf(deploymentOver('/srv/pypi', settings, { argv, account }))
  if (service === undefined) {
    t.comment('SKIPPED: there is no Python with yaml here')
    return
  }
  t.same(service.command, ['run'])
  t.same(service.ports, ['[::1]:8000:8000'])
  t.equal(service.volumes.length, 1)
  t.equal(service.user, undefined)
})

t.test('the image is the program and what it needs, and no user of it is root', t => {
  const text = containerfile(deploymentOver('/srv/pypi', { port: 3141 }))
  t.match(text, /^FROM \S+ AS build$/m)
  t.match(text, /^USER node$/m)
  t.match(text, /^EXPOSE 3141$/m)
  t.notOk(text.includes('/srv/pypi'))
  t.end()
})
