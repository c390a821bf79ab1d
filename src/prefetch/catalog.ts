import type { Index, Kept, Source } from '../index/index.ts'
import { readCoreMetadata } from '../spec/core-metadata.ts'
import { isWheel, type Filename } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { Editions } from './editions.ts'
import { readSdist } from './sdist.ts'
import type { Slots } from './slots.ts'
import { UnreadableError, type Told } from './told.ts'

/** More projects than any closure has, and more candidates than anybody waits for. */
const mostProjects = 10_000
const mostTold = 50_000

/** No project uses more; a larger one is no core metadata. */
const largest = 16 * 1024 * 1024

/**
 * What an index says of projects and files, asked once for each and then remembered: one moment for
 * all who resolve at the same time.
 */
export class Catalog {
  readonly #index: Index
  readonly #slots: Slots
  readonly #signal: AbortSignal
  readonly #onLooked: () => void
  readonly #editions = new Map<Name, Promise<Editions | undefined>>()
  readonly #told = new Map<Filename, Promise<Told>>()
  readonly #new = new Set<Filename>()

  constructor(parts: {
    index: Index
    /** How many questions are asked at a time. */
    slots: Slots
    signal: AbortSignal
    /** Called whenever another project is looked at. */
    onLooked: () => void
  }) {
    this.#index = parts.index
    this.#slots = parts.slots
    this.#signal = parts.signal
    this.#onLooked = parts.onLooked
  }

  /** The versions of a project; undefined when there is no such project. Throws when nobody can say. */
  editions(name: Name): Promise<Editions | undefined> {
    return remembered(this.#editions, name, mostProjects, () =>
      this.#ask(async () => {
        const page = await (await this.#index.project(name))?.page()
        this.#onLooked()
        return page === undefined ? undefined : new Editions(name, page.files)
      }),
    )
  }

  /**
   * The dependencies of a file, without fetching a large wheel.
   * @throws {UnreadableError} when it has none that can be read; others when upstream fails
   */
  told(name: Name, file: File): Promise<Told> {
    return remembered(this.#told, file.filename, mostTold, () =>
      this.#ask(() =>
        isWheel(file.filename) ? this.#ofWheel(name, file) : this.#ofSdist(name, file),
      ),
    )
  }

  /** Brings a file onto the disk; undefined when upstream has lost it. Throws when it cannot be had. */
  async fetch(name: Name, file: File): Promise<Kept | undefined> {
    const kept = await this.#index.fetch({ name, filename: file.filename, path: file.url })
    if (kept !== undefined) this.#note(file.filename, kept.source)
    return kept
  }

  /** Projects looked at so far. */
  get size(): number {
    return this.#editions.size
  }

  /** True for a file that was not here before, even if it came only for what it tells. */
  isNew(filename: Filename): boolean {
    return this.#new.has(filename)
  }

  #note(filename: Filename, source: Source): void {
    if (source !== 'hit') this.#new.add(filename)
  }

  #ask<T>(work: () => Promise<T>): Promise<T> {
    return this.#slots.run(() => {
      this.#signal.throwIfAborted()
      return work()
    })
  }

  async #ofWheel(name: Name, file: File): Promise<Told> {
    const found = await this.#index.metadata({ name, filename: file.filename, path: file.url })
    if (found === undefined) throw new UnreadableError(`${file.filename} has no core metadata`)
    const { resource, source } = found
    this.#note(file.filename, source)
    const chunks: Buffer[] = []
    if (resource.bytes !== undefined) chunks.push(resource.bytes)
    else for await (const chunk of resource.read(0, largest)) chunks.push(Buffer.from(chunk))
    const { requiresDist, requiresPython } = readCoreMetadata(
      Buffer.concat(chunks).toString('utf8'),
    )
    return { requires: requiresDist, requiresPython, build: [] }
  }

  async #ofSdist(name: Name, file: File): Promise<Told> {
    const kept = await this.fetch(name, file)
    if (kept === undefined) throw new UnreadableError(`${file.filename} is gone upstream`)
    return await readSdist(kept.path, file.filename)
  }
}

const remembered = <Key, Answer>(
  memory: Map<Key, Promise<Answer>>,
  key: Key,
  most: number,
  ask: () => Promise<Answer>,
): Promise<Answer> => {
  const known = memory.get(key)
  if (known !== undefined) return known
  const asked =
    memory.size < most ? ask() : Promise.reject(new Error('it leads to too many other projects'))
  // Whoever waits for it meets the failure; a guess that nobody waits for may fail in silence.
  asked.catch(() => {})
  memory.set(key, asked)
  return asked
}
