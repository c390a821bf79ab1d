import type { BigIntStats } from 'node:fs'
import type { Digests } from '../disk/digest.ts'
import type { Layout } from '../disk/layout.ts'
import type { Directory } from '../disk/list.ts'
import type { OpenFiles } from '../disk/open-files.ts'
import type { Resource } from '../disk/resource.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import type { Log } from '../log.ts'
import { projectsOf, type Filename } from '../spec/filename.ts'
import { matches } from '../spec/pattern.ts'
import { placesOf } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import type { CoreMetadata } from './core-metadata.ts'
import { Damaged } from './damaged.ts'
import { DroppedFiles } from './dropped-files.ts'
import type { Facts } from './facts.ts'
import type { Dropped, Local, Published } from './local.ts'
import { Moments } from './moments.ts'
import { Pushes } from './pushes.ts'
import { Sorting, type Sorted } from './sorting.ts'
import { unlessChanged } from './unless-changed.ts'

/** So many dropped files are looked at one by one for each request; more of them when their directory changes. */
const watched = 64

/** So many of them are looked at at a time, since each look opens a file. */
const abreast = 16

/** How often a file is looked at again that changes while it is opened. */
const attempts = 20

/**
 * The distributions lying in the directory: those with a fact were mirrored or uploaded, the others
 * dropped by a person.
 */
export class Folder {
  readonly #directory: Directory
  readonly #facts: Facts
  readonly #digests: Digests
  readonly #files: OpenFiles
  readonly #log: Log
  readonly #mutable: readonly string[]
  readonly #damaged: Damaged
  readonly #pushes: Pushes
  readonly #moments: Moments
  readonly #droppedFiles: DroppedFiles

