import { spawnSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { main } from '../../src/cli.ts'
import { Accounts } from '../../src/accounts/accounts.ts'
import { Layout } from '../../src/disk/layout.ts'
import { user as userOf } from '../accounts/fixtures/accounts.ts'
import { buildProgram } from '../fixtures/cli.ts'

const program = await buildProgram()

const place = (t: Test) => {
  const directory = directoryOf(t)
  const { PATH, HOME } = process.env
  const run = (args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program.file, ...args], {
      cwd: directory,
      env: { PATH, HOME },
      input,
      encoding: 'utf8',
    })
    return { code: status, stdout, stderr }
  }
  /** Adds a user whose password is "secret". */
  const add = (name: string, ...args: string[]) =>
    run(['user', 'add', name, '--password-stdin', ...args], 'secret\n')
  const accounts = new Accounts(new Layout(directory))
  const signsIn = async (user: string, password: string, isLocal = false) =>
    (await accounts.identify({ user, password }, { address: '192.0.2.1', isLocal })) !== undefined
  return { directory, run, add, accounts, signsIn }
}

/** Runs a command that fails, in this process, and gives back its exit code and what it complained. */
const failing = async (t: Test, directory: string, args: readonly string[]) => {
  const written = t.capture(process.stderr, 'write', () => true)
  const code = await main(['--cache', directory, ...args])
  written.restore()
  return { code, stderr: written.args().join('') }
}

t.test('user add, change, passwd, list, remove: a running server knows at once', async t => {
  const { run, add, signsIn, accounts } = place(t)
  t.match(add('ci', '--publish', 'Acme_*', '--publish', 'foo'), {
    code: 0,
    stdout: 'user ci added, may publish acme-*, foo\n',
  })
  t.match(add('bob'), { code: 0, stdout: 'user bob added, may only read\n' })
  t.ok(await signsIn('ci', 'secret'))
  t.match(add('ci'), { code: 1, stdout: '', stderr: /there is a user ci already/ })
  t.match(run(['user', 'change', 'ci', '--publish', 'bar']), { code: 0, stdout: /may publish bar/ })
  t.match(await accounts.users.get(userOf('ci')), { publish: ['bar'] })
  t.match(run(['user', 'change', 'ci', '--publish', '']), { code: 0, stdout: /may only read/ })
  t.match(run(['user', 'passwd', 'ci', '--password-stdin'], 'other'), { code: 0 })
  t.notOk(await signsIn('ci', 'secret'))
  t.ok(await signsIn('ci', 'other'))
  t.match(
    run(['user', 'list']).stdout,
    /^bob +\d{4}-\d\d-\d\d  may only read\nci +[^\n]+\nroot +[^\n]+cannot sign in[^\n]+\n$/,
  )
  const lines = run(['user', 'list', '--json']).stdout.trimEnd().split('\n')
  t.match(
    lines.map(line => JSON.parse(line) as unknown),
    [
      { name: 'bob', signIn: 'anywhere' },
      { name: 'ci', publish: [] },
      { name: 'root', signIn: 'nowhere' },
    ],
  )
  t.notMatch(lines.join(), /scrypt|password/)
  t.match(run(['user', 'remove', 'bob']), {
    code: 0,
    stdout: 'user bob removed, with all tokens and indexes\n',
  })
  t.match(run(['user', 'remove', 'ci']), { code: 0, stdout: /no user is left/ })
  t.notOk(await signsIn('ci', 'other'))
  t.match(run(['user', 'list']), { code: 0, stdout: /^root [^\n]+\n$/ })
})

t.test('root is open on this machine until the first user is added here', async t => {
  const { directory, run, add, signsIn, accounts } = place(t)
  t.match(run(['user', 'list']).stdout, /^root +always .*from this machine only\n$/)
  t.ok(await signsIn('root', '', true))
  t.match(add('ci'), {
    code: 0,
    stderr: /root cannot sign in any more until "proxypypi user passwd root"/,
  })
  t.notOk(await signsIn('root', '', true))
  t.notMatch(add('bob').stderr, /root/, 'that is said once')
  t.match(run(['user', 'passwd', 'root', '--password-stdin'], 'other'), { code: 0 })
  t.ok(await signsIn('root', 'other'))
  t.notOk(await signsIn('root', '', true))
  t.match(add('root'), { code: 1, stderr: /there is a user root already/ })
  t.match(await failing(t, directory, ['user', 'remove', 'root']), {
    code: 1,
    stderr: /root cannot be removed/,
  })
  const elsewhere = new Accounts(new Layout(join(directory, 'b')))
  t.match(run(['--cache', 'b', 'user', 'add', 'root', '--password-stdin'], 'x'), { code: 0 })
  t.match(await elsewhere.users.get(userOf('root')), { password: /^\$scrypt/ })
  t.ok(await accounts.users.get(userOf('root')))
})

