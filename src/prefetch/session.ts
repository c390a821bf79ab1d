import type { Index } from '../index/index.ts'
import type { Target } from '../spec/environment.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { Catalog } from './catalog.ts'
import { FetchError, Fetcher } from './fetcher.ts'
import type { Progress, Report } from './report.ts'
import { Slots } from './slots.ts'
import { Tally } from './tally.ts'
import type { Wish, Wishes } from './wish.ts'

/** How many pages and metadata are asked for at a time. */
const questions = 16

export interface PrefetchOptions {
  /** What is resolved for where a target leaves the Python or the platform open; both concrete. */
  readonly host: Target
  /** Files that are fetched at a time; 12. */
  readonly jobs?: number
  readonly signal?: AbortSignal
  /** Called whenever a project is looked at, or a file is wanted or done. */
  readonly onProgress?: (progress: Progress) => void
}

/** A file that somebody needs. */
export interface Demand {
  readonly name: Name
  readonly file: File
  /** `sha256:<hex>`: it must have one of them; empty: any. */
  readonly hashes: readonly string[]
  /** Who demands that, for messages: `uv.lock:12`. */
  readonly demander: string
  /** The lines that ask for it themselves, and those that lead to it. */
  readonly lines: readonly Wish[]
  readonly origins: readonly Wish[]
}

/** One run: what is asked, fetched and noted, and the work that is still under way. */
export class Session {
  readonly catalog: Catalog
  readonly tally = new Tally()
  readonly signal: AbortSignal
  readonly host: Target
  readonly #fetcher: Fetcher
  readonly #running = new Set<Promise<void>>()
  #failure: Error | undefined

  constructor(index: Index, options: PrefetchOptions) {
    this.signal = options.signal ?? new AbortController().signal
    this.host = options.host
    this.catalog = new Catalog({
      index,
      slots: new Slots(questions),
      signal: this.signal,
      onLooked: () => this.#fetcher.tell(),
    })
    this.#fetcher = new Fetcher({
      catalog: this.catalog,
      jobs: options.jobs ?? 12,
      signal: this.signal,
      onProgress: options.onProgress ?? (() => {}),
    })
  }

  /** Lets something run beside the rest; `report` waits for it. */
  begin(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error))
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Brings a file into the cache; false, and noted, when that fails. */
  async fetch({ name, file, hashes, demander, lines, origins }: Demand): Promise<boolean> {
    try {
      await this.#fetcher.fetch(name, file, hashes, demander)
    } catch (error) {
      if (!(error instanceof FetchError) || this.signal.aborted) throw error
      this.tally.fail(origins, error.message)
      return false
    }
    for (const line of lines) this.tally.cached(line, file.filename)
    return true
  }

  /** Waits until nothing is under way, and tells what came of it all. Throws what nobody could foresee. */
  async report(wishes: Wishes): Promise<Report> {
    while (this.#running.size > 0) await Promise.all(this.#running)
    this.signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure
    return this.tally.report(wishes, this.#fetcher.files)
  }
}
