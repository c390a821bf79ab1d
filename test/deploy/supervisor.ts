import t from 'tap'
import { commandLine } from '../../src/deploy/deployment.ts'
import { supervisorProgram } from '../../src/deploy/supervisor.ts'
import { deploymentOver, hostile, python } from './fixtures/deployment.ts'

// As supervisor's options.py reads its files.
const script = `
import configparser, json, shlex, sys
parser = configparser.RawConfigParser(inline_comment_prefixes=(';', '#'), strict=False)
parser.read_string(sys.stdin.read())
section = dict(parser.items('program:proxypypi'))
section['command'] = shlex.split(section['command'] % {'here': '/x'})
print(json.dumps(section))
`

t.test('supervisor reads exactly the words of the command line', async t => {
  const deployment = deploymentOver(`/srv/${hostile}`)
  const section = await python(script, supervisorProgram(deployment))
  if (section === undefined) {
    t.comment('SKIPPED: there is no Python here')
    return
  }
  t.match(section, {
    command: commandLine(deployment, 'run'),
    user: 'pypi',
    stopsignal: 'TERM',
    stopwaitsecs: '7',
  })
})
