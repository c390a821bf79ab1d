import type { BigIntStats } from 'node:fs'
import { bounded } from '../bounded.ts'
import type { Digests } from '../disk/digest.ts'
import { hasCode } from '../disk/error-code.ts'
import { identityOf, linkStatsOf } from '../disk/stamp.ts'
import type { Log } from '../log.ts'
import { extensionOf, type Filename } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Places } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import { isComplete } from './archives.ts'
import type { CoreMetadata } from './core-metadata.ts'
import type { Dropped } from './local.ts'
import { unlessChanged } from './unless-changed.ts'

// Links make one file lie under several names, of several projects.
const placeOf = (path: string, filename: string): string => `${filename}/${path}`

/** Looks at the files that people put there: they are listed once they are whole, and hashed once. */
export class DroppedFiles {
  readonly #digests: Digests
  readonly #metadata: CoreMetadata
  readonly #log: Log
  readonly #settle: number
  readonly #places: Places
  readonly #refused = bounded<string, string>(1000)
  readonly #looked = bounded<string, { identity: string; dropped: Dropped }>(20_000)

  /** `settle`: seconds for which a file whose wholeness cannot be seen from its content may still be growing. */
  constructor(parts: {
    digests: Digests
    metadata: CoreMetadata
    log: Log
    settle: number
    places: Places
  }) {
    this.#digests = parts.digests
    this.#metadata = parts.metadata
    this.#log = parts.log
    this.#settle = parts.settle
    this.#places = parts.places
  }

  /** What was seen at a path at the last look, under one of its names. */
  remembered(path: string, filename: Filename): Dropped | undefined {
    return this.#looked.get(placeOf(path, filename))?.dropped
  }

  /** The state of a dropped file, if it still is as it was listed. */
  unchanged({ path, file }: Dropped): BigIntStats | undefined {
    const stats = linkStatsOf(path)
    if (stats === undefined) return undefined
    const place = placeOf(path, file.filename)
    if (this.#looked.get(place)?.identity === identityOf(stats)) return stats
    this.#looked.delete(place)
    return undefined
  }

  /** A dropped file, if it is whole. */
  async look(name: Name, filename: Filename, path: string): Promise<Dropped | undefined> {
    const stats = linkStatsOf(path)
    if (stats === undefined || !stats.isFile() || stats.size === 0n) return undefined
    const identity = identityOf(stats)
    const place = placeOf(path, filename)
    const known = this.#looked.get(place)
    if (known?.identity === identity) return known.dropped
    const sha256 = await this.#digestOfWhole(name, filename, path, stats)
    if (sha256 === undefined) return undefined
    const now = linkStatsOf(path)
    if (now === undefined || identityOf(now) !== identity) return undefined
    const told = await this.#metadata.ofDropped(name, filename, path, Number(stats.size), sha256)
    const file: File = {
      filename,
      url: this.#places.own(name, filename, sha256),
      hashes: { sha256 },
      size: Number(stats.size),
      'upload-time': uploadTime(stats.mtime),
      ...(told.requiresPython !== undefined && { 'requires-python': told.requiresPython }),
      ...(told.metadata !== undefined && { 'core-metadata': { sha256: told.metadata } }),
    }
    const dropped: Dropped = { path, file, sha256 }
    this.#looked.set(place, { identity, dropped })
    return dropped
  }

  /** The hash of a dropped file; undefined when it is not whole, has changed meanwhile or may not be read. */
  async #digestOfWhole(
    name: Name,
    filename: Filename,
    path: string,
    stats: BigIntStats,
  ): Promise<string | undefined> {
    try {
      if ((await unlessChanged(this.#isWhole(name, filename, path, stats))) !== true)
        return undefined
      return await unlessChanged(this.#digests.of(name, filename, path, stats))
    } catch (error) {
      if (!hasCode(error, 'EACCES', 'EPERM')) throw error
      if (this.#refused.get(path) !== identityOf(stats))
        this.#log.warn('dropped file is not listed: the server may not read it', { file: path })
      this.#refused.set(path, identityOf(stats))
      return undefined
    }
  }

  // Wheels, zips and gzipped tars tell by their end whether they are whole; the rest by their rest.
  async #isWhole(
    name: Name,
    filename: Filename,
    path: string,
    stats: BigIntStats,
  ): Promise<boolean> {
    if (await this.#digests.knows(name, filename, stats)) return true
    const extension = extensionOf(filename)?.toLowerCase() ?? ''
    const tells = ['.whl', '.zip', '.egg', '.tar.gz', '.tgz'].includes(extension)
    if (!tells && Date.now() - Number(stats.mtimeMs) < this.#settle * 1000) return false
    return isComplete(path, filename)
  }
}

/** A moment as the simple API tells it (PEP 700): six digits of a second. */
export const uploadTime = (time: Date): string => `${time.toISOString().slice(0, -1)}000Z`
