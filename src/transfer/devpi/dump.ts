import { basesOf } from '../../accounts/bases.ts'
import type { KeptUser } from '../../accounts/users.ts'
import { indexNameRule, readIndexName, type IndexName } from '../../spec/index-name.ts'
import { InputError } from '../../spec/input-error.ts'
import { isObject, type JsonObject } from '../../spec/json-value.ts'
import { userName, userNameRule, type UserName } from '../../spec/user-name.ts'
import { readDumpedIndex, type DumpedIndex } from './dumped-index.ts'
import { readDumpedUser } from './dumped-user.ts'

/** An export of devpi-server, understood. */
export interface Dump {
  readonly users: ReadonlyMap<UserName, KeptUser>
  /** Those that others inherit come before these. */
  readonly indexes: readonly DumpedIndex[]
}

/** So many mistakes are told at once. */
const told = 10

const quoted = (text: string): string => JSON.stringify(text.slice(0, 100))

const entriesOf = (value: unknown): [string, unknown][] =>
  isObject(value) ? Object.entries(value) : []

// What `read` finds wrong is one mistake more.
const attempt = <T>(what: string, mistakes: string[], read: () => T): T | undefined => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    mistakes.push(`${what}: ${error.message}`)
    return undefined
  }
}

const readUsers = (value: unknown, mistakes: string[]): Map<UserName, KeptUser> => {
  const users = new Map<UserName, KeptUser>()
  for (const [text, given] of entriesOf(value)) {
    const name = userName(text)
    if (name === undefined) mistakes.push(`${quoted(text)} is no user name: ${userNameRule}`)
    else {
      const user = attempt(`user ${name}`, mistakes, () => readDumpedUser(name, given))
      if (user !== undefined) users.set(name, user)
    }
  }
  const seen = new Map<string, UserName>()
  for (const name of users.keys()) {
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) mistakes.push(`users ${other} and ${name} differ in case only`)
    seen.set(name.toLowerCase(), name)
  }
  return users
}

const readIndexes = (value: unknown, mistakes: string[]): Map<IndexName, DumpedIndex> => {
  const indexes = new Map<IndexName, DumpedIndex>()
  for (const [text, given] of entriesOf(value)) {
    const name = readIndexName(text)
    if (name === undefined) mistakes.push(`${quoted(text)} is no index name: ${indexNameRule}`)
    else {
      const index = attempt(`index ${name}`, mistakes, () => readDumpedIndex(name, given))
      if (index !== undefined) indexes.set(name, index)
    }
  }
  return indexes
}

const basesFirst = (indexes: ReadonlyMap<IndexName, DumpedIndex>): DumpedIndex[] => {
  const ordered = new Set<DumpedIndex>()
  const begun = new Set<IndexName>()
  const add = (name: IndexName): void => {
    const index = indexes.get(name)
    if (index === undefined || begun.has(name)) return
    begun.add(name)
    for (const base of basesOf(index.config)) add(base)
    ordered.add(index)
  }
  for (const name of indexes.keys()) add(name)
  return [...ordered]
}

/**
 * Understands `dataindex.json` of an export (dumpversion 1 or 2; devpi-api 18).
 * @throws {Error} for another one, and for names and settings that cannot be, several at once
 */
export const readDump = (object: JsonObject): Dump => {
  const { dumpversion } = object
  if (dumpversion !== '1' && dumpversion !== '2')
    throw new Error(`it has dumpversion ${JSON.stringify(dumpversion)}; 1 and 2 are understood`)
  const mistakes: string[] = []
  const users = readUsers(object['users'], mistakes)
  const indexes = readIndexes(object['indexes'], mistakes)
  if (mistakes.length > 0) {
    const more = mistakes.length > told ? `; and ${mistakes.length - told} more` : ''
    throw new Error(`change dataindex.json: ${mistakes.slice(0, told).join('; ')}${more}`)
  }
  return { users, indexes: basesFirst(indexes) }
}
