import type { BigIntStats } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Digests } from '../disk/digest.ts'
import { hasCode } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import type { Directory } from '../disk/list.ts'
import type { OpenFiles } from '../disk/open-files.ts'
import { ShortFileError } from '../disk/read.ts'
import type { Resource } from '../disk/resource.ts'
import { identityOf, linkStatsOf } from '../disk/stamp.ts'
import { inDirectory, uniqueName } from '../disk/write.ts'
import { Flight } from '../flight.ts'
import type { Log } from '../log.ts'
import { extensionOf, projectsOf, type Filename } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { localPath } from '../spec/public-path.ts'
import type { CoreMetadata } from './core-metadata.ts'
import type { Fact, Facts } from './facts.ts'
import { isComplete } from './archives.ts'

/** A file that a person put into the directory, whole and hashed. */
export interface Dropped {
  readonly path: string
  readonly file: File
  readonly sha256: string
}

/** A file that was fetched from an upstream and is held. */
export interface Mirrored {
  readonly path: string
  readonly fact: Fact
}

/** What lies in the directory of one project. */
export interface Local {
  /** Changes whenever anything here does. */
  readonly revision: string
  readonly mirrored: ReadonlyMap<Filename, Mirrored>
  readonly dropped: ReadonlyMap<Filename, Dropped>
  /** How many dropped files are not listed yet, since they may still be being copied. */
  readonly unfinished: number
}

/** So many dropped files are looked at one by one for each request; more of them when their directory changes. */
const watched = 64

/** So many of them are looked at at a time, since each look opens a file. */
const abreast = 16

interface Sorted {
  readonly mirrored: ReadonlyMap<Filename, Mirrored>
  readonly others: ReadonlyMap<Filename, string>
}

/**
 * The distributions lying in the directory: those with a fact were mirrored, the others dropped by
 * a person. Dropped files are served once they are whole, and hashed once.
 */
export class Folder {
  readonly #layout: Layout
  readonly #directory: Directory
  readonly #facts: Facts
  readonly #digests: Digests
  readonly #metadata: CoreMetadata
  readonly #files: OpenFiles
  readonly #log: Log
  /** Seconds for which a file whose wholeness cannot be seen from its content may still be growing. */
  readonly #settle: number
  readonly #sorted = new LRUCache<Name, { stamp: string; sorted: Sorted }>({ max: 2000 })
  readonly #moving = new Flight<void>()
  readonly #refused = new LRUCache<string, string>({ max: 1000 })
  readonly #looked = new LRUCache<string, { identity: string; dropped: Dropped }>({ max: 20_000 })

  constructor(parts: {
    layout: Layout
    directory: Directory
    facts: Facts
    digests: Digests
    metadata: CoreMetadata
    files: OpenFiles
    log: Log
    settle: number
  }) {
    this.#layout = parts.layout
    this.#directory = parts.directory
    this.#facts = parts.facts
    this.#digests = parts.digests
    this.#metadata = parts.metadata
    this.#files = parts.files
    this.#log = parts.log
    this.#settle = parts.settle
  }

  /** Every project that may have files here. */
  names(): Promise<ReadonlySet<Name>> {
    return this.#directory.names()
  }

