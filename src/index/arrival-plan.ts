import type { Layout } from '../disk/layout.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { HttpError } from '../http/error.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import type { Arrival } from './arrival.ts'
import type { Staged } from './arrival-staging.ts'
import type { Tombstone, UploadedFact } from './fact.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import type { Local } from './local.ts'
import type { History } from './log-entry.ts'
import type { PushRecord } from './push-record.ts'
import type { Pushes } from './pushes.ts'

/** A staged file and what has its name at the index. */
export interface Planned extends Staged {
  /** How that came here; undefined when nothing has the name. */
  readonly before: History | undefined
  /** What is known there of these very bytes. */
  readonly former: UploadedFact | undefined
  /** Something is known of other bytes under its name. */
  readonly isCrowded: boolean
}

/** What becomes of a release when it comes. */
export interface Plan {
  readonly files: readonly Planned[]
  /** Marks of deleted files with the same bytes, which would hide what comes. */
  readonly tombstones: readonly Tombstone[]
}

/** Another push of the project is under way. */
export class BusyError extends Error {}

/** Something has a name already: devpi's words, which its clients show. */
const takenError = (filename: string): HttpError =>
  new HttpError(409, `${filename} already exists in non-volatile index`)

/**
 * What a release will find at an index.
 * @throws {HttpError} 409 when something there does not give way
 * @throws {BusyError} when it cannot be said yet
 */
export const planArrival = async (
  parts: { layout: Layout; folder: Folder; facts: Facts; pushes: Pushes; isVolatile: boolean },
  name: Name,
  staged: readonly Staged[],
): Promise<Plan> => {
  const { layout, folder, facts } = parts
  const mayReplace = parts.isVolatile || folder.isMutable(name)
  const local = await folder.of(name)
  const known = await facts.of(name)
  // Later than that, so that nothing which it lacks goes unnoticed.
  if ((await parts.pushes.of(name)).stamp !== '') throw new BusyError()
  const files: Planned[] = []
  const tombstones: Tombstone[] = []
  for (const one of staged) {
    const { filename, sha256 } = one.file
    const before = historyOf(layout, name, local, filename)
    if (before !== undefined && !mayReplace) throw takenError(filename)
    const tombstone = known.deleted.get(filename)
    if (tombstone?.sha256 === sha256) tombstones.push(tombstone)
    else if (tombstone !== undefined && !mayReplace)
      throw new HttpError(
        409,
        `${filename} was deleted on ${tombstone.at.slice(0, 10)} and had other bytes, sha256 ${tombstone.sha256}: push another version`,
      )
    const uploads = known.uploaded.get(filename) ?? []
    const former = uploads.find(fact => fact.sha256 === sha256)
    const isCrowded =
      tombstone !== undefined ||
      known.mirrored.has(filename) ||
      uploads.some(fact => fact !== former)
    files.push({ ...one, before, former, isCrowded })
  }
  return { files, tombstones }
}

const historyOf = (
  layout: Layout,
  name: Name,
  local: Local,
  filename: Filename,
): History | undefined => {
  const home = layout.file(name, filename)
  const uploaded = local.uploaded.get(filename)
  const path = uploaded?.path ?? local.dropped.get(filename)?.path
  if (path !== undefined && path !== home)
    throw new HttpError(
      409,
      `${filename} was put there by hand, outside of its project's directory: remove it first`,
    )
  if (uploaded !== undefined) return uploaded.fact.log
  return linkStatsOf(home) === undefined ? undefined : []
}

/** The names of the files that take the place of others. */
export const replacedBy = ({ files }: Plan): Filename[] =>
  files.filter(({ before }) => before !== undefined).map(({ file }) => file.filename)

/** The names of which other bytes are to be forgotten. */
export const crowdedNames = ({ files }: Plan): ReadonlySet<Filename> =>
  new Set(files.filter(({ isCrowded }) => isCrowded).map(({ file }) => file.filename))

/** What a push by such a plan leaves as its mark. */
export const recordOf = (
  { version, source, by, withDocs }: Arrival,
  { files, tombstones }: Plan,
): PushRecord => ({
  version,
  source: source.index,
  by,
  withDocs,
  files: files.map(({ file: { filename, sha256 }, inode, before, former }) => ({
    filename,
    sha256,
    inode,
    replaces: before !== undefined,
    former,
  })),
  tombstones,
})
