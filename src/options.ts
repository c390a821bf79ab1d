/** How the text of a flag or variable, or the value in the settings file, is understood. */
export type Kind = 'text' | 'path' | 'flag' | 'integer' | 'duration' | 'size' | 'texts' | 'choice'

/** Where a row stands in `--help`: a line of its own, or one of the packed lines below. */
export type Group = 'server' | 'daemon' | 'tuning' | 'command'

/** One setting: as a flag `--KEY`, in the environment as `PROXYPYPI_KEY`, in the settings file as `KEY`. */
export interface Option {
  readonly key: string
  readonly short?: string
  /** A second name, good everywhere the key is. */
  readonly alias?: string
  readonly kind: Kind
  readonly group: Group
  /** What stands for the value in help: `DIR`. */
  readonly value?: string
  /** The value when nobody sets one, written as a user would; none means an empty list, off, or unset. */
  readonly default?: string
  /** The default as help shows it, where it depends on the machine. */
  readonly shown?: string
  readonly least?: number
  readonly most?: number
  readonly choices?: readonly string[]
  /** `flag`: belongs to a command, no setting; `no file`: cannot stand in the settings file. */
  readonly only?: 'flag' | 'no file'
  readonly help: string
}

/** The user's mistake on the command line or in the settings: exit code 2. */
export class UsageError extends Error {}

