import type { IncomingMessage } from 'node:http'
import { Exchange } from './exchange.ts'
import type { Asked, Way } from './request.ts'

// Together with the other lane no more than sixteen an origin (PY-39).
const most = 8

interface Place {
  busy: number
  readonly waiting: (() => void)[]
}

/** Connections of one kind. To each origin there are only so many; whoever asks more waits his turn. */
export class Pool {
  readonly #way: Way
  readonly #underWay = new Set<Exchange>()
  readonly #places = new Map<string, Place>()
  /** Who waits for the end. */
  readonly #retired: (() => void)[] = []

  constructor(way: Way) {
    this.#way = way
  }

  /** The answer; its body must be read to its end, or destroyed. */
  ask(asked: Asked): Promise<IncomingMessage> {
    const exchange = new Exchange(asked)
    this.#underWay.add(exchange)
    const { origin } = asked.url
    const place = this.#places.get(origin) ?? { busy: 0, waiting: [] }
    this.#places.set(origin, place)
    const begin = () =>
      exchange.begin(this.#way, () => {
        this.#underWay.delete(exchange)
        this.#leave(origin, place)
      })
    if (place.busy === most) place.waiting.push(begin)
    else {
      place.busy += 1
      begin()
    }
    return exchange.answer
  }

  /** Resolves when what is under way has come to its end, and all connections are closed. */
  retire(): Promise<void> {
    return new Promise(resolve => {
      this.#retired.push(resolve)
      this.#endIfIdle()
    })
  }

  /** As `retire`, but breaks what is under way. */
  close(): Promise<void> {
    for (const exchange of this.#underWay) exchange.abort(new Error('the connections are closed'))
    this.#way.agent.destroy()
    return this.retire()
  }

  #leave(origin: string, place: Place): void {
    const next = place.waiting.shift()
    // Only after this is its connection the agent's to give.
    if (next !== undefined) return process.nextTick(next)
    place.busy -= 1
    if (place.busy === 0) this.#places.delete(origin)
    this.#endIfIdle()
  }

  #endIfIdle(): void {
    if (this.#retired.length === 0 || this.#underWay.size > 0) return
    this.#way.agent.destroy()
    for (const resolve of this.#retired.splice(0)) resolve()
  }
}
