import type { JsonObject } from '../../disk/json.ts'
import { derivedRelease } from '../../index/derived-release.ts'
import type { Local } from '../../index/local.ts'
import type { Opened } from '../../index/registry.ts'
import type { File } from '../../spec/page.ts'
import type { Name } from '../../spec/project-name.ts'
import { linksOf } from './links.ts'
import { releasesOf, type OwnReleases } from './releases.ts'

/** What one of several indexes has of a project. */
export interface Share {
  readonly index: Opened
  readonly releases: OwnReleases
  readonly local: Local
}

/** What an index itself has of a project. */
export const shareOf = async (index: Opened, name: Name): Promise<Share> => {
  const [releases, local] = await Promise.all([releasesOf(index, name), index.folder.of(name)])
  return { index, releases, local }
}

/** The same of each index that is looked through for a project, in their order; none that has nothing. */
export const sharesOf = async (index: Opened, name: Name): Promise<Share[]> => {
  const { looked } = await index.resolve(name)
  const shares = await Promise.all(looked.map(member => shareOf(member, name)))
  return shares.filter(({ releases }) => releases.size > 0)
}

const isYanked = ({ yanked }: File): boolean => yanked !== undefined && yanked !== false

// All that devpi tells of what another server has.
const mirrored = (name: Name, version: string, files: readonly File[]): JsonObject => {
  const python = files.find(file => typeof file['requires-python'] === 'string')
  const yanked = files.find(isYanked)
  return {
    name,
    version,
    ...(python !== undefined && { requires_python: python['requires-python'] }),
    ...(yanked !== undefined && { yanked: yanked.yanked }),
  }
}

// What was registered; of a file that was put there by other ways what the file tells itself.
const described = async (
  { beside, own, stage }: Opened,
  name: Name,
  version: string,
  files: readonly File[],
): Promise<JsonObject> => {
  if (stage === undefined) return mirrored(name, version, files)
  const registered = await beside.releases.get(name, version)
  if (registered !== undefined) return { ...registered }
  return derivedRelease(own, name, version, files)
}

/**
 * A release as devpi's `versiondata` (devpi-api 15): by the first index that has it, what the others
 * have of it in `+shadowing`.
 * @param base our URL as the client sees it
 * @returns undefined when none of them has it
 */
export const versionData = async (
  shares: readonly Share[],
  name: Name,
  version: string,
  base: string,
): Promise<JsonObject | undefined> => {
  const [first, ...others] = shares.filter(({ releases }) => releases.has(version))
  if (first === undefined) return undefined
  const one = async ({ index, releases, local }: Share): Promise<JsonObject> => {
    const files = releases.get(version) ?? []
    const links = await linksOf(index, name, version, files, local, base)
    const data = await described(index, name, version, files)
    return links.length === 0 ? data : { ...data, '+links': links }
  }
  const shadowed: JsonObject[] = []
  for (const share of others) shadowed.push(await one(share))
  const data = await one(first)
  return shadowed.length === 0 ? data : { ...data, '+shadowing': shadowed }
}
