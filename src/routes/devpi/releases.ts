import type { Opened } from '../../index/registry.ts'
import { isNamedFor } from '../../spec/devpi-upload.ts'
import { fileVersion } from '../../spec/filename.ts'
import type { File } from '../../spec/page.ts'
import type { Name } from '../../spec/project-name.ts'

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
  const project = await own.project(name)
  const registered = stage === undefined ? [] : await beside.releases.versions(name)
  const documented = stage === undefined ? [] : await beside.docs.versions(name)
  const releases = new Map<string, File[]>(
    [...registered, ...documented].map(version => [version, []]),
  )
  const exact = new Set<string>(registered)
  for (const file of (await project?.page())?.files ?? []) {
    const version = versionOf(name, file, exact)
    if (version === undefined) continue
    const files = releases.get(version) ?? []
    files.push(file)
    releases.set(version, files)
  }
  return releases
}

// Registered versions are keys of their own, though they may be spellings of one.
const versionOf = (
  name: Name,
  { filename }: File,
  registered: ReadonlySet<string>,
): string | undefined => {
  const told = fileVersion(name, filename)
  if (told === undefined || registered.has(told)) return told
  return [...registered].find(version => isNamedFor(name, filename, version)) ?? told
}
