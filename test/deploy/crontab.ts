import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { crontab } from '../../src/deploy/crontab.ts'
import { deploymentOver, hostile } from './fixtures/deployment.ts'

t.test('sh gets exactly the words of the command line (E18)', t => {
  const program = join(t.testdir(), 'echo.js')
  writeFileSync(program, 'console.log(JSON.stringify(process.argv.slice(2)))')
  const deployment = deploymentOver(`/srv/${hostile}`, {}, { program })
  const line = crontab(deployment)
    ?.split('\n')
    .find(line => line.startsWith('@reboot '))
  // What cron itself does with a line.
  const command = (line ?? '').slice('@reboot '.length).replaceAll(String.raw`\%`, '%')
  const output = execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' })
  t.same(JSON.parse(output), [...deployment.argv, 'start'])
  t.end()
})

t.test('there are no lines that cron would cut', t => {
  t.equal(crontab(deploymentOver(`/srv/${'a'.repeat(1000)}`)), undefined)
  t.end()
})