t.test(
  'what cannot be done exits with 1, what cannot be meant with 2, and nothing is written',
  async t => {
    const { run, directory } = place(t)
    for (const [args, pattern] of [
      [['user', 'passwd', 'nobody', '--password-stdin'], /there is no user nobody/],
      [['user', 'change', 'nobody', '--publish', 'x'], /there is no user nobody/],
      [['user', 'remove', 'nobody'], /there is no user nobody/],
      [['token', 'create', 'nobody'], /there is no user nobody/],
      [['token', 'revoke', '0123456789abcdef'], /there is no token 0123456789abcdef/],
    ] as const)
      t.match(await failing(t, directory, args), { code: 1, stderr: pattern }, args.join(' '))
    for (const [args, pattern] of [
      [['user'], /needs one of add, change, passwd, list, remove/],
      [['user', 'ad', 'x'], /did you mean "add"/],
      [['user', 'add', '--password-stdin'], /a user name is missing/],
      [['user', 'add', 'Al ice', '--password-stdin'], /"Al ice" is no user name: letters/],
      [['user', 'add', 'simple', '--password-stdin'], /"simple" is no user name: .*our own/],
      [['user', 'add', '__token__', '--password-stdin'], /is no user name/],
      [['user', 'add', '../x', '--password-stdin'], /is no user name/],
      [
        ['user', 'add', 'x', '--password-stdin', '--publish', 'a/b'],
        /--publish: expects project names/,
      ],
      [['user', 'change', 'x'], /needs --publish/],
      [['user', 'list', 'x'], /takes no name/],
      [['user', 'list', '--expires', '3d'], /--expires has no meaning for user/],
      [['token', 'create'], /a user name is missing/],
      [['token', 'create', 'x', '--expires', 'soon'], /--expires: expects a number of seconds/],
      [['token', 'create', 'x', '--expires', '0'], /more than 0/],
      [['token', 'create', 'x', '--expires', '99999999w'], /at most 100 years/],
      [['token', 'revoke', '../x'], /needs the ID of a token/],
    ] as const)
      t.match(await failing(t, directory, args), { code: 2, stderr: pattern }, args.join(' '))
    t.match(run(['user', 'add', 'x']), { code: 2, stderr: /there is no terminal to ask/ })
    t.match(run(['user', 'add', 'x', '--password-stdin'], ''), { code: 2, stderr: /is empty/ })
    t.match(run(['user', 'add', 'x', '--password-stdin'], 'a\nb\n'), { code: 2, stderr: /control/ })
    const misplaced = await failing(t, directory, ['user', 'add', 'x', 'hunter2'])
    t.equal(misplaced.code, 2)
    t.notMatch(misplaced.stderr, 'hunter2', 'perhaps it is the password')
    t.same(await readdir(join(directory, '.proxypypi', 'keep')).catch(() => []), [])
  },
)

t.test('token create prints a token once, alone; list and revoke', async t => {
  const { run, add, signsIn } = place(t)
  add('ci', '--publish', '*')
  add('bob')
  const created = run([
    'token',
    'create',
    'ci',
    '--publish',
    'acme-*',
    '--expires',
    '30d',
    'git',
    'hub',
  ])
  t.match(created.stdout, /^pypp-[0-9a-f]{16}-[\w-]{43}\n$/)
  t.match(created.stderr, /may publish acme-\*, until \d{4}-.*shown only this once/)
  const token = created.stdout.trim()
  t.notMatch(created.stderr, token)
  t.ok(await signsIn('__token__', token))
  const unlimited = run(['token', 'create', 'bob', '--json'])
  const { token: text, id } = JSON.parse(unlimited.stdout) as { token: string; id: string }
  t.ok(await signsIn('', text))
  const all = run(['token', 'list'])
  t.match(
    all.stdout,
    /bob .*never expires  may do what bob may\n.* ci .*expires \d{4}.*acme-\*  git hub\n/,
  )
  t.equal(run(['token', 'list', 'ci']).stdout.split('\n').length, 2)
  const [line = ''] = run(['token', 'list', 'ci', '--json']).stdout.split('\n')
  t.match(JSON.parse(line), { user: 'ci', publish: ['acme-*'], expired: false, note: 'git hub' })
  t.notMatch(`${all.stdout}${line}`, /hash|pypp-/)
  t.match(run(['token', 'revoke', id]), { code: 0, stdout: `token ${id} of bob revoked\n` })
  t.notOk(await signsIn('', text))
  t.match(run(['token', 'revoke', id]), { code: 1 })
  t.match(run(['user', 'remove', 'ci']), { code: 0 })
  t.notOk(await signsIn('__token__', token))
  t.equal(run(['token', 'list']).stdout, '')
})
