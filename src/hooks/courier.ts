import { background, type Log } from '../log.ts'
import { attempt, type Attempting } from './attempt.ts'
import { pauseAfter, type Patience } from './patience.ts'
import type { Queue, Waiting } from './queue.ts'

/** What one process remembers of a message. */
interface Known {
  readonly receiver: string
  /** Milliseconds since 1970. */
  due: number
}

/** `away`: no answer at all, so that the receiver's other messages can wait, too. */
type Outcome = 'gone' | 'refused' | 'away' | 'elsewhere'

const farewells = {
  taken: 'hook told',
  unwanted: 'a hook is dropped: its index has this receiver no longer',
} as const

/**
 * Carries the queue's messages to their receivers: to each one after the other, to all of them at
 * the same time, so that none waits for another. A lock lets one process at a time send a message.
 */
export class Courier {
  readonly #queue: Queue
  readonly #log: Log
  readonly #attempting: Attempting
  readonly #patience: Patience
  readonly #known = new Map<string, Known>()
  readonly #serving = new Map<string, Promise<void>>()
  /** Receivers that are away, and until when they are left alone. */
  readonly #away = new Map<string, number>()
  /** Receivers that fail, as the log says once: one that is away for a day must fill no disk. */
  readonly #failing = new Set<string>()
  readonly #leaving = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #again = false
  #started = false

  constructor(
    parts: { queue: Queue; log: Log; patience: Patience } & Pick<Attempting, 'send' | 'configOf'>,
  ) {
    this.#queue = parts.queue
    this.#log = parts.log
    this.#patience = parts.patience
    const { send, configOf, patience } = parts
    this.#attempting = { send, configOf, answer: patience.answer, leaving: this.#leaving.signal }
  }

  start(): void {
    this.#started = true
    background(this.look(), 'sending hooks', this.#log)
  }

  async close(): Promise<void> {
    this.#started = false
    clearTimeout(this.#timer)
    this.#leaving.abort(new Error('the server stops'))
    await Promise.allSettled([this.#looking, ...this.#serving.values()])
    clearTimeout(this.#timer)
  }

  /** Sees what waits and begins to send it; does nothing before `start`. */
  look(): Promise<void> {
    if (!this.#started) return Promise.resolve()
    this.#again = true
    return (this.#looking ??= this.#lookOften())
  }

  // Whatever was queued while it looked is seen, too.
  async #lookOften(): Promise<void> {
    try {
      while (this.#again && this.#started) {
        this.#again = false
        await this.#learn()
      }
    } finally {
      this.#looking = undefined
    }
    const now = Date.now()
    for (const receiver of new Set([...this.#known.values()].map(known => known.receiver)))
      if (!this.#serving.has(receiver)) this.#begin(receiver, now)
    this.#schedule()
  }

  async #learn(): Promise<void> {
    const ids = await this.#queue.ids()
    const present = new Set(ids)
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id)
    for (const id of ids) {
      if (this.#known.has(id)) continue
      const waiting = await this.#queue.read(id)
      if (waiting !== undefined)
        this.#known.set(id, { receiver: waiting.message.receiver, due: waiting.due })
    }
  }

  #begin(receiver: string, now: number): void {
    if ((this.#away.get(receiver) ?? 0) > now || this.#dueOf(receiver).length === 0) return
    const serving = this.#serve(receiver).finally(() => {
      this.#serving.delete(receiver)
      this.#schedule()
    })
    this.#serving.set(receiver, serving)
    background(serving, 'sending hooks', this.#log)
  }

  #dueOf(receiver: string): string[] {
    const now = Date.now()
    return [...this.#known]
      .filter(([, known]) => known.receiver === receiver && known.due <= now)
      .map(([id]) => id)
      .toSorted()
  }

  async #serve(receiver: string): Promise<void> {
    this.#away.delete(receiver)
    for (let [id] = this.#dueOf(receiver); id !== undefined; [id] = this.#dueOf(receiver)) {
      if (!this.#started) return
      const outcome = await this.#handOver(id)
      const known = this.#known.get(id)
      if (outcome === 'gone') this.#known.delete(id)
      if (outcome === 'elsewhere' && known !== undefined)
        known.due = Date.now() + this.#patience.look * 1000
      if (outcome === 'away' && known !== undefined) {
        this.#away.set(receiver, known.due)
        return
      }
    }
  }

  /** One attempt, by one process. */
  async #handOver(id: string): Promise<Outcome> {
    const release = await this.#queue.claim(id)
    if (release === undefined) return 'elsewhere'
    try {
      const waiting = await this.#queue.read(id)
      if (waiting === undefined) return 'gone'
      const known = this.#known.get(id)
      // Another process has tried meanwhile.
      if (known !== undefined && waiting.due > known.due) {
        known.due = waiting.due
        return 'refused'
      }
      return await this.#attempt(waiting)
    } finally {
      await release()
    }
  }

  async #attempt(waiting: Waiting): Promise<Outcome> {
    const { id, message } = waiting
    try {
      const outcome = await attempt(message, this.#attempting)
      if (typeof outcome === 'number')
        return await this.#postpone(waiting, `it answers ${outcome}`, 'refused')
      await this.#queue.remove(id)
      this.#failing.delete(message.receiver)
      this.#log.info(farewells[outcome], { hook: message.receiver, delivery: id })
      return 'gone'
    } catch (error) {
      if (this.#leaving.signal.aborted) return 'away'
      return await this.#postpone(waiting, (error as Error).message, 'away')
    }
  }

  async #postpone(waiting: Waiting, reason: string, outcome: Outcome): Promise<Outcome> {
    const { id, message, created } = waiting
    const attempts = waiting.attempts + 1
    const due = Date.now() + pauseAfter(this.#patience, attempts) * 1000
    if (due > created + this.#patience.giveUp * 1000) {
      await this.#queue.remove(id)
      const told = { hook: message.receiver, delivery: id, attempts, reason }
      this.#log.error('a hook is given up: its receiver was never told', told)
      return 'gone'
    }
    await this.#queue.write({ ...waiting, due, attempts })
    const known = this.#known.get(id)
    if (known !== undefined) known.due = due
    const level = this.#failing.has(message.receiver) ? 'debug' : 'warn'
    this.#failing.add(message.receiver)
    this.#log[level]('hook not told yet', { hook: message.receiver, attempts, reason })
    return outcome
  }

  /** Looks again when something is due, or when another process may have left something. */
  #schedule(): void {
    clearTimeout(this.#timer)
    if (!this.#started) return
    const now = Date.now()
    let next = now + this.#patience.look * 1000
    for (const { receiver, due } of this.#known.values())
      if (!this.#serving.has(receiver))
        next = Math.min(next, Math.max(due, this.#away.get(receiver) ?? 0))
    const look = () => background(this.look(), 'sending hooks', this.#log)
    this.#timer = setTimeout(look, Math.max(0, next - now)).unref()
  }
}
