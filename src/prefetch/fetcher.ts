import { createHash, getHashes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Kept } from '../index/index.ts'
import type { Filename } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import type { Catalog } from './catalog.ts'
import { contradiction } from './hashes.ts'
import type { CachedFile, Progress } from './report.ts'
import { Slots } from './slots.ts'

/** A file could not be had, or is another one than demanded; one line for people, which names it. */
export class FetchError extends Error {}

/** Brings files into the cache, several at a time and each once, and checks what they must be. */
export class Fetcher {
  readonly #catalog: Catalog
  readonly #slots: Slots
  readonly #signal: AbortSignal
  readonly #onProgress: (progress: Progress) => void
  readonly #running = new Map<Filename, Promise<Kept>>()
  readonly #done = new Map<Filename, CachedFile>()
  #bytes = 0

  constructor(parts: {
    catalog: Catalog
    jobs: number
    signal: AbortSignal
    onProgress: (progress: Progress) => void
  }) {
    this.#catalog = parts.catalog
    this.#slots = new Slots(parts.jobs)
    this.#signal = parts.signal
    this.#onProgress = parts.onProgress
  }

  /** The files that are in the cache now. */
  get files(): ReadonlyMap<Filename, CachedFile> {
    return this.#done
  }

  /**
   * Brings a file into the cache.
   * @param hashes `sha256:<hex>`: it must have one of them, by the page and by its bytes; empty: any
   * @param demander who says so, for the message: `uv.lock`
   * @throws {FetchError}
   */
  async fetch(
    name: Name,
    file: File,
    hashes: readonly string[],
    demander: string,
  ): Promise<CachedFile> {
    const listed = contradiction(hashes, file.hashes)
    if (listed !== undefined)
      throw new FetchError(
        `${file.filename} is another file than ${demander} demands: its ${listed}`,
      )
    const { path, sha256 } = await this.#once(name, file)
    const known =
      hashes.some(hash => hash.startsWith('sha256:')) ?
        { sha256 }
      : { ...(await otherHash(path, hashes)), sha256 }
    const found = contradiction(hashes, known)
    if (found !== undefined)
      throw new FetchError(
        `${file.filename} is another file than ${demander} demands: its ${found}`,
      )
    return this.#done.get(file.filename) as CachedFile
  }

  /** Tells how far everything has come. */
  tell(): void {
    this.#onProgress({
      projects: this.#catalog.size,
      wanted: this.#running.size,
      done: this.#done.size,
      bytes: this.#bytes,
    })
  }

  #once(name: Name, file: File): Promise<Kept> {
    const running = this.#running.get(file.filename)
    if (running !== undefined) return running
    const fetching = this.#slots.run(() => this.#fetch(name, file))
    // Whoever asked meets the failure; there may be more of them than one.
    fetching.catch(() => {})
    this.#running.set(file.filename, fetching)
    this.tell()
    return fetching
  }

  async #fetch(name: Name, file: File): Promise<Kept> {
    this.#signal.throwIfAborted()
    const { filename } = file
    const kept = await this.#catalog.fetch(name, file).catch((error: unknown) => {
      throw new FetchError(`${filename}: ${(error as Error).message}`, { cause: error })
    })
    if (kept === undefined) throw new FetchError(`${filename}: upstream does not have it any more`)
    const fetched = this.#catalog.isNew(filename)
    this.#done.set(filename, { name, filename, size: kept.size, fetched })
    if (fetched) this.#bytes += kept.size
    this.tell()
    return kept
  }
}

// A digest of the bytes by the first demanded algorithm that there is; the index knows only sha256.
const otherHash = async (
  path: string,
  hashes: readonly string[],
): Promise<Record<string, string>> => {
  const known = new Set(getHashes())
  const algorithm = hashes.map(hash => hash.split(':')[0] ?? '').find(one => known.has(one))
  if (algorithm === undefined) return {}
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path), hash)
  return { [algorithm]: hash.digest('hex') }
}
