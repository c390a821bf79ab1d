import { allowsPython } from '../../spec/environment.ts'
import { fileVersion } from '../../spec/filename.ts'
import type { Marker } from '../../spec/marker.ts'
import { compareReleases, parseRelease } from '../../spec/release.ts'
import type { LockedFile, Wish, Wishes } from '../wish.ts'
import {
  eachEntry,
  EntryError,
  holdsFor,
  identityOf,
  lockedFile,
  lockWishes,
  markerOf,
  pinned,
  refusesOtherPythons,
  requireFormat,
  type Identity,
} from './locked.ts'
import { poetryRange } from './poetry-range.ts'
import { entry, tableAt, tableOf, tablesAt, textAt, type Table } from './table.ts'

// Of another index, which is an index all the same.
const registry = 'legacy'

const sameVersion = (one: string | undefined, two: string | undefined): boolean => {
  const [a, b] = [one, two].map(text => (text === undefined ? undefined : parseRelease(text)))
  return a !== undefined && b !== undefined && compareReleases(a, b) === 0
}

const fileOf = (table: Table): LockedFile =>
  lockedFile(textAt(table, 'file'), [entry(table, 'hash')])

// Before 1.3 the files of all versions of a project stood in one list at the end.
const filesOf = (table: Table, metadata: Table | undefined, { name, version }: Identity) => {
  const own = tablesAt(table, 'files')
  if (own.length > 0) return own.map(fileOf)
  return tablesAt(tableAt(metadata, 'files'), textAt(table, 'name') ?? name)
    .map(fileOf)
    .filter(({ filename }) => sameVersion(fileVersion(name, filename), version))
}

// Since 2.0 one marker, or one for each group; a group without one always needs it.
const markersOf = (table: Table): Marker | undefined => {
  const written = entry(table, 'markers')
  if (typeof written === 'string') return markerOf(written)
  const byGroup = Object.values(tableOf(written) ?? {})
  const texts = byGroup.filter(value => typeof value === 'string')
  const groups = entry(table, 'groups')
  if (texts.length === 0 || (Array.isArray(groups) && groups.length > texts.length))
    return undefined
  return { any: texts.map(markerOf) }
}

const packageWish = (
  table: Table,
  place: string,
  metadata: Table | undefined,
  exact: boolean,
): Wish => {
  const type = textAt(tableAt(table, 'source'), 'type')
  if (type !== undefined && type !== registry)
    throw new EntryError(`comes from a ${type}: only files of an index can be fetched`)
  const identity = identityOf(table)
  if (identity.version === undefined) throw new EntryError('has no version')
  const holds = holdsFor(markersOf(table))
  const pythons = poetryRange(textAt(table, 'python-versions') ?? '*')
  return pinned({
    ...identity,
    place,
    files: filesOf(table, metadata, identity),
    required: exact,
    appliesTo: environment =>
      holds(environment) &&
      (pythons.length === 0 || pythons.some(some => allowsPython(some, environment))),
  })
}

/**
 * What a `poetry.lock` asks for, with all groups and extras. Before format 2.1 it did not say for
 * which machines a package is; then none of them is `required`.
 */
export const readPoetryLock = (table: Table, place: string): Wishes => {
  const metadata = tableAt(table, 'metadata')
  const version = textAt(metadata, 'lock-version') ?? '1.0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  requireFormat(major === 1 || major === 2, place, version)
  const exact = major === 2 && minor >= 1
  return lockWishes(
    eachEntry(tablesAt(table, 'package'), place, some => packageWish(some, place, metadata, exact)),
    refusesOtherPythons(poetryRange(textAt(metadata, 'python-versions') ?? '*'), place),
  )
}
