/**
 * Uploads become files (fault P17). The fact is written first, named after the digest of the bytes:
 * it means nothing until they have their name. Then the file gets its name by `link`, by which of
 * several writers exactly one wins. So at each moment a file is wholly there with all that is known
 * of it, or wholly absent. A lock is taken only where something under that name has to give way.
 */
import type { Digests } from '../disk/digest.ts'
import { Wave } from '../disk/durable.ts'
import { readObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import type { Directory } from '../disk/list.ts'
import { discard } from '../disk/write.ts'
import type { Log } from '../log.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import type { Arrival } from './arrival.ts'
import { Arrivals, type Along } from './arrivals.ts'
import { Contention } from './contention.ts'
import type { CoreMetadata } from './core-metadata.ts'
import { exclusively } from './exclusively.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import { Publication } from './publication.ts'
import { Pushes } from './pushes.ts'
import { Gone } from './gone.ts'
import { Removals } from './removals.ts'
import { Retractions } from './retractions.ts'
import type { Selection } from './selection.ts'
import type { Outcome, Upload } from './upload.ts'

// What its callers speak of.
export type { Selection } from './selection.ts'
export type { Outcome, Upload } from './upload.ts'

/** Takes uploads into the directory and changes what was uploaded, in one process of many. */
export class Stage {
  readonly #layout: Layout
  readonly #folder: Folder
  readonly #publication: Publication
  readonly #contention: Contention
  readonly #retractions: Retractions
  readonly #removals: Removals
  readonly #arrivals: Arrivals
  readonly #gone: Gone
  readonly #log: Log

  /** `isVolatile`: what is deleted is not kept, and its name is free again. */
  constructor(parts: {
    layout: Layout
    directory: Directory
    folder: Folder
    facts: Facts
    digests: Digests
    metadata: CoreMetadata
    log: Log
    isVolatile?: boolean
  }) {
    const { isVolatile = false } = parts
    this.#layout = parts.layout
    this.#folder = parts.folder
    this.#gone = new Gone(parts.layout)
    this.#publication = new Publication({ ...parts, gone: this.#gone })
    const pushes = new Pushes(parts.layout, parts.log)
    const publication = this.#publication
    this.#contention = new Contention({ ...parts, publication, pushes })
    this.#arrivals = new Arrivals({ ...parts, publication, pushes, isVolatile })
    this.#retractions = new Retractions(parts)
    this.#removals = new Removals({ ...parts, isVolatile, gone: this.#gone })
    this.#log = parts.log
  }

  /**
   * Publishes a file. When this returns it is seen by every process with its next look.
   * @param wave when this is synced it is durable; unless given, it is when this returns
   * @throws {ConflictError} when other bytes have the name, or had it until they were deleted
   */
  async put(upload: Upload, wave?: Wave): Promise<Outcome> {
    const { name, filename, by } = upload
    try {
      const outcome =
        (await this.#putNew(upload, wave)) ??
        (await exclusively(this.#layout, name, filename, () => this.#contention.put(upload)))
      this.#log.info('upload', { project: name, file: filename, by, outcome })
      return outcome
    } finally {
      await discard(upload.path)
    }
  }

  /** Nothing has the name yet, as nearly always; undefined when something has. */
  async #putNew(upload: Upload, given?: Wave): Promise<Outcome | undefined> {
    if (await this.#contention.isTaken(upload.name, upload.filename)) return undefined
    const wave = given ?? new Wave()
    await this.#publication.record(upload, wave)
    if (!(await this.#publication.link(upload, wave))) return undefined
    if (given === undefined) await wave.sync()
    return 'stored'
  }

  /**
   * Takes a release of another index, all of its files at one moment. Durable when this returns.
   * @throws {HttpError} 409 when a name is taken, and nothing has changed
   */
  async take<T>(arrival: Arrival, along: Along<T>): Promise<T> {
    const { name, version, source, by } = arrival
    const brought = await this.#arrivals.take(arrival, along)
    this.#log.info('push', { project: name, version, from: source.index, by })
    return brought
  }

  /** The attestations that came with an uploaded file (PEP 740); undefined when there are none. */
  async attestations(name: Name, filename: Filename): Promise<readonly unknown[] | undefined> {
    const fact = (await this.#folder.of(name)).uploaded.get(filename)?.fact
    if (fact?.isAttested !== true) return undefined
    const record = await readObject(this.#layout.attestations(name, filename, fact.sha256))
    const kept = record?.['attestations']
    return Array.isArray(kept) ? kept : undefined
  }

  /**
   * Marks uploaded files as yanked (PEP 592): installers take them only when nothing else will do.
   * @returns the files, whether or not they were yanked before
   * @throws {HttpError} 404 when there are none, 403 when they were not uploaded
   */
  yank(
    name: Name,
    selection: Selection,
    reason: string | true,
    by: string | undefined,
  ): Promise<Filename[]> {
    return this.#retractions.yank(name, selection, reason, by)
  }

  /** Takes that back. As `yank`. */
  unyank(name: Name, selection: Selection, by: string | undefined): Promise<Filename[]> {
    return this.#retractions.unyank(name, selection, by)
  }

  /**
   * Deletes uploaded and dropped files: they are neither listed nor served, their names stay
   * reserved (UP-38), and their bytes are kept until they are restored. On a volatile index their
   * bytes are freed, and so are their names.
   * @returns the files
   * @throws {HttpError} 404 when there are none, 403 when they are only mirrored
   */
  remove(name: Name, selection: Selection, by: string | undefined): Promise<Filename[]> {
    return this.#removals.remove(name, selection, by)
  }

  /**
   * Removes a project with everything that is known of it: its files, releases, documentation, test
   * results, and that its name is private. Who asks for one of its files is told that it is gone.
   * @returns false when there was nothing
   */
  erase(name: Name, by: string | undefined): Promise<boolean> {
    return this.#removals.erase(name, by)
  }

  /**
   * True when a file was here that was deleted or replaced by other bytes; what is here now is not
   * looked at.
   * @param digest the digits of its sha256 that its URL tells, at least 16
   */
  isGone(name: Name, filename: Filename, digest: string): Promise<boolean> {
    return this.#gone.has(name, filename, digest)
  }

  /**
   * Brings deleted files back as they were, the moment of their upload included.
   * @returns the files
   * @throws {HttpError} 404 when nothing of that was deleted, 409 when another file has the name now
   */
  restore(name: Name, selection: Selection, by: string | undefined): Promise<Filename[]> {
    return this.#retractions.restore(name, selection, by)
  }
}
