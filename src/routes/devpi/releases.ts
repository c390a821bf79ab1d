import type { Opened } from '../../index/registry.ts'
import { fileVersion } from '../../spec/filename.ts'
import type { File } from '../../spec/page.ts'
import type { Name } from '../../spec/project-name.ts'
import { versionKey } from '../../spec/same-version.ts'

/** What an index itself has of a project, by version: the files of each, none of one that is only registered. */
export type OwnReleases = ReadonlyMap<string, readonly File[]>

/**
 * The releases of a project that are of this index alone: those that are registered, have files or
 * documentation. A file is of the release that was registered for it, else of the version that its
 * name tells; empty when there is no such project.
 */
export const releasesOf = async (
  { own, beside, stage }: Opened,
  name: Name,
): Promise<OwnReleases> => {
  const [project, registered, documented] = await Promise.all([
    own.project(name),
    stage === undefined ? [] : beside.releases.versions(name),
    stage === undefined ? [] : beside.docs.versions(name),
  ])
  const releases = new Map<string, File[]>(
    [...registered, ...documented].map(version => [version, []]),
  )
  const spellings = spellingsOf(registered)
  for (const file of (await project?.page())?.files ?? []) {
    const version = versionOf(name, file, spellings)
    if (version === undefined) continue
    const files = releases.get(version) ?? []
    files.push(file)
    releases.set(version, files)
  }
  return releases
}

// Old tools wrote `_` for what stands between the parts of a local version.
const underscored = (version: string): string => version.replace(/[^\w.]/g, '_')

/** The registered versions by all that a file may call them; the exact spelling goes first. */
const spellingsOf = (registered: readonly string[]): ReadonlyMap<string, string> =>
  new Map([
    ...registered.map(version => [versionKey(version), version] as const),
    ...registered.map(version => [underscored(version), version] as const),
    ...registered.map(version => [version, version] as const),
  ])

// Registered versions are keys of their own, though they may be spellings of one.
const versionOf = (
  name: Name,
  { filename }: File,
  spellings: ReadonlyMap<string, string>,
): string | undefined => {
  const told = fileVersion(name, filename)
  if (told === undefined) return undefined
  return spellings.get(told) ?? spellings.get(versionKey(told)) ?? told
}