/** Every option there is. The parser, `--help`, the man page and the README are made from it. */
export const options: readonly Option[] = [
  {
    key: 'cache',
    short: 'd',
    kind: 'path',
    group: 'server',
    value: 'DIR',
    default: '.',
    help: 'cache, private files and all state',
  },
  {
    key: 'bind',
    short: 'b',
    kind: 'text',
    group: 'server',
    value: 'ADDR',
    default: '127.0.0.1',
    help: 'listen address; 0.0.0.0: every one',
  },
  {
    key: 'port',
    short: 'p',
    kind: 'integer',
    group: 'server',
    value: 'N',
    default: '8000',
    least: 0,
    most: 65535,
    help: 'listen port; 0 takes a free one',
  },
  {
    key: 'index-url',
    short: 'i',
    kind: 'texts',
    group: 'server',
    value: 'URL',
    default: 'https://pypi.org/simple/',
    shown: 'PyPI',
    help: 'upstream simple index; repeatable',
  },
  {
    key: 'no-proxy',
    short: 'n',
    alias: 'offline',
    kind: 'flag',
    group: 'server',
    help: 'never contact an upstream',
  },
  {
    key: 'refresh',
    kind: 'duration',
    group: 'server',
    value: 'SECONDS',
    default: '600',
    help: 'a page older than this is confirmed upstream',
  },
  {
    key: 'workers',
    kind: 'integer',
    group: 'server',
    value: 'N',
    default: '1',
    least: 1,
    most: 256,
    help: 'processes sharing the port',
  },
  {
    key: 'config',
    kind: 'path',
    group: 'tuning',
    value: 'FILE',
    shown: 'DIR/proxypypi.toml',
    only: 'no file',
    help: 'settings file, TOML',
  },
  {
    key: 'pid',
    short: 'P',
    kind: 'path',
    group: 'daemon',
    value: 'FILE',
    shown: '.proxypypi/run/HOST.pid',
    help: 'PID file',
  },
  {
    key: 'log',
    short: 'l',
    kind: 'path',
    group: 'daemon',
    value: 'FILE',
    shown: '.proxypypi/run/HOST.log',
    help: 'log file',
  },
  {
    key: 'out',
    short: 'o',
    kind: 'path',
    group: 'daemon',
    value: 'FILE',
    shown: '.proxypypi/run/HOST.out',
    help: 'console output',
  },
  {
    key: 'log-format',
    kind: 'choice',
    group: 'tuning',
    value: 'text|json',
    default: 'text',
    choices: ['text', 'json'],
    help: 'one line for each event',
  },
  {
    key: 'log-level',
    kind: 'choice',
    group: 'tuning',
    value: 'LEVEL',
    default: 'info',
    choices: ['error', 'warn', 'info', 'debug'],
    help: 'what is written at least: error, warn, info or debug',
  },
  {
    key: 'grace',
    kind: 'duration',
    group: 'tuning',
    value: 'SECONDS',
    default: '30',
    help: 'longest wait for transfers when stopping',
  },
  {
    key: 'private',
    kind: 'texts',
    group: 'tuning',
    value: 'PATTERN',
    help: 'project names (acme-*) that are never asked upstream; repeatable',
  },
  {
    key: 'merge',
    kind: 'texts',
    group: 'tuning',
    value: 'PATTERN',
    help: 'project names whose local files are listed beside those of upstream; repeatable',
  },
  {
    key: 'file-hosts',
    kind: 'texts',
    group: 'tuning',
    value: 'HOST[:PORT]',
    help: 'hosts from which files may be fetched though their address is not public; repeatable',
  },
  {
    key: 'ca-file',
    kind: 'path',
    group: 'tuning',
    value: 'FILE',
    help: 'certificates (PEM) to trust besides those of Node',
  },
  {
    key: 'read',
    kind: 'choice',
    group: 'tuning',
    value: 'anyone|users',
    default: 'anyone',
    choices: ['anyone', 'users'],
    help: 'who may read: anyone, or users and tokens only',
  },
  {
    key: 'restrict-modify',
    kind: 'texts',
    group: 'tuning',
    value: 'USER',
    help: 'who alone may change users and indexes; repeatable',
  },
  {
    key: 'outside-url',
    kind: 'text',
    group: 'tuning',
    value: 'URL',
    help: 'the server as clients see it, where no reverse proxy tells',
  },
  {
    key: 'max-upload',
    kind: 'size',
    group: 'tuning',
    value: 'BYTES',
    default: '4GiB',
    least: 1,
    help: 'largest file that may be uploaded',
  },
  {
    key: 'mutable',
    kind: 'texts',
    group: 'tuning',
    value: 'PATTERN',
    help: 'project names whose uploaded files may be replaced by an upload; repeatable',
  },
  {
    key: 'journal-keep',
    kind: 'duration',
    group: 'tuning',
    value: 'SECONDS',
    default: '400d',
    help: 'how long the journal of uploads and downloads is kept; 0: for ever',
  },
  {
    key: 'connect-timeout',
    kind: 'duration',
    group: 'tuning',
    value: 'SECONDS',
    default: '5',
    least: 0.001,
    help: 'longest wait for a connection to upstream',
  },
  {
    key: 'settle',
    kind: 'duration',
    group: 'tuning',
    value: 'SECONDS',
    default: '2',
    help: 'a dropped file that cannot tell whether it is whole is not served before this age',
  },
  {
    key: 'first-byte-timeout',
    kind: 'duration',
    group: 'tuning',
    value: 'SECONDS',
    default: '10',
    least: 0.001,
    help: 'longest wait for the head of an answer of upstream',
  },
  {
    key: 'idle-timeout',
    kind: 'duration',
    group: 'tuning',
    value: 'SECONDS',
    default: '20',
    least: 0.001,
    help: 'longest silence in the middle of an answer of upstream',
  },
  {
    key: 'page-timeout',
    kind: 'duration',
    group: 'tuning',
    value: 'SECONDS',
    default: '60',
    least: 0.001,
    help: 'longest time for a whole index page',
  },
  {
    key: 'max-page-size',
    kind: 'size',
    group: 'tuning',
    value: 'BYTES',
    default: '256MB',
    least: 1024,
    help: 'largest index page that is read, after decompression',
  },
  {
    key: 'json',
    kind: 'flag',
    group: 'command',
    only: 'flag',
    help: 'print JSON',
  },
  {
    key: 'fix',
    kind: 'flag',
    group: 'command',
    only: 'flag',
    help: 'drop bad mirrored files, to fetch them again',
  },
  {
    key: 'publish',
    kind: 'texts',
    group: 'command',
    value: 'PATTERN',
    only: 'flag',
    help: 'project names that may be published; repeatable',
  },
  {
    key: 'expires',
    kind: 'duration',
    group: 'command',
    value: 'SECONDS',
    only: 'flag',
    help: 'how long a token is good (30d); else for ever',
  },
  {
    key: 'password-stdin',
    kind: 'flag',
    group: 'command',
    only: 'flag',
    help: 'read the password from standard input',
  },
  {
    key: 'reason',
    kind: 'text',
    group: 'command',
    value: 'TEXT',
    only: 'flag',
    help: 'why, for everyone to read',
  },
  {
    key: 'python',
    kind: 'texts',
    group: 'command',
    value: 'VERSION',
    only: 'flag',
    help: 'Python version to fetch for, as 3.12; repeatable',
  },
  {
    key: 'platform',
    kind: 'texts',
    group: 'command',
    value: 'PLATFORM',
    only: 'flag',
    help: 'platform to fetch for, as linux-x86_64; repeatable',
  },
  {
    key: 'force',
    kind: 'flag',
    group: 'command',
    only: 'flag',
    help: 'replace files that are there already',
  },
  {
    key: 'with-cache',
    kind: 'flag',
    group: 'command',
    only: 'flag',
    help: 'take along what can be fetched again',
  },
]

/** The option with this key or alias, or undefined. */
export const optionNamed = (name: string): Option | undefined =>
  options.find(option => option.key === name || option.alias === name)

/** The names of its variables: `PROXYPYPI_NO_PROXY`, `PROXYPYPI_OFFLINE`. */
export const variablesOf = (option: Option): readonly string[] =>
  option.only === 'flag' ?
    []
  : [option.key, option.alias]
      .filter(name => name !== undefined)
      .map(name => `PROXYPYPI_${name.toUpperCase().replaceAll('-', '_')}`)
