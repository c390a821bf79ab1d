import { upstreamKeys } from '../config/settings-file.ts'
import { options, variablesOf } from '../options.ts'
import type { Option } from '../options.ts'
import { optionTable, shownDefault, spellings } from './help.ts'
import { print } from './command.ts'
import type { Command } from './command.ts'

const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&')

const section = (title: string, ...lines: readonly string[]): string[] => [`.SH ${title}`, ...lines]

// A macro would take quotes off its arguments.
const argument = (text: string): string => roff(text).replaceAll('"', '\\(dq')

const item = (term: string, text: string): string[] => ['.TP', `.B ${argument(term)}`, roff(text)]

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`

const optionItem = (option: Option): string[] => {
  const shown = shownDefault(option)
  const end =
    shown === undefined ? '' : ` Default: ${shown === '.' ? 'the current directory' : shown}.`
  return item(spellings(option), `${sentence(option.help)}${end}`)
}

const commandItem = ({ name, operands, summary, details }: Command): string[] =>
  item(operands === undefined ? name : `${name} ${operands}`, `${sentence(summary)} ${details}`)

const code = (text: string): string[] => ['.PP', '.nf', roff(text), '.fi']

const example = `port = 8000
private = ["acme-*"]
merge = ["numpy"]

[[upstream]]
url = "https://pypi.org/simple/"

[[upstream]]
name = "corp"
url = "https://pypi.corp.example/root/prod/+simple/"
only = ["corp-*"]
username = "ci"
password = "\${CORP_PASSWORD}"
ca-file = "corp.pem"
file-hosts = ["files.corp.example"]`

const settingsFile = (): string[] =>
  section(
    'SETTINGS FILE',
    roff(
      'TOML. Every option but --config is a key of it, spelled as the option. Unknown keys and wrong ' +
        'values are errors, and nothing is taken from a file that has one. Flags beat the ' +
        'environment, which beats the file. Relative paths are relative to the file. Durations are ' +
        'seconds or texts such as "10m" and "2h", sizes bytes or texts such as "64MB".',
    ),
    '.PP',
    roff(
      'Instead of index-url there may be [[upstream]] tables, asked in order; the first that has a ' +
        `project owns it. Their keys: ${upstreamKeys.join(', ')}. Only url is needed; only lists ` +
        'the names that may be asked there, token stands for the user name __token__ with that ' +
        'password. ${NAME} in url, username, password and token is replaced by that variable.',
    ),
    ...code(example),
  )

/** The man page, in roff. */
export const manPage = (commands: readonly Command[]): string => {
  const shown = commands.filter(command => command.isHidden !== true)
  const [flags, settings] = [
    options
      .filter(({ only }) => only === 'flag')
      .filter(({ key }) => commands.some(command => command.flags?.includes(key) === true)),
    options.filter(({ only }) => only !== 'flag'),
  ]
  const variables = settings.flatMap(option => variablesOf(option).slice(0, 1))
  return `${[
    '.TH PROXYPYPI 1',
    ...section('NAME', 'proxypypi \\- a caching PyPI proxy over a directory of ordinary files'),
    ...section('SYNOPSIS', '.B proxypypi', '[options] COMMAND [arguments]'),
    ...section(
      'DESCRIPTION',
      roff(
        'Serves a simple package index (PEP 503, PEP 691) to pip, uv, poetry and others. What it has ' +
          'not is fetched from an upstream index, kept in a directory and served from there. ' +
          'Distributions dropped into the directory are served too. Options may stand before or ' +
          'after the command.',
      ),
    ),
    ...section('COMMANDS', ...shown.flatMap(commandItem)),
    ...section('OPTIONS', ...[...settings, ...flags].flatMap(optionItem)),
    ...item('-h, --help', 'Everything on one screen; after a command, help for that command.'),
    ...item('--version', 'Print the number of the version.'),
    ...settingsFile(),
    ...section(
      'ENVIRONMENT',
      roff(
        `Every option but those of one command is a variable; lists are separated by blanks: ${variables.join(', ')}.`,
      ),
      '.PP',
      roff(
        'HTTPS_PROXY, HTTP_PROXY and NO_PROXY say how upstreams are reached, NODE_EXTRA_CA_CERTS which ' +
          'authorities are trusted besides those of Node.',
      ),
    ),
    ...section(
      'FILES',
      ...item('DIR/proxypypi.toml', 'The settings file, unless --config names another.'),
      ...item('DIR/.proxypypi/', 'All state. keep/ is worth a backup, cache/ and work/ are not.'),
      ...item('DIR/.proxypypi/run/HOST.pid', 'The PID file: the pid, then a line of JSON.'),
      ...item('DIR/.proxypypi/run/HOST.log, HOST.out', 'Log and console output of the daemon.'),
    ),
    ...section(
      'SIGNALS',
      ...item(
        'TERM, INT',
        'Accept nothing more, let transfers finish, exit 0. Again: exit at once.',
      ),
      ...item('HUP', 'Open the log file again, after a rotation.'),
      ...item('PIPE, USR1', 'Ignored, as is a closed standard output.'),
    ),
    ...section(
      'EXIT STATUS',
      roff('0 done, 1 failed, 2 wrong usage or settings; status has its own, see there.'),
    ),
    ...section(
      'EXAMPLES',
      ...shown.flatMap(({ examples }) =>
        examples.slice(0, 1).flatMap(([line, purpose]) => item(line, sentence(purpose))),
      ),
    ),
  ].join('\n')}\n`
}

/** Prints what man/proxypypi.1 and the README's table are made from. */
export const man: Command = {
  name: 'man',
  group: 'Help',
  operands: '[markdown]',
  isHidden: true,
  summary: 'print the man page',
  details: 'With "markdown", prints the table of options for the README.',
  examples: [
    ['proxypypi man > man/proxypypi.1', 'write the man page'],
    ['proxypypi man | man -l -', 'read it'],
    ['proxypypi man markdown', 'the options as a table'],
  ],
  execute: ({ operands, commands }) => {
    print((operands[0] === 'markdown' ? optionTable() : manPage(commands)).trimEnd())
    return Promise.resolve(0)
  },
}