  /** `settle`: seconds for which a dropped file that does not show whether it is whole may be growing. */
  constructor(parts: {
    layout: Layout
    directory: Directory
    facts: Facts
    digests: Digests
    metadata: CoreMetadata
    files: OpenFiles
    log: Log
    settle: number
    mutable: readonly string[]
  }) {
    const { layout, digests, log } = parts
    this.#directory = parts.directory
    this.#facts = parts.facts
    this.#digests = digests
    this.#files = parts.files
    this.#log = log
    this.#mutable = parts.mutable
    this.#damaged = new Damaged(layout, log)
    this.#pushes = new Pushes(layout, log)
    const sorting = new Sorting(layout, digests, this.#damaged)
    this.#moments = new Moments({ ...parts, pushes: this.#pushes, sorting })
    this.#droppedFiles = new DroppedFiles({ ...parts, places: placesOf(layout.index) })
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
      if (!told && !(await this.#isPublished(name, filename))) continue
      if ((linkStatsOf(path)?.size ?? 0n) > 0n) return this.#isThere(name)
    }
    return false
  }

  // What is just being pushed lies here, and is not there yet.
  async #isThere(name: Name): Promise<boolean> {
    if (!(await this.#pushes.projects()).has(name)) return true
    const { uploaded, mirrored, dropped, unfinished } = await this.of(name)
    return uploaded.size + mirrored.size + dropped.size + unfinished > 0
  }

  async #isPublished(name: Name, filename: Filename): Promise<boolean> {
    const { mirrored, uploaded } = await this.#facts.of(name)
    return mirrored.has(filename) || uploaded.has(filename)
  }

  /** Everything local of a project. */
  async of(name: Name): Promise<Local> {
    const moment = await this.#moments.of(name)
    const { stamp, isKnown, facts, sorted } = moment
    const { mirrored, uploaded, others } = sorted
    const again = !isKnown || others.size <= watched
    const { dropped, hidden } = await this.#look(name, others, facts.deleted, again)
    // Only now, since whoever else asked meanwhile had to look at each of them too.
    this.#moments.keep(name, moment)
    const states = [...dropped].map(
      ([filename, { sha256 }]) => `${filename}=${sha256.slice(0, 12)}`,
    )
    return {
      revision: states.length === 0 ? stamp : `${stamp}|${states.toSorted().join()}`,
      mirrored,
      uploaded,
      dropped,
      deleted: facts.deleted,
      claimed: facts.claimed,
      unfinished: others.size - dropped.size - hidden,
    }
  }

  /** The dropped files that are whole, and how many of them were deleted but still lie there. */
  async #look(
    name: Name,
    others: Sorted['others'],
    deleted: Local['deleted'],
    again: boolean,
  ): Promise<{ dropped: Map<Filename, Dropped>; hidden: number }> {
    const dropped = new Map<Filename, Dropped>()
    let hidden = 0
    await each(others, async ([filename, path]) => {
      const remembered = again ? undefined : this.#droppedFiles.remembered(path, filename)
      const found = remembered ?? (await this.#droppedFiles.look(name, filename, path))
      if (found === undefined) return
      if (found.sha256 === deleted.get(filename)?.sha256) hidden += 1
      else dropped.set(filename, found)
    })
    return { dropped, hidden }
  }

  /** True while a dropped file is as it was listed. */
  isUnchanged(dropped: Dropped): boolean {
    return this.#droppedFiles.unchanged(dropped) !== undefined
  }

  /** The bytes of a dropped file. */
  async openDropped(dropped: Dropped): Promise<Resource | undefined> {
    const stats = this.#droppedFiles.unchanged(dropped)
    return stats === undefined ? undefined : (
        this.#files.get(dropped.path, stats, `"${dropped.sha256}"`)
      )
  }

  /**
   * The bytes of a mirrored or uploaded file, once they are known to be those that were published: a
   * file in another state than when it was hashed last is hashed again. A damaged mirrored one is
   * set aside and absent from then on; what lies in place of an uploaded one counts as dropped.
   */
  async openPublished(
    name: Name,
    filename: Filename,
    published: Published,
  ): Promise<Resource | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const stats = await this.#verified(name, filename, published)
      const resource = stats && (await this.#open(name, published, stats))
      // A push that links to it changes its state between two looks, and none of its bytes.
      if (resource !== undefined || stats === undefined || attempt === attempts) return resource
    }
  }

  /** True when a mirrored or uploaded file could be opened, which is spared here; as `openPublished`. */
  async isWhole(name: Name, filename: Filename, published: Published): Promise<boolean> {
    return (await this.#verified(name, filename, published)) !== undefined
  }

  /** The state in which it has the bytes that were published. */
  async #verified(
    name: Name,
    filename: Filename,
    { path, fact }: Published,
  ): Promise<BigIntStats | undefined> {
    const stats = linkStatsOf(path)
    if (stats === undefined || !stats.isFile()) return undefined
    const sha256 =
      Number(stats.size) === fact.size ?
        await unlessChanged(this.#digests.of(name, filename, path, stats))
      : undefined
    if (sha256 === fact.sha256) return stats
    if (fact.kind === 'mirrored')
      await this.#damaged.setAside(path, filename, stats, 'is not what was published')
    else this.#disbelieve(name, filename)
    return undefined
  }

  async #open(
    name: Name,
    { path, fact }: Published,
    stats: BigIntStats,
  ): Promise<Resource | undefined> {
    await this.#facts.used(name, fact)
    // The same moment before and after it is cached, where upstream tells it (PY-28).
    const uploaded = fact.file['upload-time']
    const modified = uploaded === undefined ? stats.mtime : new Date(uploaded)
    return this.#files.get(path, stats, `"${fact.sha256}"`, modified, this.isLasting(name, fact))
  }

  /** True for an uploaded file that nobody may replace, so that clients may keep it for ever. */
  isLasting(name: Name, fact: Published['fact']): boolean {
    return fact.kind === 'uploaded' && !fact.mayChange && !this.isMutable(name)
  }

  /** True for projects whose uploaded files may be replaced, by the settings. */
  isMutable(name: Name): boolean {
    return this.#mutable.some(pattern => matches(pattern, name))
  }

  // Its digest is remembered now, so it is sorted in with the dropped files at the next look.
  #disbelieve(name: Name, filename: Filename): void {
    this.#log.warn('a file is not what was uploaded, it was replaced by hand or is damaged', {
      project: name,
      file: filename,
    })
    this.#moments.forget(name)
  }
}

const each = async <T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> => {
  const rest = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: abreast }, worker))
}
