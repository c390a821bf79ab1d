/**
 * One promise per key: whoever asks while the work is under way gets its result. The work belongs
 * to nobody's request, so it must carry its own deadline.
 */
export class Flight<T> {
  readonly #running = new Map<string, Promise<T>>()

  run(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const promise = work().finally(() => this.#running.delete(key))
    this.#running.set(key, promise)
    return promise
  }

  has(key: string): boolean {
    return this.#running.has(key)
  }
}

/**
 * One promise per key and turn of the event loop: joins only work that has not begun, so the answer
 * is never older than the question. Many requests that arrive together cost one look at the disk.
 */
export class Batch<T> {
  readonly #waiting = new Map<string, Promise<T>>()

  run(key: string, work: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) return waiting
    const promise = new Promise<T>((resolve, reject) => {
      setImmediate(() => {
        this.#waiting.delete(key)
        work().then(resolve, reject)
      })
    })
    this.#waiting.set(key, promise)
    return promise
  }
}
