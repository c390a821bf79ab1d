import { normalExtra } from '../../spec/evaluate.ts'
import { projectName } from '../../spec/project-name.ts'
import { parseSpecifiers } from '../../spec/specifier.ts'
import type { Wish, Wishes } from '../wish.ts'
import { hashOf } from './hash.ts'
import { EntryError, firstKey, holdsFor, lockWishes, eachEntry, markerOf } from './locked.ts'
import { entry, listAt, tableAt, tableOf, textAt, textsAt, type Table } from './table.ts'

const elsewhere = ['git', 'hg', 'svn', 'bzr', 'path', 'file', 'editable']

const packageWish = (table: Table, place: string): Wish => {
  const key = firstKey(table, elsewhere)
  if (key !== undefined)
    throw new EntryError(`comes from a ${key}: only files of an index can be fetched`)
  const name = projectName(textAt(table, 'name') ?? '')
  if (name === undefined) throw new EntryError('is not the name of a project')
  const written = textAt(table, 'version') ?? '*'
  const specifier = written === '*' ? '' : written
  if (parseSpecifiers(specifier) === undefined)
    throw new EntryError(`${specifier.slice(0, 80)} is no version specifier`)
  const markers = textAt(table, 'markers')
  const hashes = listAt(table, 'hashes').map(hashOf)
  if (hashes.includes(undefined)) throw new EntryError('has an unknown kind of hash')
  return {
    line: `${name}${specifier}`,
    place,
    name,
    extras: textsAt(table, 'extras').map(normalExtra),
    specifier,
    hashes: hashes.filter(hash => hash !== undefined),
    required: true,
    appliesTo: holdsFor(markers === undefined ? undefined : markerOf(markers)),
  }
}

// All groups: `default`, `develop` and those of the user's own.
const entriesOf = (lock: Table): Table[] =>
  Object.keys(lock)
    .filter(group => group !== '_meta')
    .flatMap(group => Object.entries(tableAt(lock, group) ?? {}))
    .map(([name, value]) => {
      const table = tableOf(value) ?? {}
      return {
        ...table,
        name,
        version: typeof value === 'string' ? value : entry(table, 'version'),
      }
    })

/** What a `Pipfile.lock` asks for, with all groups. It lists hashes, but not whose they are. */
export const readPipfileLock = (lock: Table, place: string): Wishes =>
  lockWishes(eachEntry(entriesOf(lock), place, some => packageWish(some, place)))
