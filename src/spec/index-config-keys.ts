import { shown } from './claim-error.ts'
import { readIndexName } from './index-name.ts'
import { InputError } from './input-error.ts'
import { projectName } from './project-name.ts'
import type { UserName } from './user-name.ts'

export type IndexType = 'stage' | 'mirror'

/** Makes what a key means out of what was sent; undefined: as if it were not there. */
type Reader = (value: unknown, key: string) => unknown

/** True for the name of a type of indexes. */
export const isIndexType = (value: unknown): value is IndexType =>
  value === 'stage' || value === 'mirror'

/** A value from outside, for a message of one line. */
const inWords = (value: unknown): string =>
  typeof value === 'string' ? shown(value) : shown(JSON.stringify(value)).slice(1, -1)

const words = new Map([
  ['true', true],
  ['yes', true],
  ['false', false],
  ['no', false],
])

const flag: Reader = value => {
  const found =
    typeof value === 'boolean' ? value
    : typeof value === 'string' ? words.get(value.trim().toLowerCase())
    : undefined
  if (found === undefined) throw new InputError(`Unknown boolean value ${inWords(value)}.`)
  return found
}

/** The entries of a list, or of a text with commas. */
const entriesOf = (value: unknown): readonly string[] => {
  const items: unknown = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(items) || !items.every(item => typeof item === 'string'))
    throw new InputError(`Unknown list value ${inWords(value)}.`)
  return [...new Set(items.map(item => item.trim()).filter(item => item !== ''))]
}

const bases: Reader = value => {
  const entries = entriesOf(value)
  const names = entries.map(entry => readIndexName(entry))
  const wrong = entries.filter((_, at) => names[at] === undefined)
  if (wrong.length > 0)
    throw new InputError(
      wrong
        .slice(0, 10)
        .map(base => `invalid base index spec: ${shown(base)}`)
        .join(', '),
    )
  return [...new Set(names)]
}

const special = new Set([':ANONYMOUS:', ':AUTHENTICATED:'])

const people: Reader = (value, key) => {
  const names = entriesOf(value).map(name =>
    special.has(name.toUpperCase()) ? name.toUpperCase() : name,
  )
  const wrong = names.find(name => name.length > 200 || /\p{Cc}/u.test(name))
  if (wrong !== undefined)
    throw new InputError(`'${key}' has ${shown(wrong)}, which is no user and no group`)
  return [...new Set(names)]
}

const projects: Reader = (value, key) => {
  const names = entriesOf(value).map(entry => {
    const name = entry === '*' ? entry : projectName(entry)
    if (name === undefined)
      throw new InputError(`'${key}' has ${shown(entry)}, which is neither a project name nor *`)
    return name
  })
  return [...new Set(names)]
}

const inheritance: Reader = (value, key) => {
  const mode = typeof value === 'string' ? value.trim().toLowerCase() : value
  if (mode === 'intersection' || mode === 'union') return mode
  throw new InputError(
    `Unknown value ${inWords(mode)} for ${key}, must be 'intersection' or 'union'.`,
  )
}

const seconds: Reader = (value, key) => {
  const number = typeof value === 'string' && /^\s*\d{1,12}\s*$/.test(value) ? Number(value) : value
  if (Number.isSafeInteger(number) && Number(number) >= 0) return number
  throw new InputError(`'${key}' option must be an integer, 0 or more`)
}

const longestUrl = 2000

const url: Reader = (value, key) => {
  const isUrl =
    typeof value === 'string' &&
    value.length <= longestUrl &&
    /^https?:\/\/[^\s\p{Cc}]+$/iu.test(value) &&
    URL.canParse(value)
  if (!isUrl) throw new InputError(`'${key}' option must be a URL.`)
  return value
}

// How a hook is taken away again with an empty value.
const optionalUrl: Reader = (value, key) => (value === '' ? undefined : url(value, key))

const secret: Reader = (value, key) => {
  if (value === '') return undefined
  if (typeof value === 'string' && value.length <= 1024) return value
  throw new InputError(`'${key}' must be a text of at most 1024 characters`)
}

const anything: Reader = value => value

const everywhere: readonly (readonly [string, Reader])[] = [
  ['volatile', flag],
  ['acl_read', people],
  ['title', anything],
  ['description', anything],
  ['custom_data', anything],
]

const readers: Readonly<Record<IndexType, ReadonlyMap<string, Reader>>> = {
  stage: new Map([
    ...everywhere,
    ['bases', bases],
    ['acl_upload', people],
    ['acl_toxresult_upload', people],
    ['mirror_whitelist', projects],
    ['mirror_whitelist_inheritance', inheritance],
    ['uploadtrigger_jenkins', optionalUrl],
    ['uploadtrigger_webhook', optionalUrl],
    ['uploadtrigger_secret', secret],
  ]),
  mirror: new Map([
    ...everywhere,
    ['mirror_url', url],
    ['mirror_web_url_fmt', optionalUrl],
    ['mirror_cache_expiry', seconds],
    ['mirror_no_project_list', flag],
    ['mirror_use_external_urls', flag],
    ['mirror_ignore_serial_header', flag],
    ['mirror_provides_core_metadata', flag],
  ]),
}

/** The keys that an index of this type may have, besides its type. */
export const keysOf = (type: IndexType): ReadonlyMap<string, unknown> => readers[type]

// Neither is a setting: the type never changes, and the projects are those that were uploaded.
const never = ['type', 'projects', 'pypi_whitelist']

const ignored: Readonly<Record<IndexType, ReadonlySet<string>>> = {
  stage: new Set(never),
  mirror: new Set([...never, 'bases', 'acl_upload', 'mirror_whitelist']),
}

/** Keys that are silently discarded, since clients and old exports send them. */
export const ignoredKeys = (type: IndexType): ReadonlySet<string> => ignored[type]

const lists: ReadonlySet<unknown> = new Set<Reader>([bases, people, projects])

/** True for a key whose value is a list. */
export const isList = (type: IndexType, key: string): boolean => lists.has(readers[type].get(key))

/**
 * What a value of a known key means; undefined: the key is taken away.
 * @throws {InputError} with devpi's text
 */
export const readValue = (type: IndexType, key: string, value: unknown): unknown => {
  if (value === null && !defaultsOf(type).has(key)) return undefined
  return readers[type].get(key)?.(value, key)
}

/** The keys that are always there, with what they are in a new index. */
export const defaultsOf = (type: IndexType, owner?: UserName): ReadonlyMap<string, unknown> =>
  type === 'mirror' ?
    new Map([['volatile', true]])
  : new Map<string, unknown>([
      ['volatile', true],
      ['bases', []],
      ['acl_upload', owner === undefined ? [] : [owner]],
      ['acl_toxresult_upload', [':ANONYMOUS:']],
      ['mirror_whitelist', []],
      ['mirror_whitelist_inheritance', 'intersection'],
    ])

/** The error for keys that nobody knows. */
export const unexpected = (unknown: ReadonlyMap<string, unknown>): InputError => {
  const pairs = [...unknown].slice(0, 10).map(([key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return shown(`${key}=${text}`).slice(1, -1)
  })
  return new InputError(`indexconfig got unexpected keyword arguments: ${pairs.join(', ')}`)
}
