import { UsageError } from '../options.ts'

const usage = `Usage: pypicache [options] PREFIX

Serves the packages in the directory PREFIX and fetches the others, as pypicache did.
It is proxypypi under another name: see proxypypi --help for everything else.

  --address ADDR   listen address (127.0.0.1; then programs of this machine may upload)
  --port N         listen port (8080)
  --upstream URL   index to fetch from (PyPI); http://HOST/ means http://HOST/simple/
  --processes N    processes sharing the port (1)
  --debug          log more
  --reload         accepted, and without effect
  -h, --help       this text`

/** What a foreign command line comes to: arguments of proxypypi, or a text to print instead. */
export type Translated = ({ readonly argv: readonly string[] } | { readonly text: string }) & {
  /** One line to be said before. */
  readonly warning?: string | undefined
}

// The original asked `pypi.python.org`, a host that answers no more; its users mean PyPI.
const upstreamOf = (url: string): string[] =>
  /^https?:\/\/pypi\.python\.org\/?$/.test(url) ? [] : [`--index-url=${url}`]

/**
 * Understands the command line of the original pypicache (promise C13).
 * @throws {UsageError} for what it did not know either
 */
export const pypicache = async (argv: readonly string[]): Promise<Translated> => {
  const { default: yargs } = await import('yargs')
  const parsed = await yargs([...argv])
    .parserConfiguration({ 'camel-case-expansion': false, 'parse-positional-numbers': false })
    .detectLocale(false)
    .exitProcess(false)
    .help(false)
    .version(false)
    .option('help', { alias: 'h', type: 'boolean' })
    .option('address', { type: 'string', requiresArg: true })
    .option('port', { type: 'string', requiresArg: true })
    .option('upstream', { type: 'string', requiresArg: true })
    .option('processes', { type: 'string', requiresArg: true })
    .option('debug', { type: 'boolean' })
    .option('reload', { type: 'boolean' })
    .strictOptions()
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw error instanceof UsageError ? error : new UsageError(`${message}; see pypicache -h`)
    })
    .parseAsync()
  if (parsed['help'] === true) return { text: usage }
  const [prefix, more] = parsed._.map(String)
  if (prefix === undefined || more !== undefined)
    throw new UsageError('one directory is needed: pypicache /tmp/mypackages')
  const { address, port, upstream, processes, debug } = parsed
  return {
    argv: [
      'run',
      `--cache=${prefix}`,
      `--port=${port ?? '8080'}`,
      ...(address === undefined ? [] : [`--bind=${address}`]),
      ...(upstream === undefined ? [] : upstreamOf(upstream)),
      ...(processes === undefined ? [] : [`--workers=${processes}`]),
      ...(debug === true ? ['--log-level=debug'] : []),
    ],
  }
}
