import { shown } from './claim-error.ts'
import { shownIndexConfig, type IndexConfig } from './index-config.ts'
import { splitIndexName, type IndexName } from './index-name.ts'
import { InputError } from './input-error.ts'
import { isObject, requireModest, type JsonObject } from './json-value.ts'

/** What users say about themselves. */
export interface UserProfile {
  readonly email?: string | undefined
  readonly title?: string | undefined
  readonly description?: string | undefined
  /** Any JSON value. */
  readonly custom_data?: unknown
}

/** What somebody sent about a new user. */
export interface NewUser {
  /** May be empty. */
  readonly password: string
  readonly profile: UserProfile
}

/** What somebody sent to change a user. */
export interface UserChange {
  /** Undefined: as it was. */
  readonly password: string | undefined
  /** Members that are there and undefined are taken away. */
  readonly profile: UserProfile
}

/** A user as everybody may see it. */
export interface ShownUser {
  readonly name: string
  readonly profile: UserProfile
  /** ISO times. */
  readonly created: string
  readonly modified?: string | undefined
}

const what = 'the settings of a user'
const texts = ['email', 'title', 'description'] as const
const profileKeys: readonly string[] = [...texts, 'custom_data']

// Clients send back what they read; none of it is theirs to change.
const ignoredKeys: readonly string[] = ['indexes', 'username', 'created', 'modified']

const longestPassword = 1024

/** Throws `InputError` for what cannot be a password; an empty text can. */
const readPassword = (value: unknown): string => {
  if (typeof value !== 'string') throw new InputError('password must be a text')
  if (value.length > longestPassword)
    throw new InputError(`the password is longer than ${longestPassword} characters`)
  if (/\p{Cc}/u.test(value)) throw new InputError('the password has control characters')
  return value
}

// What is false for Python: with it a key is taken away.
const isNothing = (value: unknown): boolean =>
  value === null ||
  value === false ||
  value === 0 ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0)

const readProfile = (given: JsonObject): UserProfile => {
  const profile = new Map<string, unknown>()
  for (const key of profileKeys) {
    if (!Object.hasOwn(given, key)) continue
    const value = given[key]
    const isText = texts.some(text => text === key)
    if (isText && !isNothing(value) && typeof value !== 'string')
      throw new InputError(`${key} must be a text`)
    profile.set(key, isNothing(value) ? undefined : value)
  }
  return Object.fromEntries(profile)
}

const requireObject = (given: unknown): JsonObject => {
  if (!isObject(given)) throw new InputError(`${what}: a JSON object is expected`)
  requireModest(given, what)
  return given
}

/**
 * What a PUT says about a new user (devpi-api 6).
 * @throws {InputError} with devpi's text
 */
export const newUserConfig = (given: unknown): NewUser => {
  const object = requireObject(given)
  const { password } = object
  if (password === undefined || password === null) throw new InputError('password needs to be set')
  const known = new Set([...profileKeys, ...ignoredKeys, 'password'])
  const unknown = Object.keys(object).filter(key => !known.has(key))
  if (unknown.length > 0) {
    const keys = unknown.slice(0, 10).map(key => shown(key).slice(1, -1))
    throw new InputError(`Unknown keys in user config: ${keys.join(', ')}`)
  }
  return { password: readPassword(password), profile: readProfile(object) }
}

/**
 * What a PATCH says about a user; keys that nobody knows are dropped (devpi-api 6).
 * @throws {InputError}
 */
export const changedUserConfig = (given: unknown): UserChange => {
  const object = requireObject(given)
  const { password = null } = object
  return {
    password: password === null ? undefined : readPassword(password),
    profile: readProfile(object),
  }
}

/** True for a PATCH that needs no more than the right to change the password. */
export const isPasswordAlone = (given: unknown): boolean =>
  isObject(given) && Object.keys(given).length === 1 && Object.hasOwn(given, 'password')

/** As devpi writes times: UTC, whole seconds. */
export const shownTime = (iso: string): string => {
  const time = Date.parse(iso)
  return Number.isNaN(time) ? iso : new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

/**
 * `userconfig`: a user as devpi shows one to everybody, never a password.
 * @param indexes the user's own
 */
export const shownUserConfig = (
  { name, profile, created, modified }: ShownUser,
  indexes: ReadonlyMap<IndexName, IndexConfig>,
): JsonObject => ({
  username: name,
  created: shownTime(created),
  ...(modified !== undefined && { modified: shownTime(modified) }),
  ...Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined)),
  indexes: Object.fromEntries(
    [...indexes].map(([index, config]) => [splitIndexName(index).index, shownIndexConfig(config)]),
  ),
})
