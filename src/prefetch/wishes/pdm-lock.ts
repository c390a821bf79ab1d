import type { LockedFile, Wish, Wishes } from '../wish.ts'
import { allowsPython, type Environment } from '../../spec/environment.ts'
import { evaluate } from '../../spec/evaluate.ts'
import {
  eachEntry,
  EntryError,
  firstKey,
  identityOf,
  lockedFile,
  lockWishes,
  markerOf,
  pinned,
  requireFormat,
} from './locked.ts'
import { entry, tableAt, tablesAt, textAt, textsAt, type Table } from './table.ts'

const reasons: ReadonlyMap<string, string> = new Map(
  ['git', 'hg', 'svn', 'bzr', 'path', 'url'].map(key => [
    key,
    `comes from a ${key}: only files of an index can be fetched`,
  ]),
)

const fileOf = (table: Table): LockedFile =>
  lockedFile(textAt(table, 'file'), [entry(table, 'hash')], { url: textAt(table, 'url') })

// Before format 4.2 the files stood in one table at the end, by name and version.
const filesOf = (table: Table, metadata: Table | undefined): Table[] => {
  const own = tablesAt(table, 'files')
  const key = `${textAt(table, 'name') ?? ''} ${textAt(table, 'version') ?? ''}`
  return own.length > 0 ? own : tablesAt(tableAt(metadata, 'files'), key)
}

const packageWish = (
  table: Table,
  place: string,
  metadata: Table | undefined,
  exact: boolean,
): Wish => {
  const reason = reasons.get(firstKey(table, [...reasons.keys()]) ?? '')
  if (reason !== undefined) throw new EntryError(reason)
  const identity = identityOf(table)
  if (identity.version === undefined) throw new EntryError('has no version')
  const written = textAt(table, 'marker')
  const marker = written === undefined ? undefined : markerOf(written)
  const requiresPython = textAt(table, 'requires_python') ?? ''
  return pinned({
    ...identity,
    place,
    files: filesOf(table, metadata).map(fileOf),
    required: exact,
    appliesTo: environment =>
      evaluate(marker, environment, 'any') && allowsPython(requiresPython, environment),
  })
}

// A lock may be made for several targets; each says which Pythons and platforms it has.
const suits = (target: Table, environment: Environment): boolean => {
  const platform = textAt(target, 'platform')
  const system = environment.get('sys_platform')?.[0]
  return (
    allowsPython(textAt(target, 'requires_python') ?? '', environment) &&
    (platform === undefined || system === undefined || platformSystem(platform) === system)
  )
}

const platformSystem = (platform: string): string => {
  if (platform.startsWith('win')) return 'win32'
  return platform.startsWith('macos') ? 'darwin' : 'linux'
}

/**
 * What a `pdm.lock` asks for, with all groups. Only where it has the strategy `inherit_metadata` it
 * tells for which machines a package is; else none of them is `required`.
 */
export const readPdmLock = (table: Table, place: string): Wishes => {
  const metadata = tableAt(table, 'metadata')
  const version = textAt(metadata, 'lock_version')
  requireFormat(version === undefined || /^[1-4](?:\.\d+)*$/.test(version), place, version)
  const exact = textsAt(metadata, 'strategy').includes('inherit_metadata')
  const targets = tablesAt(metadata, 'targets')
  return lockWishes(
    eachEntry(tablesAt(table, 'package'), place, some => packageWish(some, place, metadata, exact)),
    environment =>
      targets.length === 0 || targets.some(target => suits(target, environment)) ?
        undefined
      : `${place} is locked for other targets`,
  )
}
