import { options, optionNamed, UsageError } from '../options.ts'
import { didYouMean } from './nearest.ts'
import { flagValue } from './values.ts'

/** Options as given, by key; a flag has the single value `true` or `false`, the others every value in order. */
export type Flags = ReadonlyMap<string, readonly string[]>

/** A command line, taken apart and not yet checked against a command. */
export interface Arguments {
  readonly flags: Flags
  readonly operands: readonly string[]
  readonly help: boolean
  readonly version: boolean
}

const names = options.flatMap(({ key, alias }) => (alias === undefined ? [key] : [key, alias]))
const known = [...names, 'help', 'version']

const refuseUnknown = (given: string): void => {
  if (known.includes(given) || options.some(option => option.short === given) || given === 'h')
    return
  const dash = given.length === 1 ? '-' : '--'
  throw new UsageError(`unknown option ${dash}${given}${didYouMean(given, known)}`)
}

const collect = (parsed: Readonly<Record<string, unknown>>): Map<string, readonly string[]> => {
  const flags = new Map<string, readonly string[]>()
  for (const [name, value] of Object.entries(parsed)) {
    const option = optionNamed(name)
    if (option === undefined || flags.has(option.key) || value === undefined) continue
    flags.set(option.key, [value].flat().map(String))
  }
  return flags
}

const flagNamed = (given: string): boolean => {
  const option = optionNamed(given) ?? options.find(({ short }) => short === given)
  return option?.kind === 'flag'
}

// What yargs does not know for true, it takes for false.
const readFlag = (argument: string): string => {
  const [, dashes = '', name = '', value = ''] = /^(--?)([^=]+)=(.*)$/s.exec(argument) ?? []
  if (!flagNamed(name)) return argument
  const isOn = flagValue(value)
  if (isOn === undefined) throw new UsageError(`${dashes}${name}: expects true or false`)
  return `${dashes}${name}=${isOn}`
}

const readFlags = (argv: readonly string[]): string[] => {
  const end = argv.indexOf('--')
  return end < 0 ? argv.map(readFlag) : [...argv.slice(0, end).map(readFlag), ...argv.slice(end)]
}

/** Takes a command line apart; options may stand before or after the command. Throws `UsageError`. */
export const parseArguments = async (argv: readonly string[]): Promise<Arguments> => {
  const { default: yargs } = await import('yargs')
  const parser = yargs(readFlags(argv))
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'duplicate-arguments-array': true,
      'greedy-arrays': false,
    })
    .detectLocale(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .help(false)
    .version(false)
    .fail((message, error) => {
      const [, name] = /^Not enough arguments following: (.*)/.exec(message) ?? []
      const dash = name?.length === 1 ? '-' : '--'
      if (name === undefined) throw error ?? new UsageError(message)
      throw new UsageError(`option ${dash}${name} needs a value`)
    })
    .option('help', { alias: 'h', type: 'boolean' })
    .option('version', { type: 'boolean' })
  for (const { key, short, alias, kind } of options) {
    parser.option(key, {
      alias: [short, alias].filter(name => name !== undefined),
      type: kind === 'flag' ? 'boolean' : 'string',
      ...(kind === 'flag' ? {} : { requiresArg: true }),
    })
  }
  const { _: operands, $0: _program, help, version, ...parsed } = await parser.parseAsync()
  for (const given of Object.keys(parsed)) refuseUnknown(given)
  return {
    flags: collect(parsed),
    operands: operands.map(String),
    help: help === true,
    version: version === true,
  }
}
