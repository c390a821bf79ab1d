import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { main } from '../src/cli.ts'
import { version } from '../src/version.ts'

const rows: readonly {
  readonly claim: string
  readonly args: readonly string[]
  readonly code: number
  readonly stdout?: RegExp
  readonly stderr?: RegExp
}[] = [
  { claim: 'help goes to standard output', args: ['-h'], code: 0, stdout: /^Usage: proxypypi/ },
  { claim: 'no command: help on standard error', args: [], code: 2, stderr: /^Usage: proxypypi/ },
  {
    claim: 'the version stands alone',
    args: ['--version'],
    code: 0,
    stdout: new RegExp(`^${version}\n$`),
  },
  {
    claim: 'an unknown command: the nearest one',
    args: ['strat'],
    code: 2,
    stderr: /^proxypypi: no command "strat"; did you mean "start"\?\n$/,
  },
  {
    claim: 'an unknown option: the nearest one',
    args: ['run', '--prot', '1'],
    code: 2,
    stderr: /^proxypypi: unknown option --prot; did you mean "port"\?\n$/,
  },
  {
    claim: 'an option without its value',
    args: ['run', '-p'],
    code: 2,
    stderr: /^proxypypi: option -p needs a value\n$/,
  },
  {
    claim: 'arguments that nobody wants',
    args: ['run', 'x'],
    code: 2,
    stderr: /^proxypypi: run takes no arguments, but there is "x"\n$/,
  },
  {
    claim: 'a flag of another command',
    args: ['--json', 'run'],
    code: 2,
    stderr: /^proxypypi: --json has no meaning for run\n$/,
  },
  {
    claim: 'a value out of range',
    args: ['-p', '65536', 'run'],
    code: 2,
    stderr: /^proxypypi: --port: expects a whole number from 0 to 65535\n$/,
  },
  {
    claim: 'help for a command',
    args: ['start', '--help'],
    code: 0,
    stdout: /^ {2}proxypypi -d \/srv\/pypi start\n/,
  },
  {
    claim: 'the cache is a file (fault S36)',
    args: ['-d', '@file', 'run'],
    code: 1,
    stderr: /^proxypypi: cache .*\/file is not a directory; choose one with --cache\n$/,
  },
  {
    claim: 'the same for start',
    args: ['-d', '@file/below', 'start'],
    code: 1,
    stderr: /^proxypypi: cache .*\/file\/below is not a directory/,
  },
  {
    claim: 'a settings file that is not there',
    args: ['--config', 'none.toml', 'run'],
    code: 2,
    stderr: /none\.toml: there is no such file\n$/,
  },
  {
    claim: 'a mistake in the settings file: file, line, nearest key',
    args: ['-d', '@bad', 'status'],
    code: 2,
    stderr: /bad\/proxypypi\.toml:2: unknown key "prot"; did you mean "port"\?\n$/,
  },
]

const execute = async (t: Test, args: readonly string[]) => {
  const stdout = t.capture(process.stdout, 'write', () => true)
  const stderr = t.capture(process.stderr, 'write', () => true)
  const code = await main(args)
  const texts = [stdout, stderr].map(calls =>
    calls()
      .map(({ args: [text] }) => String(text))
      .join(''),
  )
  stdout.restore()
  stderr.restore()
  return { code, stdout: texts[0] ?? '', stderr: texts[1] ?? '' }
}

t.test('what is wrong is said in one line, with the right exit code', async t => {
  const bad = '# a comment\nprot = 1\n'
  const directory = t.testdir({ file: '', bad: { 'proxypypi.toml': bad } })
  for (const { claim, args, code, stdout = /^$/, stderr = /^$/ } of rows) {
    const placed = args.map(arg => (arg.startsWith('@') ? join(directory, arg.slice(1)) : arg))
    const ended = await execute(t, placed)
    t.equal(ended.code, code, claim)
    t.match(ended.stdout, stdout, claim)
    t.match(ended.stderr, stderr, claim)
  }
})
