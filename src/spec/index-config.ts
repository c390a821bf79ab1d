import type { IndexName } from './index-name.ts'
import { InputError } from './input-error.ts'
import { readChanges } from './index-config-change.ts'
import {
  defaultsOf,
  ignoredKeys,
  isIndexType,
  keysOf,
  readValue,
  unexpected,
} from './index-config-keys.ts'
import { concealed, revealed } from './index-config-secrets.ts'
import { isObject, isSameJson, requireModest, type JsonObject } from './json-value.ts'
import type { UserName } from './user-name.ts'

/** What any index may have. Lists of who may do something hold users, `:groups`, `:ANONYMOUS:` and `:AUTHENTICATED:`. */
interface AnyConfig {
  /** Uploaded files may be replaced and deleted, and the index too. */
  readonly volatile: boolean
  /** Who may read its files besides its owner; undefined: whoever may read at all. */
  readonly acl_read?: readonly string[]
  readonly title?: unknown
  readonly description?: unknown
  readonly custom_data?: unknown
  /** Keys of other programs' plugins that came with an import; shown and kept. */
  readonly more?: JsonObject
}

/** The settings of an index that takes uploads, in devpi's words (devpi-api 7.1). */
export interface StageConfig extends AnyConfig {
  readonly type: 'stage'
  /** Indexes that it inherits from, nearest first. */
  readonly bases: readonly IndexName[]
  readonly acl_upload: readonly string[]
  readonly acl_toxresult_upload: readonly string[]
  /** Names in normal form, or `*`, that may come from mirrors though there is a private project of that name. */
  readonly mirror_whitelist: readonly string[]
  readonly mirror_whitelist_inheritance: 'intersection' | 'union'
  /** URL with `{pkgname}` and `{pkgversion}`. */
  readonly uploadtrigger_jenkins?: string
  readonly uploadtrigger_webhook?: string
  readonly uploadtrigger_secret?: string
}

/** The settings of an index that shows another server's. */
export interface MirrorConfig extends AnyConfig {
  readonly type: 'mirror'
  /** May hold credentials. Undefined: nothing can be had from it. */
  readonly mirror_url?: string
  /** URL for people with `{name}`. */
  readonly mirror_web_url_fmt?: string
  /** Seconds; undefined: the server's setting. */
  readonly mirror_cache_expiry?: number
  readonly mirror_no_project_list?: boolean
  readonly mirror_use_external_urls?: boolean
  readonly mirror_ignore_serial_header?: boolean
  readonly mirror_provides_core_metadata?: boolean
}

/** The settings of any index. */
export type IndexConfig = StageConfig | MirrorConfig

/** The settings of the root index until somebody changes them. */
export const rootConfig: MirrorConfig = {
  type: 'mirror',
  volatile: false,
  title: 'PyPI',
  mirror_url: 'https://pypi.org/simple/',
  mirror_web_url_fmt: 'https://pypi.org/project/{name}/',
}

const what = 'the settings of an index'

// Every member went through the table of keys, and those with a default are there.
const build = (
  type: IndexConfig['type'],
  values: ReadonlyMap<string, unknown>,
  more: JsonObject,
): IndexConfig =>
  ({
    type,
    ...Object.fromEntries([...values].filter(([, value]) => value !== undefined)),
    ...(Object.keys(more).length > 0 && { more }),
  }) as unknown as IndexConfig

const typeOf = (given: JsonObject): IndexConfig['type'] => {
  const { type = 'stage' } = given
  if (isIndexType(type)) return type
  throw new InputError(`unknown index type ${inWords(type)}`)
}

const inWords = (value: unknown): string =>
  typeof value === 'string' ? `'${value.slice(0, 60)}'` : JSON.stringify(value).slice(0, 60)

const read = (
  given: unknown,
  defaults: (type: IndexConfig['type']) => ReadonlyMap<string, unknown>,
  keepsUnknown: boolean,
): IndexConfig => {
  if (!isObject(given)) throw new InputError(`${what}: a JSON object is expected`)
  requireModest(given, what)
  const type = typeOf(given)
  const values = new Map(defaults(type))
  const unknown = new Map<string, unknown>()
  for (const [key, value] of Object.entries(given)) {
    if (ignoredKeys(type).has(key)) continue
    if (!keysOf(type).has(key)) unknown.set(key, value)
    else values.set(key, readValue(type, key, revealed(key, value, undefined)))
  }
  if (unknown.size > 0 && !keepsUnknown) throw unexpected(unknown)
  return build(type, values, Object.fromEntries(unknown))
}

/**
 * The settings of a new index, from what somebody sent: defaults added, texts turned into what they
 * mean (devpi-api 7.1, 7.3). Whether its bases exist is for others to see.
 * @throws {InputError} with devpi's text for what cannot be
 */
export const newIndexConfig = (owner: UserName, given: unknown): IndexConfig =>
  read(given, type => defaultsOf(type, owner), false)

/**
 * The same from a record or an export: keys that nobody knows are kept, and without
 * `mirror_whitelist_inheritance`, as very old data is, it is `union`.
 * @throws {InputError}
 */
export const importedIndexConfig = (owner: UserName, given: unknown): IndexConfig => {
  const defaults = (type: IndexConfig['type']): ReadonlyMap<string, unknown> => {
    const values = new Map(defaultsOf(type, owner))
    if (values.has('mirror_whitelist_inheritance'))
      values.set('mirror_whitelist_inheritance', 'union')
    return values
  }
  return read(given, defaults, true)
}

/**
 * The settings after a PATCH: a list of `key=value`, `key+=value`, `key-=value` and `key-=`, an object
 * with some keys, or what a GET answered (devpi-api 7.4).
 * @throws {InputError} with devpi's text
 */
export const changedIndexConfig = (config: IndexConfig, patch: unknown): IndexConfig => {
  requireModest(patch, what)
  const { type, more = {}, ...members } = config
  const { values, others } = readChanges(type, new Map(Object.entries(members)), more, patch)
  const changed = build(type, values, others)
  requireModest(storedIndexConfig(changed), what)
  return changed
}

/** True when nothing was changed. */
export const isSameIndexConfig = (a: IndexConfig, b: IndexConfig): boolean =>
  isSameJson(storedIndexConfig(a), storedIndexConfig(b))

/** All there is, secrets too, as one object: for records and exports. */
export const storedIndexConfig = ({ more, ...members }: IndexConfig): JsonObject => ({
  ...more,
  ...members,
})

/** What everybody may see, in devpi's words: `***` stands for passwords and secrets. */
export const shownIndexConfig = (config: IndexConfig): JsonObject =>
  Object.fromEntries(
    Object.entries(storedIndexConfig(config)).map(([key, value]) => [key, concealed(key, value)]),
  )
