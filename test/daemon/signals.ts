import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const program = fileURLToPath(new URL('fixtures/crash.ts', import.meta.url))

t.test(
  'what nobody caught is one line in the log, and the process ends with 1 (fault X29)',
  async t => {
    for (const [how, reason] of [
      ['throw', 'thrown at https://***@h/'],
      ['reject', 'rejected'],
    ] as const) {
      const child = spawn(process.execPath, [...process.execArgv, program, how])
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data: Buffer) => (output += data.toString()))
      const [code] = (await once(child, 'close')) as [number]
      t.equal(code, 1)
      const lines = output.trim().split('\n')
      t.equal(lines.length, 2)
      t.ok(lines[0]?.includes('error unexpected error') === true && lines[0].includes(reason))
      t.match(lines[1], /info ending$/)
    }
  },
)
