import type { Environment } from '../../spec/environment.ts'
import { evaluate } from '../../spec/evaluate.ts'
import type { LockedFile, Wish, Wishes } from '../wish.ts'
import {
  eachEntry,
  EntryError,
  firstKey,
  holdsFor,
  identityOf,
  lockedFile,
  lockWishes,
  markerOf,
  pinned,
  refusesOtherPythons,
  requireFormat,
} from './locked.ts'
import { tableAt, tablesAt, textAt, textsAt, type Table } from './table.ts'

const reasons: ReadonlyMap<string, string> = new Map([
  ['vcs', 'comes from version control: only files of an index can be fetched'],
  ['directory', 'is a local directory: only files of an index can be fetched'],
  ['archive', 'is a direct reference: only files of an index can be fetched'],
])

const fileOf = (table: Table): LockedFile => {
  const url = textAt(table, 'url')
  const hashes = Object.entries(tableAt(table, 'hashes') ?? {})
  const known = hashes.filter(([algorithm]) => /^(?:md5|sha\d+)$/i.test(algorithm))
  return lockedFile(
    textAt(table, 'name') ?? textAt(table, 'path'),
    known.map(([algorithm, hex]) => `${algorithm}:${String(hex)}`),
    { size: table['size'], url },
  )
}

const packageWish = (table: Table, place: string): Wish => {
  const reason = reasons.get(firstKey(table, [...reasons.keys()]) ?? '')
  if (reason !== undefined) throw new EntryError(reason)
  const sdist = tableAt(table, 'sdist')
  const files = [...tablesAt(table, 'wheels'), ...(sdist === undefined ? [] : [sdist])]
  if (files.length === 0) throw new EntryError('lists no file')
  const marker = textAt(table, 'marker')
  return pinned({
    ...identityOf(table),
    place,
    files: files.map(fileOf),
    required: true,
    appliesTo: holdsFor(marker === undefined ? undefined : markerOf(marker)),
  })
}

/** What a `pylock.toml` (PEP 751) asks for, for all of its extras and dependency groups. */
export const readPylock = (table: Table, place: string): Wishes => {
  const version = textAt(table, 'lock-version')
  requireFormat(version !== undefined && /^1(?:\.\d+)*$/.test(version), place, version)
  const requiresPython = textAt(table, 'requires-python')
  const refusesPython = refusesOtherPythons(
    requiresPython === undefined ? [] : [requiresPython],
    place,
  )
  const environments = textsAt(table, 'environments').map(markerOf)
  const refuses = (environment: Environment) =>
    environments.length === 0 || environments.some(marker => evaluate(marker, environment)) ?
      refusesPython(environment)
    : `${place} is not made for such an environment: ${textsAt(table, 'environments').join(' or ')}`
  return lockWishes(
    eachEntry(tablesAt(table, 'packages'), place, entry => packageWish(entry, place)),
    refuses,
  )
}