  /** True when a project has a file here that is or soon will be listed. Unlike `of` this hashes nothing. */
  async has(name: Name): Promise<boolean> {
    const { files } = await this.#directory.of(name)
    for (const [filename, path] of files) {
      const told = projectsOf(filename).includes(name)
      if (!told && !(await this.#facts.of(name)).facts.has(filename)) continue
      if ((linkStatsOf(path)?.size ?? 0n) > 0n) return true
    }
    return false
  }

  /** Everything local of a project. */
  async of(name: Name): Promise<Local> {
    const [listed, known] = await Promise.all([this.#directory.of(name), this.#facts.of(name)])
    const stamp = `${listed.stamp}|${known.stamp}`
    const held = this.#sorted.get(name)
    const sorted =
      held?.stamp === stamp ? held.sorted : await this.#sort(name, listed.files, known.facts)
    const dropped = new Map<Filename, Dropped>()
    const states: string[] = []
    const again = held?.stamp !== stamp || sorted.others.size <= watched
    await each(sorted.others, async ([filename, path]) => {
      const remembered = again ? undefined : this.#looked.get(path)
      const found = remembered?.dropped ?? (await this.#look(name, filename, path))
      if (found === undefined) return
      dropped.set(filename, found)
      states.push(`${filename}=${found.sha256.slice(0, 12)}`)
    })
    // Only now, since whoever else asked meanwhile had to look at each of them too.
    if (held?.stamp !== stamp) this.#sorted.set(name, { stamp, sorted })
    const revision = states.length === 0 ? stamp : `${stamp}|${states.toSorted().join()}`
    const unfinished = sorted.others.size - dropped.size
    return { revision, mirrored: sorted.mirrored, dropped, unfinished }
  }

  async #sort(
    name: Name,
    files: ReadonlyMap<Filename, string>,
    facts: ReadonlyMap<Filename, Fact>,
  ): Promise<Sorted> {
    const mirrored = new Map<Filename, Mirrored>()
    const others = new Map<Filename, string>()
    for (const [filename, path] of files) {
      const fact = facts.get(filename)
      if (fact !== undefined && path === this.#layout.file(name, filename)) {
        const stats = linkStatsOf(path)
        if (stats === undefined) continue
        if (Number(stats.size) === fact.size) {
          mirrored.set(filename, { path, fact })
          continue
        }
        // Not the file that we published: put there by hand, if it is one at all, else damaged.
        const complete = await unlessChanged(isComplete(path, filename))
        if (complete === undefined) continue
        if (!complete) {
          await this.#setAside(path, filename, stats, `has ${stats.size} of ${fact.size} bytes`)
          continue
        }
      }
      if (projectsOf(filename).includes(name)) others.set(filename, path)
    }
    return { mirrored, others }
  }

  /** A dropped file, if it is whole. */
  async #look(name: Name, filename: Filename, path: string): Promise<Dropped | undefined> {
    const stats = linkStatsOf(path)
    if (stats === undefined || !stats.isFile() || stats.size === 0n) return undefined
    const identity = identityOf(stats)
    const known = this.#looked.get(path)
    if (known?.identity === identity) return known.dropped
    const sha256 = await this.#digestOfWhole(name, filename, path, stats)
    if (sha256 === undefined) return undefined
    const now = linkStatsOf(path)
    if (now === undefined || identityOf(now) !== identity) return undefined
    const told = await this.#metadata.ofDropped(name, filename, path, Number(stats.size), sha256)
    const file: File = {
      filename,
      url: localPath(name, filename),
      hashes: { sha256 },
      size: Number(stats.size),
      'upload-time': uploadTime(stats.mtime),
      ...(told.requiresPython !== undefined && { 'requires-python': told.requiresPython }),
      ...(told.metadata !== undefined && { 'core-metadata': { sha256: told.metadata } }),
    }
    const dropped: Dropped = { path, file, sha256 }
    this.#looked.set(path, { identity, dropped })
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

  /** The bytes of a dropped file. */
  async openDropped(dropped: Dropped): Promise<Resource | undefined> {
    const stats = linkStatsOf(dropped.path)
    if (stats === undefined) return undefined
    if (this.#looked.get(dropped.path)?.identity !== identityOf(stats)) {
      this.#looked.delete(dropped.path)
      return undefined
    }
    return this.#files.get(dropped.path, stats, `"${dropped.sha256}"`)
  }

  /**
   * The bytes of a mirrored file, once they are known to be those that were published: a file in
   * another state than when it was hashed last is hashed again. A damaged one is set aside, and
   * absent from then on.
   */
  async openMirrored(
    name: Name,
    filename: Filename,
    { path, fact }: Mirrored,
  ): Promise<Resource | undefined> {
    const stats = linkStatsOf(path)
    if (stats === undefined || !stats.isFile()) return undefined
    const sha256 =
      Number(stats.size) === fact.size ?
        await unlessChanged(this.#digests.of(name, filename, path, stats))
      : undefined
    if (sha256 === fact.sha256) {
      await this.#facts.used(name, filename)
      // The same moment before and after it is cached, where upstream tells it (PY-28).
      const uploaded = fact.file['upload-time']
      const modified = uploaded === undefined ? stats.mtime : new Date(uploaded)
      return this.#files.get(path, stats, `"${sha256}"`, modified)
    }
    await this.#setAside(path, filename, stats, 'is not what was published')
    return undefined
  }

  async #setAside(
    path: string,
    filename: Filename,
    stats: BigIntStats,
    reason: string,
  ): Promise<void> {
    // Another request or process may have put a good one there by now.
    const now = linkStatsOf(path)
    if (now === undefined || identityOf(now) !== identityOf(stats)) return
    // Once for all who noticed: a second rename could take away what was fetched after the first.
    await this.#moving.run(path, async () => {
      this.#log.warn('cached file is damaged, set aside to be fetched again', {
        file: filename,
        reason,
      })
      const { damaged } = this.#layout
      const aside = join(damaged, `${uniqueName()}-${filename.slice(0, 150)}`)
      await inDirectory(damaged, () => rename(path, aside)).catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return
        this.#log.error('damaged file cannot be moved', { file: filename, reason: String(error) })
      })
    })
  }
}

const each = async <T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> => {
  const rest = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: abreast }, worker))
}

// What went away or became shorter while it was read is not there.
const unlessChanged = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((error: unknown) => {
    if (error instanceof ShortFileError || hasCode(error, 'ENOENT', 'ELOOP')) return undefined
    throw error
  })

const uploadTime = (time: Date): string => `${time.toISOString().slice(0, -1)}000Z`
