import { allowsPython, type Environment } from '../../spec/environment.ts'
import { evaluate } from '../../spec/evaluate.ts'
import { distFilename, type Filename } from '../../spec/filename.ts'
import { InputError } from '../../spec/input-error.ts'
import { parseMarker, type Marker } from '../../spec/marker.ts'
import { projectName, type Name } from '../../spec/project-name.ts'
import { parseRelease } from '../../spec/release.ts'
import type { LockedFile, PassedOver, Wish, Wishes } from '../wish.ts'
import { hashOf } from './hash.ts'
import { entry, textAt, type Table } from './table.ts'

/** An entry of a lock that cannot be had; its message is the reason. */
export class EntryError extends InputError {}

/** The name of the file that a URL or path ends in, or undefined where that is no distribution. */
export const filenameOf = (address: string | undefined): Filename | undefined => {
  const [path = ''] = (address ?? '').split(/[?#]/, 1)
  const last = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
  try {
    return distFilename(decodeURIComponent(last))
  } catch {
    return undefined
  }
}

/** A file of a lock; a hash that is absent demands none. Throws an `EntryError` where its name or a hash is none. */
export const lockedFile = (
  name: string | undefined,
  hashes: readonly unknown[],
  { size, url }: { size?: unknown; url?: string | undefined } = {},
): LockedFile => {
  const filename = filenameOf(name ?? url)
  if (filename === undefined)
    throw new EntryError(`${(name ?? url ?? 'a file').slice(0, 200)} is no distribution's name`)
  const given = hashes.filter(hash => hash !== undefined && hash !== '')
  const read = given.map(hash => hashOf(hash) ?? fail(`${filename} has an unknown kind of hash`))
  return {
    filename,
    hashes: read,
    ...(typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? { size } : {}),
    ...(url === undefined ? {} : { url }),
  }
}

const fail = (reason: string): never => {
  throw new EntryError(reason)
}

/** Name and version of an entry, checked. */
export interface Identity {
  readonly name: Name
  /** As written; undefined where the lock gives none. */
  readonly version: string | undefined
}

/** Whose entry it is; throws an `EntryError` without a proper name or with what is no version. */
export const identityOf = (table: Table): Identity => {
  const name = projectName(textAt(table, 'name') ?? '')
  if (name === undefined) throw new EntryError('an entry without the name of a project')
  const version = textAt(table, 'version')
  if (version !== undefined && parseRelease(version) === undefined)
    throw new EntryError(`${version.slice(0, 80)} is no version`)
  return { name, version }
}

/** How an entry is called in messages and answers: `name==version`. */
export const titleOf = (table: Table): string => {
  const name = textAt(table, 'name') ?? '?'
  const version = textAt(table, 'version')
  // Pipfile.lock has specifiers, the others bare versions.
  const pin = version === undefined || /^[=<>!~*]/.test(version) ? version : `==${version}`
  return `${name}${pin ?? ''}`.replace(/\s+/g, ' ').slice(0, 300)
}

/** A marker taken apart; throws an `EntryError` for what is none. */
export const markerOf = (text: string): Marker => {
  try {
    return parseMarker(text)
  } catch (error) {
    throw new EntryError(`its marker: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** Whether a marker lets an environment in; with any extras and groups, since a lock is read for all. */
export const holdsFor =
  (marker: Marker | undefined): Wish['appliesTo'] =>
  environment =>
    evaluate(marker, environment, 'any')

/** What makes a wish of an entry that lists files. */
export interface Pin extends Identity {
  readonly place: string
  readonly files: readonly LockedFile[]
  readonly required: boolean
  readonly appliesTo: Wish['appliesTo']
}

/** The wish of an entry; without files any file of the version will do. */
export const pinned = ({ name, version, place, files, required, appliesTo }: Pin): Wish => ({
  line: version === undefined ? name : `${name}==${version}`,
  place,
  name,
  extras: [],
  specifier: version === undefined ? '' : `==${version}`,
  hashes: [],
  ...(files.length === 0 ? {} : { files }),
  required,
  appliesTo,
})

// Many times what the largest projects have.
const mostEntries = 20_000

/** Throws an `InputError` when a lock has more entries than any project can need. */
export const requireFewEntries = (entries: readonly Table[], place: string): void => {
  if (entries.length > mostEntries)
    throw new InputError(`${place} has more than ${mostEntries} packages: split it`)
}

/** Reads each entry of a lock by itself, so that one which cannot be had does not spoil the others. */
export const eachEntry = (
  entries: readonly Table[],
  place: string,
  read: (entry: Table, index: number) => Wish,
): { wishes: Wish[]; unparseable: PassedOver[] } => {
  const wishes: Wish[] = []
  const unparseable: PassedOver[] = []
  requireFewEntries(entries, place)
  for (const [index, table] of entries.entries()) {
    try {
      wishes.push(read(table, index))
    } catch (error) {
      if (!(error instanceof EntryError)) throw error
      unparseable.push({ line: titleOf(table), place, reason: error.message })
    }
  }
  return { wishes, unparseable }
}

/** What a lock asks for; `refuses` where it is made for certain machines only. */
export const lockWishes = (
  { wishes, unparseable }: Pick<Wishes, 'wishes' | 'unparseable'>,
  refuses?: Wishes['refuses'],
): Wishes => ({
  wishes,
  constraints: [],
  closed: true,
  unparseable,
  requiresHashes: false,
  prereleases: false,
  noBinary: new Set(),
  onlyBinary: new Set(),
  ...(refuses === undefined ? {} : { refuses }),
})

/** The refusal of Pythons outside of version specifiers, of which one must let them in. */
export const refusesOtherPythons =
  (alternatives: readonly string[], place: string) =>
  (environment: Environment): string | undefined =>
    alternatives.length === 0 || alternatives.some(some => allowsPython(some, environment)) ?
      undefined
    : `${place} is for Python ${alternatives.join(' or ')}`

/** Throws an `InputError` when a lock has a version of its format that is not known. */
export const requireFormat = (known: boolean, place: string, version: unknown): void => {
  if (known) return
  const shown = typeof version === 'string' || typeof version === 'number' ? version : 'none'
  throw new InputError(`${place} has format version ${shown}, which is not known here`)
}

/** The first of some keys that a table has; undefined when it has none. */
export const firstKey = (table: Table, keys: readonly string[]): string | undefined =>
  keys.find(key => entry(table, key) !== undefined)
