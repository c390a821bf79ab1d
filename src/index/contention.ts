import type { BigIntStats } from 'node:fs'
import type { Digests } from '../disk/digest.ts'
import { Wave } from '../disk/durable.ts'
import type { Layout } from '../disk/layout.ts'
import type { Directory } from '../disk/list.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard } from '../disk/write.ts'
import { HttpError } from '../http/error.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import type { History } from './log-entry.ts'
import type { Publication } from './publication.ts'
import type { Pushes } from './pushes.ts'
import { unlessChanged } from './unless-changed.ts'
import { ConflictError, type Outcome, type Upload } from './upload.ts'

/** What lies under the name that an upload wants. */
interface Occupant {
  readonly path: string
  readonly stats: BigIntStats
  readonly sha256: string
  readonly origin: 'uploaded' | 'mirrored' | 'dropped'
  /** How it came here; undefined for what only stood in for upstream's. */
  readonly log: History | undefined
}

/** How often a name is looked at again that changes hands meanwhile. */
const attempts = 5

/** Decides what becomes of an upload whose name something has, or had until it was deleted. */
export class Contention {
  readonly #layout: Layout
  readonly #directory: Directory
  readonly #folder: Folder
  readonly #facts: Facts
  readonly #digests: Digests
  readonly #publication: Publication
  readonly #pushes: Pushes

  constructor(parts: {
    layout: Layout
    directory: Directory
    folder: Folder
    facts: Facts
    digests: Digests
    publication: Publication
    pushes: Pushes
  }) {
    this.#layout = parts.layout
    this.#directory = parts.directory
    this.#folder = parts.folder
    this.#facts = parts.facts
    this.#digests = parts.digests
    this.#publication = parts.publication
    this.#pushes = parts.pushes
  }

  /** True when something has the name, or had it until it was deleted. */
  async isTaken(name: Name, filename: Filename): Promise<boolean> {
    if ((await this.#facts.tombstone(name, filename)) !== undefined) return true
    return this.#directory.has(name, filename)
  }

  /**
   * Publishes the upload if what has the name is the same, gives way or may be replaced. Only while
   * nobody else changes what has the name.
   * @throws {ConflictError} otherwise
   */
  async put(upload: Upload): Promise<Outcome> {
    const { name, filename } = upload
    try {
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        await this.#pushes.settled(name, filename)
        const there = await this.#occupant(name, filename)
        const outcome =
          there === undefined ? await this.#putAgain(upload)
          : there.sha256 === upload.sha256 ? await this.#adopt(upload, there)
          : await this.#supersede(upload, there)
        if (outcome !== undefined) return outcome
      }
    } catch (error) {
      if (error instanceof ConflictError) await this.#publication.withdraw(upload)
      throw error
    }
    throw new HttpError(503, `${filename} is being changed by somebody else: try again later`)
  }

  async #occupant(name: Name, filename: Filename): Promise<Occupant | undefined> {
    const home = this.#layout.file(name, filename)
    const path = (await this.#directory.of(name)).files.get(filename) ?? home
    const stats = linkStatsOf(path)
    if (stats === undefined) return undefined
    if (!stats.isFile())
      throw new ConflictError(`${filename} is no plain file in the directory: remove it there`)
    const sha256 = await unlessChanged(this.#digests.of(name, filename, path, stats))
    if (sha256 === undefined) return undefined
    const { uploaded, mirrored } = await this.#facts.of(name)
    const upload = uploaded.get(filename)?.find(fact => fact.sha256 === sha256)
    const there = { path, stats, sha256 }
    if (path !== home) return { ...there, origin: 'dropped', log: [] }
    if (upload !== undefined) return { ...there, origin: 'uploaded', log: upload.log }
    if (mirrored.get(filename)?.sha256 === sha256)
      return { ...there, origin: 'mirrored', log: undefined }
    return { ...there, origin: 'dropped', log: [] }
  }

  /** The name is free, or reserved by what was deleted; the same bytes bring that back. */
  async #putAgain(upload: Upload): Promise<Outcome | undefined> {
    const { name, filename, sha256 } = upload
    const tombstone = await this.#facts.tombstone(name, filename)
    const isBack = tombstone?.sha256 === sha256
    if (tombstone !== undefined && !isBack && !this.#mayReplace(upload))
      throw new ConflictError(
        `${filename} was deleted on ${tombstone.at.slice(0, 10)} and had other bytes, sha256 ${tombstone.sha256}: publish another version, or bring it back by "proxypypi restore ${filename}"`,
      )
    const known = isBack ? await this.#facts.uploaded(name, filename, sha256) : undefined
    const wave = new Wave()
    if (known === undefined) await this.#publication.record(upload, wave)
    if (!(await this.#publication.link(upload, wave))) return undefined
    await wave.sync()
    if (tombstone !== undefined) await this.#facts.remove(name, tombstone)
    if (isBack) await discard(this.#layout.deleted(name, filename, sha256))
    return 'stored'
  }

  /** These very bytes are there: they become an uploaded file, if they are not one. */
  async #adopt(upload: Upload, there: Occupant): Promise<Outcome | undefined> {
    const { name, filename, sha256 } = upload
    const home = this.#layout.file(name, filename)
    // A link of that name leads to it: a person's, and left alone.
    if (there.path !== home && linkStatsOf(home) !== undefined) return 'same'
    const known = await this.#facts.uploaded(name, filename, sha256)
    const wave = new Wave()
    if (known === undefined)
      await this.#publication.record(upload, wave, undefined, there.stats.mtime)
    if (there.path === home) await this.#publication.claim(upload)
    else if (!(await this.#publication.link(upload, wave))) return undefined
    // Who has put it there by hand did not.
    wave.add(this.#layout.facts(name), this.#layout.project(name))
    await wave.sync()
    const tombstone = await this.#facts.tombstone(name, filename)
    if (tombstone?.sha256 !== sha256) return 'same'
    await this.#facts.remove(name, tombstone)
    return 'stored'
  }

  /** Other bytes are there: they give way if they are but a copy of upstream's, or may be replaced. */
  async #supersede(upload: Upload, there: Occupant): Promise<Outcome | undefined> {
    const { name, filename } = upload
    if (there.origin !== 'mirrored' && !this.#mayReplace(upload))
      throw new ConflictError(
        `${filename} is here with other bytes, sha256 ${there.sha256}: publish another version`,
      )
    const wave = new Wave()
    await this.#publication.record(upload, wave, there.log)
    if (there.path === this.#layout.file(name, filename))
      await this.#publication.replace(upload, wave)
    else if (!(await this.#publication.link(upload, wave))) return undefined
    await wave.sync()
    await this.#publication.forgetOthers(upload)
    return there.origin === 'mirrored' ? 'stored' : 'replaced'
  }

  #mayReplace({ name, replace }: Upload): boolean {
    return replace === true || this.#folder.isMutable(name)
  }
}
