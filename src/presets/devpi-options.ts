/** An option that devpi-server has or had. */
export interface DevpiOption {
  readonly name: string
  /** What stands for the value in help; none: a switch. */
  readonly value?: string
  /** As help shows it. */
  readonly default?: string
  readonly choices?: readonly string[]
  readonly isRepeatable?: boolean
  /** Only 0.7 had it. */
  readonly isOld?: boolean
  /** Understood, and without a meaning here. */
  readonly isIgnored?: boolean
  /** The option of ours that means the same. */
  readonly ours?: string
  readonly help?: string
}

/** The options with a meaning, in the order of help. */
const meant: readonly DevpiOption[] = [
  { name: 'host', value: 'HOST', default: 'localhost', help: 'listen address; 0.0.0.0: every one' },
  { name: 'port', value: 'PORT', default: '3141', help: 'listen port' },
  { name: 'listen', value: 'HOST:PORT', isRepeatable: true, help: 'both at once' },
  { name: 'outside-url', value: 'URL', ours: 'outside-url', help: 'where clients see the server' },
  {
    name: 'serverdir',
    value: 'DIR',
    default: '~/.devpi/serverdata',
    help: 'files and all state',
  },
  { name: 'datadir', value: 'DIR', isOld: true, help: 'the same' },
  { name: 'pypiurl', value: 'URL', isOld: true, help: 'base of the index to fetch from (PyPI)' },
  {
    name: 'mirror-cache-expiry',
    value: 'SECS',
    default: '1800',
    ours: 'refresh',
    help: 'older pages are confirmed upstream',
  },
  { name: 'refresh', value: 'SECS', ours: 'refresh', help: 'the same' },
  { name: 'offline-mode', ours: 'no-proxy', help: 'never contact an upstream' },
  {
    name: 'request-timeout',
    value: 'SECS',
    default: '5',
    help: 'longest wait for an answer of upstream',
  },
  {
    name: 'max-request-body-size',
    value: 'BYTES',
    ours: 'max-upload',
    help: 'largest file that may be uploaded',
  },
  {
    name: 'restrict-modify',
    value: 'SPEC',
    ours: 'restrict-modify',
    help: 'the only ones who may change users and indexes',
  },
  { name: 'debug', help: 'log more' },
]

/** Beside `--passwd`, for scripts. */
const fromStdin: DevpiOption = {
  name: 'password-stdin',
  help: 'read it from standard input',
}

/** What is done instead of serving; one at most. */
const acts: readonly DevpiOption[] = [
  { name: 'start', help: 'serve in the background' },
  { name: 'stop', help: 'end that' },
  { name: 'status', help: 'how it is' },
  { name: 'log', help: 'the end of its log' },
  { name: 'gen-config', help: 'write files for nginx, cron, systemd, ...' },
  { name: 'export', value: 'DIR', help: 'write all state to a directory that is empty' },
  { name: 'import', value: 'DIR', help: "read that, or an export of the original's" },
  { name: 'passwd', value: 'USER', help: 'set a password' },
  { name: 'init', help: 'nothing: the first start makes its state itself' },
  { name: 'version', help: 'print the number of the version' },
]

const ignoredSwitches = [
  'absolute-urls',
  'autocreate-users',
  'bypass-cdn',
  'hard-links',
  'include-mirrored-files',
  'keep-docs-packed',
  'no-events',
  'no-replica-streaming',
  'no-root-pypi',
  'requests-only',
]

const ignoredValues = [
  'connection-limit',
  'documentation-path',
  'file-replication-skip-indexes',
  'file-replication-threads',
  'indexer-backend',
  'keyfs-cache-size',
  'logger-cfg',
  'profile-requests',
  'proxy-timeout',
  'replica-file-search-path',
  'secretfile',
  'storage',
  'theme',
  'threads',
  'trusted-proxy',
  'trusted-proxy-count',
  'trusted-proxy-headers',
]

const ignored: readonly DevpiOption[] = [
  { name: 'redisport', value: 'PORT', isOld: true, isIgnored: true },
  {
    name: 'redismode',
    value: 'MODE',
    choices: ['auto', 'manual'],
    isOld: true,
    isIgnored: true,
  },
  { name: 'bottleserver', value: 'TYPE', isOld: true, isIgnored: true },
  ...ignoredSwitches.map(name => ({ name, isIgnored: true })),
  ...ignoredValues.map(name => ({ name, value: 'VALUE', isIgnored: true })),
]

/** Understood in order to say what to do instead. */
const refused: readonly DevpiOption[] = [
  {
    name: 'role',
    value: 'ROLE',
    choices: ['master', 'primary', 'standalone', 'auto', 'replica'],
  },
  { name: 'primary-url', value: 'URL' },
  { name: 'master-url', value: 'URL' },
  { name: 'configfile', value: 'FILE' },
  { name: 'unix-socket', value: 'PATH' },
  { name: 'unix-socket-perms', value: 'MODE' },
  { name: 'root-passwd', value: 'PASSWORD' },
  { name: 'root-passwd-hash', value: 'HASH' },
  { name: 'skip-import-type', value: 'TYPE' },
]

/** The names of the options that say what to do instead of serving. */
export const actNames: readonly string[] = acts.map(({ name }) => name)

/** Every option that is understood. */
export const devpiOptions: readonly DevpiOption[] = [
  ...meant,
  ...acts,
  fromStdin,
  ...ignored,
  ...refused,
]

const line = ({ name, value, default: usual, help = '' }: DevpiOption): string => {
  const start = `--${name}${value === undefined ? '' : ` ${value}`}`
  return `  ${start.padEnd(28)} ${help}${usual === undefined ? '' : ` (${usual})`}`
}

/** The text of `--help`. */
export const devpiUsage = (): string =>
  [
    'Usage: devpi-server [options]',
    '',
    'Serves a mirror of PyPI and the indexes of users and teams, as devpi-server did.',
    'It is proxypypi under another name: see proxypypi --help for everything else.',
    '',
    ...meant.map(line),
    '',
    'Instead of serving:',
    ...acts.flatMap(act => (act.name === 'passwd' ? [act, fromStdin] : [act])).map(line),
    `  ${'-h, --help'.padEnd(28)} this text`,
    '',
    'Each is also a variable (DEVPISERVER_PORT). Accepted, and without effect:',
    ...wrapped(ignored.map(({ name }) => `--${name}`)),
  ].join('\n')

const wrapped = (words: readonly string[]): readonly string[] => {
  const lines = ['']
  for (const word of words) {
    const last = lines.length - 1
    if (`${lines[last]} ${word}`.length > 79) lines.push(` ${word}`)
    else lines[last] += ` ${word}`
  }
  return lines.map(text => ` ${text}`)
}
