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
  /** The look before found that there is something to give back. */
  #isReady = false
  #hasGiven = false
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
    // Only now, since other threads give the pages back; and whatever happened since, lest it never ends.
    if (this.#hasGiven) this.#lean = this.#means.resident()
    this.#hasGiven = false
    if (isBusy) this.#isReady = false
    else if (this.#isReady) this.#giveBack()
    else this.#weigh()
    this.#timer?.refresh()
  }

  #weigh(): void {
    if (this.#means.resident() - this.#lean < worthwhile) {
      this.#timer = undefined
      return
    }
    // From this collection on is measured how little is allocated.
    this.#means.collectYoung()
    this.#isReady = true
  }

  #giveBack(): void {
    clearSpare()
    this.#means.collectAll()
    // That was no work.
    this.#means.load()
    this.#isReady = false
    this.#hasGiven = true
  }
}
