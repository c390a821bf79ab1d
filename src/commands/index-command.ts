import type { Accounts } from '../accounts/accounts.ts'
import { oneLine } from '../log.ts'
import { UsageError } from '../options.ts'
import {
  changedIndexConfig,
  newIndexConfig,
  shownIndexConfig,
  type IndexConfig,
} from '../spec/index-config.ts'
import { indexNameRule, readIndexName, splitIndexName, type IndexName } from '../spec/index-name.ts'
import { InputError } from '../spec/input-error.ts'
import { print, type Command } from './command.ts'
import { execute, userIn, type Action } from './open-accounts.ts'
import { isSet } from './open-cache.ts'

const indexIn = ([given]: readonly string[]): IndexName => {
  if (given === undefined) throw new UsageError('the name of an index is missing: USER/INDEX')
  const name = readIndexName(given)
  if (name === undefined)
    throw new UsageError(`${JSON.stringify(given)} is no USER/INDEX: ${indexNameRule} each`)
  return name
}

const unknown = (name: IndexName): Error =>
  new Error(`there is no index ${name}; "proxypypi index list" shows all`)

// What the settings of no index can be is a mistake on the command line.
const understood = <T>(read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

const settingsIn = (operands: readonly string[]): Record<string, string> => {
  const pairs = operands.map(operand => {
    const at = operand.indexOf('=')
    if (at <= 0) throw new UsageError(`${JSON.stringify(operand)} is no KEY=VALUE`)
    return [operand.slice(0, at), operand.slice(at + 1)] as const
  })
  return Object.fromEntries(pairs)
}

const requireAlone = (verb: string, more: readonly string[]): void => {
  if (more.length > 0) throw new UsageError(`index ${verb} takes nothing behind the name`)
}

const create: Action = async ({ users, indexes }, operands, _invocation, erase) => {
  const [, ...settings] = operands
  const name = indexIn(operands)
  const { user } = splitIndexName(name)
  const config = understood(() => newIndexConfig(user, settingsIn(settings)))
  if ((await users.get(user)) === undefined)
    throw new Error(`there is no user ${user}; "proxypypi user add" adds one`)
  if (!(await indexes.create(name, config, erase)))
    throw new Error(`there is an index ${name} already; "proxypypi index modify" changes it`)
  print(`index ${name} created`)
  return { action: 'index created', user, index: name }
}

const modify: Action = async ({ indexes }, operands) => {
  const [, ...operations] = operands
  const name = indexIn(operands)
  if (operations.length === 0)
    throw new UsageError('index modify needs KEY=VALUE, KEY+=VALUE or so')
  const done = await indexes.change(name, config =>
    understood(() => changedIndexConfig(config, operations)),
  )
  if (done === undefined) throw unknown(name)
  const isSame = done.after === done.before
  print(isSame ? `index ${name} was so already` : `index ${name} changed`)
  const { user } = splitIndexName(name)
  return isSame ? undefined : { action: 'index changed', user, index: name }
}

const remove: Action = async ({ indexes }, operands, _invocation, erase) => {
  const [, ...more] = operands
  const name = indexIn(operands)
  requireAlone('delete', more)
  if (!(await indexes.remove(name, erase))) throw unknown(name)
  print(`index ${name} deleted, with all projects and files`)
  return { action: 'index deleted', user: splitIndexName(name).user, index: name }
}

// As devpi's client writes them, and takes them again.
const inText = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) return value.join(',')
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value))
}

const show: Action = async ({ indexes }, operands, invocation) => {
  const [, ...more] = operands
  const name = indexIn(operands)
  requireAlone('show', more)
  const config = await indexes.get(name)
  if (config === undefined) throw unknown(name)
  const shown = shownIndexConfig(config)
  if (isSet(invocation, 'json')) print(JSON.stringify({ name, ...shown }))
  else for (const [key, value] of Object.entries(shown)) print(`${key}=${inText(value)}`)
  return undefined
}

const lineOf = (name: IndexName, config: IndexConfig): string => {
  const from =
    config.type === 'mirror' ? shownIndexConfig(config)['mirror_url'] : config.bases.join(', ')
  const change = config.volatile ? 'volatile' : 'not volatile'
  const source = inText(from ?? '')
  return `${name.padEnd(32)} ${config.type.padEnd(6)} ${change}${source === '' ? '' : `, from ${source}`}`
}

const chosen = async ({ users, indexes }: Accounts, operands: readonly string[]) => {
  if (operands.length === 0) return indexes.all()
  const user = userIn(operands)
  if ((await users.get(user)) === undefined)
    throw new Error(`there is no user ${user}; "proxypypi user list" shows all`)
  return indexes.of(user)
}

const list: Action = async (accounts, operands, invocation) => {
  for (const [name, config] of await chosen(accounts, operands))
    print(
      isSet(invocation, 'json') ?
        JSON.stringify({ name, ...shownIndexConfig(config) })
      : lineOf(name, config),
    )
  return undefined
}

const actions = new Map<string, Action>([
  ['list', list],
  ['create', create],
  ['show', show],
  ['modify', modify],
  ['delete', remove],
])

/** The indexes of the users, beside the root index. */
export const index: Command = {
  name: 'index',
  group: 'Publishing',
  operands: 'list|create|show|modify|delete [NAME [K=V...]]',
  flags: ['json'],
  summary: "users' own indexes",
  details:
    'Lists all indexes or those of a USER, creates the index USER/INDEX, shows or changes its ' +
    'settings (KEY=VALUE...), or deletes it with all projects and files. ' +
    "Its settings are devpi's: type (stage or mirror), volatile (what was uploaded may be " +
    'replaced and deleted), bases (indexes to inherit from, with commas between), acl_upload, ' +
    'acl_toxresult_upload and acl_read (who may: users, :AUTHENTICATED:, :ANONYMOUS:), ' +
    'mirror_whitelist, mirror_url, mirror_cache_expiry, title and others. modify also takes ' +
    'KEY+=VALUE and KEY-=VALUE for one entry of a list, and KEY-= to take a key away. An index that ' +
    'is not volatile cannot be deleted. A running server knows at once. Exits with 1 when there is ' +
    'no such user, index or base, or such an index already.',
  examples: [
    ['proxypypi index create alice/dev bases=root/pypi', 'an index over the root index'],
    ['proxypypi index modify alice/dev acl_upload+=ci', 'ci may upload there, too'],
    ['proxypypi index create alice/torch type=mirror mirror_url=https://...', 'a mirror'],
  ],
  execute: invocation => execute(invocation, actions),
}
