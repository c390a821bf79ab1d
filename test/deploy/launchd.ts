import t from 'tap'
import { commandLine } from '../../src/deploy/deployment.ts'
import { launchdJob } from '../../src/deploy/launchd.ts'
import { deploymentOver, hostile, python } from './fixtures/deployment.ts'

const script =
  'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'

t.test('the property list holds exactly the words of the command line', async t => {
  const deployment = deploymentOver(`/srv/${hostile}`)
  const job = await python(script, launchdJob(deployment))
  if (job === undefined) {
    t.comment('SKIPPED: there is no Python here')
    return
  }
  t.match(job, {
    Label: 'org.proxypypi.server',
    ProgramArguments: commandLine(deployment, 'run'),
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ExitTimeOut: 7,
    StandardOutPath: deployment.settings.outFile,
  })
})
