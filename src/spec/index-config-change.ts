import { shown } from './claim-error.ts'
import {
  defaultsOf,
  ignoredKeys,
  isList,
  keysOf,
  readValue,
  unexpected,
  type IndexType,
} from './index-config-keys.ts'
import { revealed } from './index-config-secrets.ts'
import { InputError } from './input-error.ts'
import { isObject, type JsonObject } from './json-value.ts'

/** The members of an index's settings while they are being changed. */
interface Draft {
  readonly type: IndexType
  readonly values: Map<string, unknown>
  /** Lists that operations have changed; they go before `values`. */
  readonly lists: Map<string, Set<unknown>>
  /** Keys that nobody knows but that came with an import. */
  readonly others: Map<string, unknown>
  /** Keys that nobody knows at all, with what was asked of them. */
  readonly unknown: Map<string, unknown>
}

const requireType = (draft: Draft, value: unknown): void => {
  if (value !== draft.type) throw new InputError("the 'type' of an index can't be changed")
}

const set = (draft: Draft, key: string, value: unknown): void => {
  const { type, values, lists, others, unknown } = draft
  lists.delete(key)
  if (key === 'type') requireType(draft, value)
  else if (ignoredKeys(type).has(key)) return
  else if (keysOf(type).has(key))
    values.set(key, readValue(type, key, revealed(key, value, values.get(key))))
  else (others.has(key) ? others : unknown).set(key, value)
}

const drop = ({ type, values, lists, others }: Draft, key: string): void => {
  if (key === 'type' || defaultsOf(type).has(key))
    throw new InputError("Default values can't be removed.")
  values.delete(key)
  lists.delete(key)
  others.delete(key)
}

// Changed in place, since there may be as many operations as entries.
const entriesOf = ({ values, lists }: Draft, key: string): Set<unknown> => {
  const value = values.get(key)
  const entries = lists.get(key) ?? new Set(Array.isArray(value) ? (value as unknown[]) : [])
  lists.set(key, entries)
  return entries
}

const read = ({ type }: Draft, key: string, text: string): readonly unknown[] =>
  readValue(type, key, text) as unknown[]

const add = (draft: Draft, key: string, text: string): void => {
  const { type, unknown } = draft
  if (ignoredKeys(type).has(key)) return
  if (isList(type, key)) {
    const entries = entriesOf(draft, key)
    for (const entry of read(draft, key, text)) entries.add(entry)
  } else if (keysOf(type).has(key)) throw new InputError(`The '${key}' setting is no list`)
  else unknown.set(key, text)
}

const remove = (draft: Draft, key: string, text: string): void => {
  const { type } = draft
  if (ignoredKeys(type).has(key)) return
  const missing = new InputError(`The ${shown(key)} setting doesn't have value ${shown(text)}`)
  if (!isList(type, key)) throw missing
  const entries = entriesOf(draft, key)
  const gone = read(draft, key, text)
  if (gone.length === 0 || !gone.every(entry => entries.has(entry))) throw missing
  for (const entry of gone) entries.delete(entry)
}

const apply = (draft: Draft, operation: unknown): void => {
  const at = typeof operation === 'string' ? operation.indexOf('=') : -1
  const [name, value] =
    typeof operation === 'string' ? [operation.slice(0, at), operation.slice(at + 1)] : ['', '']
  const sign = name.at(-1)
  const key = sign === '+' || sign === '-' ? name.slice(0, -1) : name
  if (at < 0 || key === '')
    throw new InputError(
      'a change of an index is "key=value", "key+=value", "key-=value" or "key-="',
    )
  if (sign === '+') add(draft, key, value)
  else if (sign !== '-') set(draft, key, value)
  else if (value === '') drop(draft, key)
  else remove(draft, key, value)
}

const unwrapped = (patch: unknown): JsonObject => {
  if (!isObject(patch)) throw new InputError('a change of an index is a JSON object or a list')
  const { type, result } = patch
  return type === 'indexconfig' && isObject(result) ? result : patch
}

/**
 * The members of an index's settings after a PATCH, in any of its three forms.
 * @throws {InputError} with devpi's text
 */
export const readChanges = (
  type: IndexType,
  values: ReadonlyMap<string, unknown>,
  others: JsonObject,
  patch: unknown,
): { readonly values: ReadonlyMap<string, unknown>; readonly others: JsonObject } => {
  const draft: Draft = {
    type,
    values: new Map(values),
    lists: new Map(),
    others: new Map(Object.entries(others)),
    unknown: new Map(),
  }
  if (Array.isArray(patch)) for (const operation of patch) apply(draft, operation)
  else for (const [key, value] of Object.entries(unwrapped(patch))) set(draft, key, value)
  if (draft.unknown.size > 0) throw unexpected(draft.unknown)
  for (const [key, entries] of draft.lists) draft.values.set(key, [...entries])
  return { values: draft.values, others: Object.fromEntries(draft.others) }
}
