import { LRUCache } from 'lru-cache'

interface Failures {
  readonly count: number
  /** Milliseconds, of the latest one. */
  readonly at: number
}

/** When and how much failures slow down. */
export interface ThrottleOptions {
  /** Failures without a consequence. */
  readonly free: number
  /** Longest delay in seconds. */
  readonly longest: number
  /** Milliseconds on a clock that never jumps. */
  readonly ticks: () => number
}

/** Milliseconds without a failure after which all is forgotten. */
const forgotten = 15 * 60_000

/** Slows down whoever fails again and again: each failure doubles the time until the next attempt. */
export class Throttle {
  readonly #options: ThrottleOptions
  readonly #failures = new LRUCache<string, Failures>({ max: 10_000 })

  constructor(options: ThrottleOptions) {
    this.#options = options
  }

  /** Seconds until the next attempt, a whole number; 0: it may be made now. */
  wait(key: string): number {
    const failures = this.#known(key)
    if (failures === undefined || failures.count < this.#options.free) return 0
    const delay = Math.min(2 ** (failures.count - this.#options.free), this.#options.longest)
    return Math.max(0, Math.ceil(delay - (this.#options.ticks() - failures.at) / 1000))
  }

  /** An attempt failed. */
  failed(key: string): void {
    const count = (this.#known(key)?.count ?? 0) + 1
    this.#failures.set(key, { count, at: this.#options.ticks() })
  }

  /** What failed so far does not count any more. */
  forgive(key: string): void {
    this.#failures.delete(key)
  }

  #known(key: string): Failures | undefined {
    const failures = this.#failures.get(key)
    if (failures === undefined || this.#options.ticks() - failures.at < forgotten) return failures
    this.#failures.delete(key)
    return undefined
  }
}
