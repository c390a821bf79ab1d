import type { JsonObject } from '../disk/json.ts'
import { isObject } from '../spec/file-fields.ts'
import { fileVersion, type Filename } from '../spec/filename.ts'
import type { File, Page } from '../spec/page.ts'
import { compareReleases, isPrerelease, parseRelease } from '../spec/release.ts'
import { versionKey } from '../spec/same-version.ts'
import { jsonFile } from './json-file.ts'
import type { UpstreamJson } from './upstream-json.ts'

/** A release and its files. */
export interface JsonRelease {
  /** As it was uploaded. */
  readonly version: string
  readonly json: JsonObject[]
  /** Those of the page, as pages have them. */
  readonly listed: File[]
}

/** The releases of a project by `versionKey`. */
export type JsonReleases = ReadonlyMap<string, JsonRelease>

// Upstream's object for a file, unless ours has other bytes.
const sameFile = (file: File, json: JsonObject | undefined): JsonObject | undefined => {
  const digests = json?.['digests']
  const told = isObject(digests) ? digests['sha256'] : undefined
  const listed = file.hashes['sha256']
  return typeof told !== 'string' || listed === undefined || told === listed ? json : undefined
}

/**
 * The releases of a project: the files of its page, told as upstream tells them where it knows them,
 * and those that only upstream tells of, since either may be the newer one.
 * @param isWhole false where nothing but the page's files may be shown
 * @param root our URL, ending in a slash
 */
export const jsonReleases = (
  page: Page,
  told: UpstreamJson | undefined,
  isWhole: boolean,
  root: string,
): JsonReleases => {
  const releases = new Map<string, JsonRelease>()
  const spelled = new Map<string, JsonRelease>()
  const releaseOf = (version: string): JsonRelease => {
    const known = spelled.get(version)
    if (known !== undefined) return known
    const key = versionKey(version)
    const release = releases.get(key) ?? { version, json: [], listed: [] }
    releases.set(key, release)
    spelled.set(version, release)
    return release
  }
  const names = new Set<string>(page.files.map(({ filename }) => filename))
  if (isWhole)
    for (const [version, files] of told?.releases ?? [])
      releaseOf(version).json.push(
        ...files.filter(file => !names.has(file['filename'] as Filename)),
      )
  for (const file of page.files) {
    const version = fileVersion(page.name, file.filename)
    if (version === undefined) continue
    const release = releaseOf(version)
    const same = sameFile(file, told?.byName.get(file.filename))
    release.listed.push(file)
    release.json.push(same === undefined ? jsonFile(file, root) : { ...same, url: root + file.url })
  }
  return releases
}

/** True when every file of a release is yanked. */
export const isYankedRelease = ({ json }: JsonRelease): boolean =>
  json.every(file => file['yanked'] === true)

/** The release that is installed when nobody asks for another: not yanked, no pre-release, the highest (PY-5). */
export const latestRelease = (releases: JsonReleases): JsonRelease | undefined => {
  const candidates = [...releases.values()].flatMap(release => {
    if (release.json.length === 0) return []
    const version = parseRelease(release.version)
    const final = version !== undefined && !isPrerelease(version)
    return [{ release, version, rank: (isYankedRelease(release) ? 0 : 2) + (final ? 1 : 0) }]
  })
  const [first, ...rest] = candidates
  let best = first
  for (const one of rest) {
    if (best === undefined || one.rank < best.rank) continue
    const isNewer =
      one.version !== undefined &&
      (best.version === undefined || compareReleases(one.version, best.version) > 0)
    if (one.rank > best.rank || isNewer) best = one
  }
  return best?.release
}
