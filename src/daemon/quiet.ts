import { performance } from 'node:perf_hooks'
import { collectAll, collectYoung } from '../disk/garbage.ts'
import { clearSpare } from '../spare.ts'

/** What a look at the process tells, and what can be done. */
export interface Means {
  /** Milliseconds between two looks. */
  readonly pause: number
  /** The share of the time since the last call in which something ran: 0 to 1. */
  readonly load: () => number
  /** Resident bytes. */
  readonly resident: () => number
  readonly collectYoung: () => void
  readonly collectAll: () => void
}

const loadSince = (): (() => number) => {
  let last = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    return utilization
  }
}

const real = (): Means => ({
  // More than the five seconds of which collectAll speaks.
  pause: 6000,
  load: loadSince(),
  resident: () => process.memoryUsage.rss(),
  collectYoung,
  collectAll,
})

/** Above this a transfer is running, say. */
const mostLoad = 0.01

/** Bytes that work must have taken before anything is given back. */
const worthwhile = 16 * 1024 * 1024

/**
 * Has a server give memory back once it has gone quiet: no request has ended for some seconds and
 * hardly anything ran. V8 collects when something is allocated, so by itself it would hold what the
 * last work took until there is more. Looks only after work, and keeps no process alive.
 */
export class Quiet {
  readonly #means: Means
  #timer: NodeJS.Timeout | undefined
  #hasWorked = false
  /** What the next look is for if nothing happens until then. */
  #step: 'weigh' | 'give back' | 'note' = 'weigh'
  /** Resident bytes when there was nothing to give back. */
  #lean: number

  constructor(means: Means = real()) {
    this.#means = means
    this.#lean = means.resident()
  }

  /** A request has ended. */
  worked(): void {
    this.#hasWorked = true
    if (this.#timer !== undefined) return
    this.#means.load()
    this.#timer = setTimeout(() => this.#look(), this.#means.pause).unref()
  }

  #look(): void {
    const isBusy = this.#means.load() > mostLoad || this.#hasWorked
    this.#hasWorked = false
    if (isBusy) this.#step = 'weigh'
    else if (this.#step === 'weigh') this.#weigh()
    else if (this.#step === 'give back') this.#giveBack()
    else this.#note()
    this.#timer?.refresh()
  }

  #weigh(): void {
    if (this.#means.resident() - this.#lean < worthwhile) {
      this.#timer = undefined
      return
    }
    // From this collection on is measured how little is allocated.
    this.#means.collectYoung()
    this.#step = 'give back'
  }

  #giveBack(): void {
    clearSpare()
    this.#means.collectAll()
    this.#step = 'note'
  }

  // Only now, since other threads give the pages back.
  #note(): void {
    this.#lean = this.#means.resident()
    this.#step = 'weigh'
    this.#timer = undefined
  }
}
