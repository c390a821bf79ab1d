import { UsageError } from '../options.ts'
import { actNames, devpiOptions } from './devpi-options.ts'

/** What was given of devpi-server's options, by name; a switch that is on has the value `true`. */
export type Given = ReadonlyMap<string, readonly string[]>

const parse = async (argv: readonly string[]): Promise<Given> => {
  const { default: yargs } = await import('yargs')
  const parser = yargs([...argv])
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .detectLocale(false)
    .exitProcess(false)
    .help(false)
    .version(false)
    .option('help', { alias: 'h', type: 'boolean' })
    .strictOptions()
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw error instanceof UsageError ? error : new UsageError(`${message}; see devpi-server -h`)
    })
  for (const { name, value } of devpiOptions)
    parser.option(
      name,
      value === undefined ? { type: 'boolean' } : { type: 'string', requiresArg: true },
    )
  const { _: operands, ...parsed } = await parser.alias('configfile', 'c').parseAsync()
  if (operands.length > 0)
    throw new UsageError(`devpi-server takes no arguments, but there is "${operands[0]}"`)
  const given = new Map<string, readonly string[]>()
  for (const name of ['help', ...devpiOptions.map(option => option.name)]) {
    const value = parsed[name]
    if (value !== undefined && value !== false) given.set(name, [value].flat().map(String))
  }
  return given
}

const isOn = (text: string): boolean => /^(?:1|true|yes|on)$/i.test(text)

const withVariables = (given: Given, env: NodeJS.ProcessEnv): Given => {
  const all = new Map(given)
  for (const { name, value } of devpiOptions) {
    const text = env[`DEVPISERVER_${name.toUpperCase().replaceAll('-', '_')}`] ?? ''
    if (text === '' || all.has(name) || actNames.includes(name)) continue
    if (value !== undefined || isOn(text)) all.set(name, [text])
  }
  return all
}

const refuse = (given: Given): void => {
  const value = (name: string): string | undefined => given.get(name)?.at(-1)
  for (const { name, choices } of devpiOptions)
    if (choices !== undefined && !choices.includes(value(name) ?? choices[0] ?? ''))
      throw new UsageError(`--${name}: expects one of ${choices.join(', ')}`)
  if (value('role') === 'replica' || given.has('primary-url') || given.has('master-url'))
    throw new UsageError('there are no replicas here: copy the directory, or mirror the server')
  if (given.has('configfile'))
    throw new UsageError('--configfile: settings are in proxypypi.toml of the server directory')
  if (given.has('unix-socket') || given.has('unix-socket-perms'))
    throw new UsageError('--unix-socket: there are none here; use --host and --port')
  // Left out in silence, root would be open to everybody on this machine.
  if (given.has('root-passwd') || given.has('root-passwd-hash'))
    throw new UsageError('--root-passwd: set the password of root with --passwd root')
  if (given.has('skip-import-type'))
    throw new UsageError(
      '--skip-import-type: take the indexes of that type out of the dataindex.json of the export',
    )
  if (given.has('listen') && (given.get('listen')?.length ?? 0) > 1)
    throw new UsageError('--listen: one address only; 0.0.0.0 means every one')
}

/**
 * The options on a command line, and those of the environment (`DEVPISERVER_PORT`) that are not there.
 * @throws {UsageError} for what is unknown, wrong, or cannot be had here
 */
export const readDevpiArguments = async (
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Given> => {
  const given = withVariables(await parse(argv), env)
  refuse(given)
  return given
}
