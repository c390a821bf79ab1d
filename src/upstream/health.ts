import type { Log } from '../log.ts'

/** How an upstream does, as `status` shows it. */
export interface Health {
  readonly ok: boolean
  /** ISO time since when it is as it is. */
  readonly since: string
  readonly lastError?: string
}

/** Milliseconds for which an upstream that did not answer at all is not asked again for what we hold. */
const rest = 10_000

/** The longest pause that upstream is granted when it asks for one, in seconds. */
const longestPause = 300

/** Seconds for which even what we do not hold is not asked for, when upstream asks for a pause. */
const shortPause = 10

/** Remembers whether an upstream answers, and says so in the log when that changes, not at every request. */
export class HealthWatch {
  readonly #upstream: string
  readonly #log: Log
  readonly #changed: (lastError?: string) => void
  #health: Health = { ok: true, since: new Date().toISOString() }
  #restUntil = -Infinity
  #pauseUntil = -Infinity
  #isDoubted = false

  constructor(upstream: string, log: Log, changed: (lastError?: string) => void = () => {}) {
    this.#upstream = upstream
    this.#log = log
    this.#changed = changed
  }

  get health(): Health {
    return this.#health
  }

  /** True shortly after a failure: what is held is then served at once. Measured by the monotonic clock. */
  get resting(): boolean {
    return !this.#health.ok && performance.now() < this.#restUntil
  }

  /** True for a moment after upstream has asked for a pause (429 or 503 with `Retry-After`). */
  get pausing(): boolean {
    return !this.#health.ok && performance.now() < this.#pauseUntil
  }

  /** It could not be reached, or not in time. */
  failed(reason: string, retryAfter = 0): void {
    const now = performance.now()
    this.#restUntil = now + Math.max(rest, Math.min(retryAfter, longestPause) * 1000)
    this.#pauseUntil = now + Math.min(retryAfter, shortPause) * 1000
    if (!this.#health.ok && this.#health.lastError === reason) return
    const since = this.#health.ok ? new Date().toISOString() : this.#health.since
    if (this.#health.ok)
      this.#log.warn('upstream fails, serving what is cached', { upstream: this.#upstream, reason })
    this.#health = { ok: false, since, lastError: reason }
    this.#changed(reason)
  }

  /** It answered with an error status: perhaps for one page only, but the second in a row is a failure. */
  refused(reason: string, retryAfter?: number): void {
    if (this.#isDoubted || retryAfter !== undefined) this.failed(reason, retryAfter)
    this.#isDoubted = true
  }

  answered(): void {
    this.#isDoubted = false
    this.#changed()
    if (this.#health.ok) return
    this.#health = { ok: true, since: new Date().toISOString() }
    this.#log.info('upstream answers again', { upstream: this.#upstream })
  }
}
