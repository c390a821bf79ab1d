import type { LockedFile, Wish, Wishes } from '../wish.ts'
import {
  eachEntry,
  EntryError,
  identityOf,
  lockedFile,
  lockWishes,
  pinned,
  refusesOtherPythons,
  requireFewEntries,
  requireFormat,
} from './locked.ts'
import { entry, tableAt, tablesAt, textAt, type Table } from './table.ts'
import { isLocal, UvGraph } from './uv-graph.ts'

const fileOf = (table: Table): LockedFile => {
  return lockedFile(textAt(table, 'filename') ?? textAt(table, 'path'), [entry(table, 'hash')], {
    size: entry(table, 'size'),
    url: textAt(table, 'url'),
  })
}

const requireRegistry = (table: Table): void => {
  const source = tableAt(table, 'source') ?? {}
  const [kind = 'nowhere'] = Object.keys(source)
  if (kind === 'registry') return
  throw new EntryError(
    isLocal(table) ?
      `is on the machine of the lock only (${kind}): it is in no index`
    : `comes from ${kind}: only files of an index can be fetched`,
  )
}

const packageWish = (table: Table, index: number, place: string, graph: UvGraph): Wish => {
  requireRegistry(table)
  const identity = identityOf(table)
  if (identity.version === undefined) throw new EntryError('has no version')
  const sdist = tableAt(table, 'sdist')
  const files = [...tablesAt(table, 'wheels'), ...(sdist === undefined ? [] : [sdist])]
  return pinned({
    ...identity,
    place,
    files: files.map(fileOf),
    required: graph.isRooted,
    appliesTo: environment => !graph.isRooted || graph.needs(index, environment),
  })
}

/** What a `uv.lock` (also that of a script) asks for, with all extras and groups of its projects. */
export const readUvLock = (table: Table, place: string): Wishes => {
  const version = entry(table, 'version')
  requireFormat(version === 1, place, version)
  const packages = tablesAt(table, 'package')
  requireFewEntries(packages, place)
  const graph = new UvGraph(packages, tableAt(table, 'manifest'))
  const requiresPython = textAt(table, 'requires-python')
  return lockWishes(
    eachEntry(packages, place, (some, index) => packageWish(some, index, place, graph)),
    refusesOtherPythons(requiresPython === undefined ? [] : [requiresPython], place),
  )
}
