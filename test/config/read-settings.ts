import { join } from 'node:path'
import t from 'tap'
import { parseArguments } from '../../src/config/arguments.ts'
import { canonicalArguments, readPlaces, readSettings } from '../../src/config/read-settings.ts'
import { UsageError } from '../../src/options.ts'
import { reviveSettings } from '../../src/settings.ts'

const read = async (cwd: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  readSettings({ flags: (await parseArguments(argv)).flags, env, cwd })

t.test('without anything the defaults of the contract hold', async t => {
  const cwd = t.testdir()
  const settings = await read(cwd, [])
  t.match(settings, {
    directory: cwd,
    bind: '127.0.0.1',
    port: 8000,
    offline: false,
    refresh: undefined,
    workers: 1,
    logFormat: 'text',
    logLevel: 'info',
    logToFile: false,
    connectTimeout: 5,
    firstByteTimeout: 10,
    idleTimeout: 20,
    settle: 2,
    grace: 30,
    private: [],
    merge: [],
    read: 'anyone',
    maxUpload: 4 * 2 ** 30,
    mutable: [],
    journalKeep: 400 * 86_400,
  })
  t.equal(settings.pidFile.startsWith(join(cwd, '.proxypypi', 'run')), true)
  const [pypi] = settings.upstreams
  t.match(pypi, { name: 'pypi', refresh: 600, fileHosts: [] })
  t.equal(pypi?.url.href, 'https://pypi.org/simple/')
})

t.test('flags beat environment beats file beats default', async t => {
  const cwd = t.testdir({ 'proxypypi.toml': 'port = 1\ngrace = "2m"\noffline = true\n' })
  t.match(await read(cwd, []), { port: 1, grace: 120, offline: true })
  const env = { PROXYPYPI_PORT: '2', PROXYPYPI_OFFLINE: 'no' }
  t.match(await read(cwd, [], env), { port: 2, grace: 120, offline: false })
  t.match(await read(cwd, ['-p', '3', '-p', '4', '-n'], env), { port: 4, offline: true })
  t.equal((await read(cwd, [], { PROXYPYPI_PORT: '' })).port, 1, 'an empty variable is none')
})

t.test('a flag may have a value', async t => {
  for (const [argument, offline] of [
    ['--no-proxy=yes', true],
    ['--offline=1', true],
    ['-n=on', true],
    ['--offline=no', false],
  ] as const)
    t.equal((await read(t.testdirName, [argument])).offline, offline, argument)
  const { operands } = await parseArguments(['--', '--offline=maybe'])
  t.same(operands, ['--offline=maybe'])
})

t.test('relative paths are relative to the caller, in the file to the file (P24)', async t => {
  const cwd = t.testdir({ etc: { 'my.toml': 'cache = "../data"\nlog = "a.log"\n' } })
  const flags = await read(cwd, ['-P', 'x/a.pid', '-o', 'a.out', '-d', 'c'])
  t.match(flags, { pidFile: join(cwd, 'x/a.pid'), outFile: join(cwd, 'a.out') })
  t.equal(flags.directory, join(cwd, 'c'))
  const file = await read(cwd, ['--config', 'etc/my.toml'])
  t.match(file, { directory: join(cwd, 'data'), logFile: join(cwd, 'etc/a.log'), logToFile: true })
})

t.test('upstream tables: order, credentials, what they inherit', async t => {
  const toml = `
refresh = 60
file-hosts = ["files.example:8443"]
[[upstream]]
url = "https://pypi.org"
[[upstream]]
url = "https://\${U}:\${P}@corp.example/root/prod/+simple"
only = ["Corp_*"]
refresh = 5
file-hosts = []
[[upstream]]
name = "tokened"
url = "https://other.example/x"
token = "\${P}"
`
  const cwd = t.testdir({ 'proxypypi.toml': toml })
  const env = { U: 'me', P: 'p@ss/:w%rd' }
  const { upstreams } = await read(cwd, [], env)
  t.same(
    upstreams.map(({ name, url, refresh }) => [name, url.href, refresh]),
    [
      ['pypi', 'https://pypi.org/simple/', 60],
      ['corp', 'https://corp.example/root/prod/+simple/', 5],
      ['tokened', 'https://other.example/x/', 60],
    ],
  )
  t.same(upstreams[1]?.credentials, { username: 'me', password: 'p@ss/:w%rd' })
  t.same(upstreams[1]?.only, ['corp-*'])
  t.same(upstreams[1]?.fileHosts, [])
  t.same(upstreams[0]?.fileHosts, ['files.example:8443'])
  t.same(upstreams[2]?.credentials, { username: '__token__', password: 'p@ss/:w%rd' })

  const flag = await read(cwd, ['-i', 'https://pypi.org/simple', '-i', 'https://pypi.org'], env)
  t.equal(flag.upstreams.length, 1, 'an index given twice is one')
  const known = await read(cwd, ['-i', 'https://other.example/x'], env)
  t.match(known.upstreams, [{ name: 'tokened', credentials: { username: '__token__' } }])
})

t.test('a child gets the same settings as text', async t => {
  const cwd = t.testdir()
  const settings = await read(cwd, ['-i', 'https://u:p@h.example'])
  t.strictSame(
    JSON.parse(JSON.stringify(reviveSettings(JSON.stringify(settings)))),
    JSON.parse(JSON.stringify(settings)),
  )
  t.ok(reviveSettings(JSON.stringify(settings)).upstreams[0]?.url instanceof URL)
})

t.test('the daemon can be stopped though the upstreams of its settings make no sense', async t => {
  const toml = 'grace = 3\n[[upstream]]\nurl = "https://${GONE}@h/"\n'
  const cwd = t.testdir({ 'proxypypi.toml': toml })
  const sources = { flags: new Map(), env: {}, cwd }
  t.match(await readPlaces(sources), { directory: cwd, grace: 3 })
  await t.rejects(readSettings(sources), { message: /no variable GONE$/ })
})

const bad: readonly (readonly [
  file: string,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  says: RegExp,
])[] = [
  ['prot = 1', [], {}, /proxypypi\.toml:1: unknown key "prot"; did you mean "port"\?$/],
  ['\n[[upstream]]\nurl = "https://a"\nusr = "x"', [], {}, /:4: unknown key "usr"/],
  ['port = "x"', [], {}, /:1: port: expects a whole number from 0 to 65535$/],
  ['a = [', [], {}, /:1: not valid TOML/],
  ['upstream = 3', [], {}, /:1: upstream: expects tables headed \[\[upstream\]\]$/],
  ['[[upstream]]\nname = "a"', [], {}, /:1: upstream: has no url$/],
  ['[[upstream]]\nname = "a b"\nurl = "http://a"', [], {}, /:2: name: expects letters/],
  ['[[upstream]]\nurl = 3', [], {}, /:2: url: expects text/],
  ['[[upstream]]\nurl = "http://a"\nonly = 3', [], {}, /:3: only: expects a list of texts$/],
  ['[[upstream]]\nurl = "http://a"\nonly = ["a/b"]', [], {}, /:3: only: expects project names/],
  [
    '[[upstream]]\nurl = "http://a"\nfile-hosts = ["http://b"]',
    [],
    {},
    /:3: file-hosts: expects "host"/,
  ],
  [
    '[[upstream]]\nname = "a"\nurl = "http://a"\n[[upstream]]\nname = "a"\nurl = "http://b"',
    [],
    {},
    /:5: name: a is the name of another$/,
  ],
  ['[[upstream]]\nurl = "http://a"\ntoken = "t"\nusername = "u"', [], {}, /token: give either/],
  [
    '[[upstream]]\nurl = "http://a"\npassword = "${NOPE}"',
    [],
    {},
    /:3: password: the environment has no variable NOPE$/,
  ],
  [
    '[[upstream]]\nurl = "http://a"\nca-file = "none.pem"',
    [],
    {},
    /ca-file: .*none\.pem cannot be read \(ENOENT\)$/,
  ],
  [
    'index-url = "http://a"\n[[upstream]]\nurl = "http://a"',
    [],
    {},
    /:1: index-url: cannot stand beside/,
  ],
  ['offline = 3', [], {}, /:1: offline: expects true or false$/],
  [
    'connect-timeout = 0',
    [],
    {},
    /:1: connect-timeout: expects a number of seconds of at least 0\.001/,
  ],
  ['max-page-size = "3 cows"', [], {}, /:1: max-page-size: expects a number of bytes/],
  [
    '',
    ['-b', '127.0.0.1:80'],
    {},
    /^--bind: expects an address or host name; the port goes into --port$/,
  ],
  ['', ['-i', 'pypi.org'], {}, /^--index-url: expects a URL/],
  ['', ['-i', 'ftp://u:secret@h/'], {}, /^--index-url: expects a URL that begins with http/],
  [
    '',
    ['-i', 'https://u:%zz@h/'],
    {},
    /^--index-url: expects user name and password percent-encoded$/,
  ],
  ['', ['-i', 'https://h/?a'], {}, /^--index-url: expects a URL without/],
  ['', ['--log-level', 'loud'], {}, /^--log-level: expects one of error, warn, info, debug$/],
  ['', ['--private', '../x'], {}, /^--private: expects project names/],
  ['', ['-d', ''], {}, /^--cache: expects a path$/],
  ['port = 70000', ['-p', '1'], {}, /:1: port: expects a whole number/],
  ['private = [1]', [], {}, /proxypypi\.toml:1: private: expects a list of texts$/],
  ['', ['--offline=maybe'], {}, /^--offline: expects true or false$/],
  ['', ['-n=2'], {}, /^-n: expects true or false$/],
  ['', [], { PROXYPYPI_WORKERS: '0' }, /^PROXYPYPI_WORKERS: expects a whole number from 1 to 256$/],
  [
    '',
    [],
    { PROXYPYPI_CAHCE: 'x' },
    /^unknown variable PROXYPYPI_CAHCE; did you mean "PROXYPYPI_CACHE"\?$/,
  ],
]

t.test('what is wrong is refused with its place and what is expected (needs 40)', async t => {
  for (const [file, argv, env, says] of bad) {
    const cwd = t.testdir({ 'proxypypi.toml': file })
    const error: unknown = await read(cwd, argv, env).catch((error: unknown) => error)
    t.type(error, UsageError, String(says))
    const { message } = error as Error
    t.match(message, says)
    t.notMatch(message, 'secret')
  }
})

t.test('a variable of somebody else with our prefix is left alone', async t => {
  const env = { PROXYPYPI_PORT_8000_TCP_ADDR: '10.0.0.1', PROXYPYPI_SERVICE_HOST: 'x' }
  t.equal((await read(t.testdir(), [], env)).port, 8000)
})

t.test('recorded arguments mean the same from anywhere and hold no credential', async t => {
  const cwd = t.testdir({ 'proxypypi.toml': '' })
  const argv = [
    '-d',
    '.',
    '-P',
    'a.pid',
    '-n',
    '-p',
    '1',
    '-p',
    '2',
    '-i',
    'https://u:pw@h',
    '-i',
    'https://u:${PW}@g',
    '-i',
    'https://h/x@y',
  ]
  const env = { PW: 'hidden' }
  const { flags } = await parseArguments([...argv, 'run', '--json'])
  const sources = { flags, env, cwd }
  const recorded = canonicalArguments(sources, await readSettings(sources))
  t.strictSame(recorded.toSorted(), [
    `--cache=${cwd}`,
    `--config=${join(cwd, 'proxypypi.toml')}`,
    '--index-url=https://***@h',
    '--index-url=https://h/x@y',
    '--index-url=https://u:${PW}@g',
    '--no-proxy=true',
    `--pid=${join(cwd, 'a.pid')}`,
    '--port=2',
  ])
  const again = await readSettings({ flags: (await parseArguments(recorded)).flags, env, cwd: '/' })
  t.match(again, { directory: cwd, port: 2, offline: true, pidFile: join(cwd, 'a.pid') })
})

t.test('who may change users and indexes: a list, with commas too as devpi takes it', async t => {
  const cwd = t.testdir()
  t.equal((await read(cwd, [])).restrictModify, undefined)
  const { restrictModify } = await read(cwd, [
    '--restrict-modify=root,:admins',
    '--restrict-modify',
    ' :authenticated: ',
  ])
  t.same(restrictModify, ['root', ':admins', ':AUTHENTICATED:'])
  const wrong = read(cwd, ['--restrict-modify', 'a b'])
  await t.rejects(wrong, /--restrict-modify: expects users and :groups, not "a b"/)
})

t.test('where clients see the server: a slash at the end, and nothing that is no URL', async t => {
  const cwd = t.testdir({})
  t.equal((await read(cwd, [])).outsideUrl, undefined)
  const { outsideUrl } = await read(cwd, ['--outside-url', 'https://pypi.example/py'])
  t.equal(outsideUrl, 'https://pypi.example/py/')
  for (const bad of ['pypi.example', 'ftp://x', 'http://u:p@x/', 'http://x/../y'])
    await t.rejects(read(cwd, ['--outside-url', bad]), /--outside-url: expects http\(s\):/, bad)
})
