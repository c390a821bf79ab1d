import type { Accounts } from '../accounts/accounts.ts'
import type { AccountChange } from '../accounts/change.ts'
import type { Erase } from '../accounts/index-configs.ts'
import { optionOf, blame } from '../config/lookup.ts'
import { parsePatterns } from '../config/names.ts'
import { didYouMean } from '../config/nearest.ts'
import { readSettings } from '../config/read-settings.ts'
import { expected, readValue } from '../config/values.ts'
import { prepareDirectory } from '../daemon/directory.ts'
import { Changes } from '../disk/changes.ts'
import { Layout } from '../disk/layout.ts'
import { UsageError } from '../options.ts'
import { userName, userNameRule, type UserName } from '../spec/user-name.ts'
import type { Command, Invocation } from './command.ts'
import { recordChange } from './operator.ts'

/**
 * One of the things that a command does: gets the operands behind its name, returns what it changed.
 * @param erase takes away what lies of an index
 */
export type Action = (
  accounts: Accounts,
  operands: readonly string[],
  invocation: Invocation,
  erase: Erase,
) => Promise<AccountChange | undefined>

/**
 * Does what the first operand says to the accounts of the directory, whether or not a server uses
 * it, and returns the exit code. Throws `UsageError`.
 */
export const execute = async (
  invocation: Invocation,
  actions: ReadonlyMap<string, Action>,
): Promise<number> => {
  const { command, operands } = invocation
  const [verb, ...rest] = operands
  const verbs = [...actions.keys()]
  const action = actions.get(verb ?? '')
  if (verb === undefined || action === undefined) {
    const hint = verb === undefined ? '' : didYouMean(verb, verbs)
    throw new UsageError(`${command.name} needs one of ${verbs.join(', ')}${hint}`)
  }
  const settings = await readSettings(invocation)
  await prepareDirectory(settings)
  const { Accounts } = await import('../accounts/accounts.ts')
  const layout = new Layout(settings.directory)
  const done = await action(new Accounts(layout), rest, invocation, eraserOf(layout))
  if (done !== undefined) await tell(settings.directory, command, done)
  return 0
}

const eraserOf =
  (layout: Layout): Erase =>
  async index => {
    const { eraseIndex } = await import('../index/erase-index.ts')
    await eraseIndex(layout.of(index))
  }

// The journal knows of everything, and devpi's clients of what they can see.
const tell = async (directory: string, command: Command, done: AccountChange): Promise<void> => {
  const { index, token } = done
  await recordChange(directory, command, { event: command.name, index, change: inWords(done) })
  if (token === undefined) await new Changes(new Layout(directory)).note()
}

const inWords = ({ action, user, index, token, publish, expires }: AccountChange): string =>
  [
    `${action}: ${index ?? user}`,
    ...(token === undefined ? [] : [`token ${token}`]),
    ...(publish === undefined ? [] : [rightsOf(publish)]),
    ...(expires === undefined ? [] : [`until ${expires}`]),
  ].join(', ')

/** The one user that operands name. Throws `UsageError`. */
export const userIn = (operands: readonly string[]): UserName => {
  const [given, ...more] = operands
  if (given === undefined) throw new UsageError('a user name is missing')
  // Perhaps a password, so it is not repeated.
  if (more.length > 0) throw new UsageError('there is something behind the user name')
  const name = userName(given)
  if (name === undefined)
    throw new UsageError(`${JSON.stringify(given)} is no user name: ${userNameRule}`)
  return name
}

/** The patterns of `--publish` in normal form; none for an empty text, undefined without the flag. Throws `UsageError`. */
export const publishOf = ({ flags }: Invocation): readonly string[] | undefined => {
  const given = flags.get('publish')?.filter(pattern => pattern !== '')
  return given && blame('--publish', () => [...new Set(parsePatterns(given))])
}

/** A century; dates end somewhere. */
const latest = 36_525 * 86_400

/** The end of a token by `--expires`, in milliseconds since 1970; undefined without the flag. Throws `UsageError`. */
export const expiryOf = ({ flags, cwd }: Invocation, now: number): number | undefined => {
  const text = flags.get('expires')?.at(-1)
  if (text === undefined) return undefined
  const option = optionOf('expires')
  const seconds = readValue(option, text, cwd)
  if (typeof seconds !== 'number' || seconds <= 0 || seconds > latest)
    throw new UsageError(
      `--expires: expects ${expected(option)}, more than 0 and at most 100 years`,
    )
  return now + seconds * 1000
}

/** What may be published, in words. */
export const rightsOf = (publish: readonly string[]): string =>
  publish.length === 0 ? 'may only read' : `may publish ${publish.join(', ')}`
