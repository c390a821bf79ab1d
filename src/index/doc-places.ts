import type { BigIntStats } from 'node:fs'
import { bounded } from '../bounded.ts'
import { sha256Of, type Digests } from '../disk/digest.ts'
import { namesIn } from '../disk/entries.ts'
import type { Layout } from '../disk/layout.ts'
import { isSettled, linkStatsOf, stampOf, statsOf } from '../disk/stamp.ts'
import { docFilename, documentedVersion, type DocFilename } from '../spec/doc-filename.ts'
import { newestFirst } from '../spec/newest-first.ts'
import type { Name } from '../spec/project-name.ts'
import { releaseVersion, type ReleaseVersion } from '../spec/release-version.ts'
import { unlessChanged } from './unless-changed.ts'

/** Where the documentation of a release lies, or would. */
export interface DocPlace {
  readonly name: Name
  readonly version: ReleaseVersion
  readonly filename: DocFilename
  readonly path: string
}

/** What lies there now. */
export interface LyingDocs extends DocPlace {
  readonly stats: BigIntStats
  readonly sha256: string
}

/** The archives of documentation that lie beside the files of one index. */
export class DocPlaces {
  readonly #layout: Layout
  readonly #digests: Digests
  readonly #listed = bounded<Name, { stamp: string; versions: readonly ReleaseVersion[] }>(2000)

  constructor(layout: Layout, digests: Digests) {
    this.#layout = layout
    this.#digests = digests
  }

  /** The place of a release's documentation; undefined when its version, or both names together, cannot be a file's. */
  of(name: Name, text: string): DocPlace | undefined {
    const version = releaseVersion(text)
    const filename = version && docFilename(name, version)
    if (version === undefined || filename === undefined) return undefined
    return { name, version, filename, path: this.#layout.docs(name, filename) }
  }

  /** What lies at a place; undefined when nothing does, or no plain file. */
  async look(place: DocPlace): Promise<LyingDocs | undefined> {
    const { name, filename, path } = place
    const stats = linkStatsOf(path)
    if (stats === undefined || !stats.isFile()) return undefined
    const sha256 = await unlessChanged(this.#digests.of(name, filename, path, stats))
    return sha256 === undefined ? undefined : { ...place, stats, sha256 }
  }

  /** Spares the next look the hashing, when the file of known bytes lies there that was in this state before. */
  async remember(
    { name, filename, path }: DocPlace,
    sha256: string,
    before: BigIntStats | undefined,
  ): Promise<void> {
    const stats = linkStatsOf(path)
    if (stats !== undefined && isSameFile(stats, before))
      await this.#digests.remember(name, filename, stats, sha256)
  }

  /** The releases of a project whose documentation lies here, from the newest to the oldest. */
  async versions(name: Name): Promise<readonly ReleaseVersion[]> {
    const directory = this.#layout.project(name)
    const stats = statsOf(directory)
    if (stats === undefined) return []
    const stamp = stampOf(stats)
    const known = this.#listed.get(name)
    if (known?.stamp === stamp) return known.versions
    const begun = Date.now()
    const entries = await namesIn(directory, stats)
    const versions = newestFirst(entries.flatMap(entry => documentedVersion(name, entry) ?? []))
    if (isSettled(stats, begun)) this.#listed.set(name, { stamp, versions })
    else this.#listed.delete(name)
    return versions
  }
}

/** True when two looks saw one file with the same bytes, under whatever names. */
export const isSameFile = (one: BigIntStats | undefined, two: BigIntStats | undefined): boolean =>
  one !== undefined && one.ino === two?.ino && one.size === two.size && one.mtimeNs === two.mtimeNs

/** The sha256 of another link of what lay there, even if another archive was put there in between. */
export const digestOfLink = async (path: string, lying: LyingDocs): Promise<string> => {
  const stats = linkStatsOf(path)
  return isSameFile(stats, lying.stats) ? lying.sha256 : sha256Of(path, Number(stats?.size ?? 0))
}
