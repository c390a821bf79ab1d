import t from 'tap'
import { deploymentFiles } from '../../src/deploy/files.ts'
import { deploymentOver } from './fixtures/deployment.ts'

t.test('there is a file for every surrounding, each with its use (issue 4, 11)', t => {
  const files = deploymentFiles(deploymentOver('/srv/pypi'), '/srv/files')
  t.same(
    files.map(({ name }) => name),
    [
      'proxypypi.service',
      'nginx-proxypypi.conf',
      'supervisor-proxypypi.conf',
      'org.proxypypi.server.plist',
      'crontab',
      'Containerfile',
      'compose.yaml',
    ],
  )
  for (const { name, text, use } of files) t.ok(text.endsWith('\n') && use.length > 0, name)
  t.end()
})

const refused = (directory: string, port: number) => () =>
  deploymentFiles(deploymentOver(directory, { port }), '/srv/files')

t.test('settings that cannot be written so are refused', t => {
  t.throws(refused('/srv/pypi', 0), /needs a fixed port/)
  t.throws(refused('/srv/py\npi', 8000), /has control characters/)
  t.doesNotThrow(refused('/srv/py pi', 8000))
  const long = `/srv/${'a'.repeat(1000)}`
  const names = deploymentFiles(deploymentOver(long), '/x').map(({ name }) => name)
  t.notOk(names.includes('crontab'), 'cron would cut its line')
  t.end()
})
