import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { UsageError } from '../../src/options.ts'
import { devpiServer } from '../../src/presets/devpi-server.ts'
import type { Translated } from '../../src/presets/pypicache.ts'

const translate = (
  argv: readonly string[],
  env: Record<string, string> = {},
  cwd = '/work',
): Promise<Translated> => devpiServer(argv, { env, cwd, home: '/home/me' })

const argvOf = async (...argv: string[]): Promise<readonly string[]> => {
  const translated = await translate(argv)
  return 'argv' in translated ? translated.argv : []
}

const refusal = (argv: readonly string[], cwd?: string): Promise<unknown> =>
  translate(argv, {}, cwd).then(
    () => undefined,
    (error: unknown) => error,
  )

const usual = [
  '--cache=/home/me/.devpi/serverdata',
  '--bind=127.0.0.1',
  '--port=3141',
  '--refresh=1800',
]

t.test('alone it serves this machine on 3141 (D12, D26, E03)', async t => {
  t.same(await argvOf(), ['run', ...usual])
})

t.test('a command line of 0.7 means what it meant (D21, D22, D27-D31)', async t => {
  const old = ['--datadir', 'data', '--redismode=manual', '--redisport', '3142', '--debug']
  const translated = await translate([...old, '--bottleserver', 'paste', '--pypiurl', 'http://u/'])
  t.same(translated, {
    argv: [
      'run',
      '--cache=/work/data',
      '--bind=127.0.0.1',
      '--port=3141',
      '--index-url=http://u/simple/',
      '--refresh=60',
      '--log-level=debug',
    ],
    warning: 'without effect here: --redisport --redismode --bottleserver',
  })
  const urls = async (url: string) =>
    (await argvOf('--pypiurl', url)).filter(word => word.startsWith('--index-url'))
  t.same(await urls('https://pypi.python.org/'), [], 'its default host is no more')
  t.same(await urls('http://u/base'), ['--index-url=http://u/base/simple/'])
  t.same(await urls('http://u/simple/'), ['--index-url=http://u/simple/'])
  t.ok((await argvOf('--refresh', '2')).includes('--refresh=2'))
  t.ok((await refusal(['--redismode', 'never'])) instanceof UsageError)
})

t.test('the options of later ones (devpi-api.md 18)', async t => {
  const argv = ['--host', '0.0.0.0', '--port', '4040', '--serverdir=/srv/devpi', '--offline-mode']
  const more = ['--outside-url', 'https://h/p', '--mirror-cache-expiry', '9', '--request-timeout=3']
  const rest = ['--restrict-modify', 'root,alice', '--max-request-body-size=9', '--threads', '5']
  t.same(await translate([...argv, ...more, ...rest, '--role', 'master']), {
    argv: [
      'run',
      '--cache=/srv/devpi',
      '--bind=0.0.0.0',
      '--port=4040',
      '--refresh=9',
      '--connect-timeout=3',
      '--first-byte-timeout=3',
      '--outside-url=https://h/p',
      '--no-proxy',
      '--max-upload=9',
      '--restrict-modify=root,alice',
    ],
    warning: 'without effect here: --threads',
  })
  t.match(await argvOf('--listen', '*:80'), ['run', /cache/, '--bind=0.0.0.0', '--port=80'])
  t.match(await argvOf('--listen=[::1]:80'), ['run', /cache/, '--bind=[::1]', '--port=80'])
})

t.test('variables count where there is no option', async t => {
  const env = { DEVPISERVER_PORT: '81', DEVPISERVER_HOST: 'h', DEVPISERVER_OFFLINE_MODE: 'true' }
  const translated = await translate(['--port', '82'], { ...env, DEVPISERVER_STOP: '1' })
  t.match(translated, { argv: ['run', /cache/, '--bind=h', '--port=82', /refresh/, '--no-proxy'] })
})

t.test('instead of serving (D25, E16-E18)', async t => {
  for (const name of ['start', 'stop', 'status', 'gen-config'])
    t.same(await argvOf(`--${name}`), [name, ...usual])
  t.same(await argvOf('--version'), ['--version'])
  t.same(await argvOf('--passwd', 'root'), ['user', 'passwd', 'root', ...usual])
  t.same(await argvOf('--passwd', 'root', '--password-stdin'), [
    'user',
    'passwd',
    'root',
    '--password-stdin',
    ...usual,
  ])
  t.match(await translate(['--init']), { text: /^nothing to do/ })
  t.match(await translate(['--init', '--no-root-pypi', '--indexer-backend', 'null']), {
    text: /^nothing to do/,
    warning: 'without effect here: --no-root-pypi --indexer-backend',
  })
  t.match(await refusal(['--start', '--stop']), { message: /one of them only/ })
})

t.test('--export fills an empty directory, --import reads either kind (F27, F28)', async t => {
  const cwd = t.testdir({ devpi: { 'dataindex.json': '{}' }, ours: { 'proxypypi.tar': '' } })
  const made = await translate(['--export', 'new'], {}, cwd)
  t.match(made, { argv: ['export', join(cwd, 'new', 'proxypypi.tar')] })
  t.ok(readdirSync(cwd).includes('new'))
  t.match(await refusal(['--export', 'ours'], cwd), { message: /is not empty/ })
  t.match(await translate(['--import', 'devpi'], {}, cwd), {
    argv: ['import-devpi', join(cwd, 'devpi')],
  })
  t.match(await translate(['--import', 'ours'], {}, cwd), {
    argv: ['import', join(cwd, 'ours', 'proxypypi.tar')],
  })
  t.match(await refusal(['--import', 'new'], cwd), { message: /neither dataindex.json nor/ })
  t.match(await refusal(['--import', 'missing'], cwd), { message: /neither dataindex.json nor/ })
})

t.test('--log shows the end of the log', async t => {
  const cwd = t.testdir()
  const argv = ['--serverdir', 'state', '--log']
  t.match(await refusal(argv, cwd), { message: /^--log: there is no / })
  const run = join(cwd, 'state', '.proxypypi', 'run')
  mkdirSync(run, { recursive: true })
  writeFileSync(join(run, `${hostname()}.log`), `${'first\n'.repeat(20_000)}last\n`)
  const translated = await translate(argv, {}, cwd)
  const text = 'text' in translated ? translated.text : ''
  t.match(text, /^first\n[\s\S]*\nlast$/)
  t.ok(text.length <= 64 * 1024)
})

t.test('help names every option with its default (D24)', async t => {
  const translated = await translate(['-h'])
  const text = 'text' in translated ? translated.text : ''
  for (const word of [
    'localhost',
    '3141',
    '~/.devpi/serverdata',
    '1800',
    '--redisport',
    '--import',
  ])
    t.ok(text.includes(word), word)
  for (const line of text.split('\n')) t.ok(line.length <= 80, line)
})

t.test('what cannot be had here is refused with the remedy', async t => {
  for (const argv of [
    ['--role', 'replica'],
    ['--role', 'other'],
    ['--primary-url', 'http://h/'],
    ['-c', 'devpi.yml'],
    ['--unix-socket', '/run/x'],
    ['--init', '--root-passwd', 'secret'],
    ['--init', '--root-passwd-hash', '$argon2id$x'],
    ['--import', 'dump', '--skip-import-type', 'custom'],
    ['--listen', 'a:1', '--listen', 'b:2'],
    ['--listen', 'a'],
    ['--unknown'],
    ['--port'],
    ['operand'],
  ]) {
    const error = await refusal(argv)
    t.ok(error instanceof UsageError, `${argv.join(' ')}: ${(error as Error).message}`)
  }
})
