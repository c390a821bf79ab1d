import { readdir } from 'node:fs/promises'
import { orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { discard } from '../disk/write.ts'
import type { Log } from '../log.ts'
import { append } from './append.ts'
import { dayOf, daysIn } from './days.ts'
import { lineOf, type Actor, type Entry } from './entry.ts'

export type { Actor, Entry, Recorded } from './entry.ts'

/** Milliseconds for which downloads are collected: one append then serves thousands of them. */
const collecting = 100

/** Characters that may wait for a slow disk; what comes on top is lost and counted. */
const mostWaiting = 8 * 1024 * 1024

/** Milliseconds between two warnings about downloads that were not written. */
const quiet = 60_000

const hour = 3_600_000

/** How long a journal reaches back, and by which clock. */
export interface JournalOptions {
  /** Seconds for which entries are kept; 0: for ever. */
  readonly keep?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * Who did what: one JSON line for each event, in a file for each day (UTC), appended by every process
 * that uses the directory. Nothing is ever changed; whole days are removed when they are old.
 */
export class Journal {
  readonly #layout: Layout
  readonly #log: Log
  readonly #keep: number
  readonly #now: () => number
  #waiting: string[] = []
  /** Characters in memory, those of them included that are being written. */
  #size = 0
  #leaving = 0
  #lost = 0
  #warned = -Infinity
  #collecting: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  readonly #soon = new Set<Promise<void>>()
  #tidying: NodeJS.Timeout | undefined
  #closed = false

  constructor(layout: Layout, log: Log, { keep = 0, now = Date.now }: JournalOptions = {}) {
    this.#layout = layout
    this.#log = log
    this.#keep = keep
    this.#now = now
  }

  /**
   * Notes a download. Costs about a microsecond, waits for nothing and never throws: it is written in
   * a moment, and when it cannot be, the log says so.
   * @param who whose doing it was; the entry itself may then be kept for many, and costs less
   */
  note(entry: Entry, who: Actor = entry): void {
    if (this.#closed || this.#size > mostWaiting) {
      this.#lose(1, 'the disk is too slow')
      return
    }
    const line = lineOf(entry, this.#now(), who)
    this.#waiting.push(line)
    this.#size += line.length
    this.#collecting ??= setTimeout(() => this.#flush(), collecting)
  }

  /** Notes a download of which not all is known yet; `close` waits for that. */
  noteSoon(entry: Promise<Entry>, who: Actor): void {
    const noting: Promise<void> = entry
      .then(known => this.note(known, who))
      .catch((error: unknown) => this.#lose(1, (error as Error).message))
      .finally(() => this.#soon.delete(noting))
    this.#soon.add(noting)
  }

  /**
   * Records changes of state. Returns when that would survive a power cut, so it belongs before the
   * answer to whoever made them.
   * @throws the system's error when it cannot be written
   */
  async record(...entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return
    const now = this.#now()
    const lines = entries.map(entry => lineOf(entry, now))
    await append(this.#layout.journalDay(dayOf(now)), lines, true)
  }

  /** Removes the days that are older than what is kept, now and every hour until `close`. */
  async tidy(): Promise<void> {
    if (this.#keep === 0) return
    if (!this.#closed)
      this.#tidying ??= setInterval(() => {
        this.tidy().catch((error: unknown) =>
          this.#log.warn('old journal not removed', { reason: (error as Error).message }),
        )
      }, hour).unref()
    const oldest = dayOf(Math.max(0, this.#now() - this.#keep * 1000))
    for (const name of daysIn((await orAbsent(readdir(this.#layout.journal))) ?? []))
      if (name < oldest) await discard(this.#layout.journalDay(name))
  }

  /** Writes what waits. What is noted later is lost. */
  async close(): Promise<void> {
    clearInterval(this.#tidying)
    await Promise.all(this.#soon)
    this.#closed = true
    this.#flush()
    await this.#writing
  }

  #flush(): void {
    clearTimeout(this.#collecting)
    this.#collecting = undefined
    if (this.#waiting.length === 0) return
    const lines = this.#waiting
    const size = this.#size - this.#leaving
    this.#waiting = []
    this.#leaving += size
    // One after the other, so that the lines of this process stay in order.
    const before = this.#writing
    this.#writing = this.#write(before, lines, size)
  }

  async #write(before: Promise<void>, lines: readonly string[], size: number): Promise<void> {
    await before
    try {
      await append(this.#layout.journalDay(dayOf(this.#now())), lines, false)
    } catch (error) {
      this.#lose(lines.length, (error as Error).message)
    }
    this.#leaving -= size
    this.#size -= size
  }

  #lose(count: number, reason: string): void {
    this.#lost += count
    const now = performance.now()
    if (now - this.#warned < quiet) return
    this.#log.warn('downloads are missing from the journal', { count: this.#lost, reason })
    this.#warned = now
    this.#lost = 0
  }
}
