import { nearest } from '../config/nearest.ts'
import { options, UsageError, variablesOf } from '../options.ts'
import type { Option } from '../options.ts'
import { print } from './command.ts'
import type { Command } from './command.ts'

/** Columns of help. */
const width = 80

/** The spellings of an option with its value: `-d, --cache DIR`. */
export const spellings = ({ key, short, alias, value }: Option): string =>
  [short && `-${short}`, `--${key}`, alias && `--${alias}`].filter(Boolean).join(', ') +
  (value === undefined ? '' : ` ${value}`)

/** The default of an option as text, or undefined where it has none worth showing. */
export const shownDefault = (option: Option): string | undefined =>
  option.shown ?? option.default ?? (option.kind === 'flag' ? 'off' : undefined)

const wrap = (words: readonly string[], indent: string): string => {
  const lines: string[] = []
  let line = indent
  for (const word of words) {
    if (line.length > indent.length && line.length + word.length + 1 > width) {
      lines.push(line)
      line = indent
    }
    line += (line === indent ? '' : ' ') + word
  }
  return [...lines, line].join('\n')
}

const optionLine = (option: Option): string => {
  const start = `${option.short === undefined ? '    ' : ''}${spellings(option)}`
  const shown = shownDefault(option)
  return `  ${start.padEnd(27)} ${option.help}${shown === undefined ? '' : ` (${shown})`}`
}

const packed = (option: Option): string => {
  const shown = option.default ?? option.shown ?? option.value
  return `--${option.key}${shown === undefined ? '' : `=${shown}`}`
}

const commandLines = (commands: readonly Command[]): string[] => {
  const cells = commands.map(({ name, summary }) => `${name.padEnd(12)} ${summary}`)
  const rows = Math.ceil(cells.length / 2)
  return Array.from({ length: rows }, (_, row) =>
    `  ${(cells[row] ?? '').padEnd(40)}${cells[row + rows] ?? ''}`.trimEnd(),
  )
}

const groupLines = (commands: readonly Command[], group: Command['group']): string[] => {
  const members = commands.filter(command => command.group === group && command.isHidden !== true)
  if (members.length === 0) return []
  const variants = members.filter(({ isVariant }) => isVariant === true).map(({ name }) => name)
  return [
    `${group}:`,
    ...commandLines(members.filter(({ isVariant }) => isVariant !== true)),
    ...(variants.length === 0 ? [] : [`  ${variants.join(' ')} are for scripts`]),
  ]
}

/** Everything on one screen. */
export const overview = (commands: readonly Command[]): string => {
  const tuning = options.filter(option => option.group === 'tuning').map(packed)
  const own = options
    .filter(({ key }) => commands.some(({ flags }) => flags?.includes(key) === true))
    .map(({ key }) => `--${key}`)
  return [
    'Usage: proxypypi [options] COMMAND [arguments]',
    ...groupLines(commands, 'Server'),
    ...groupLines(commands, 'Cache'),
    ...groupLines(commands, 'Publishing'),
    'Options, with their defaults:',
    ...options.filter(({ group }) => group === 'server' || group === 'daemon').map(optionLine),
    wrap([...tuning, ...own, '-h', '--help', '--version'], '  '),
    'Also PROXYPYPI_PORT, or port in the settings file. More: proxypypi help COMMAND',
  ].join('\n')
}

/** Help for one command, examples first. */
export const commandHelp = (command: Command): string => {
  const { name, operands, details, examples, flags = [] } = command
  const own = options.filter(({ key }) => flags.includes(key)).map(optionLine)
  return [
    ...examples.flatMap(([line, purpose]) => [`  ${line}`, `      ${purpose}`]),
    '',
    `Usage: proxypypi [options] ${name}${operands === undefined ? '' : ` ${operands}`}`,
    '',
    wrap(details.split(' '), ''),
    ...(own.length === 0 ? [] : ['', ...own]),
    '',
    'Options: proxypypi --help',
  ].join('\n')
}

/** The command of this name. Throws `UsageError` with the nearest one. */
export const commandNamed = (name: string, commands: readonly Command[]): Command => {
  const found = commands.find(command => command.name === name)
  if (found !== undefined) return found
  const meant = nearest(
    name,
    commands.map(command => command.name),
  )
  const hint = meant === undefined ? 'see proxypypi --help' : `did you mean "${meant}"?`
  throw new UsageError(`no command ${JSON.stringify(name)}; ${hint}`)
}

/** The options as a table in Markdown, for the README. */
export const optionTable = (): string =>
  [
    '| option | variable | default | meaning |',
    '|---|---|---|---|',
    ...options
      .filter(({ only }) => only !== 'flag')
      .map(option => {
        const names = spellings(option).replaceAll('|', '\\|')
        const variable = variablesOf(option)[0] ?? ''
        const shown = shownDefault(option)
        return `| \`${names}\` | \`${variable}\` | ${shown === undefined ? '' : `\`${shown}\``} | ${option.help} |`
      }),
  ].join('\n')

/** Explains the program, or one command. */
export const help: Command = {
  name: 'help',
  group: 'Help',
  operands: '[COMMAND]',
  summary: 'explain a command',
  details: 'Without a command, lists all commands and options.',
  examples: [
    ['proxypypi help', 'everything on one screen'],
    ['proxypypi help start', 'one command'],
    ['proxypypi --help', 'the same as help'],
  ],
  execute: ({ operands, commands }) => {
    const [name] = operands
    print(name === undefined ? overview(commands) : commandHelp(commandNamed(name, commands)))
    return Promise.resolve(0)
  },
}
