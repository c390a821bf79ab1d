/** Lets only so many pieces of work run at once; the others wait for their turn, in order. */
export class Turns {
  readonly #most: number
  readonly #line: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  /**
   * @param most how many run at once
   * @param line how many may wait
   */
  constructor(most: number, line: number) {
    this.#most = most
    this.#line = line
  }

  /** True when no more can wait. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#line
  }

  /** Runs the work when it is its turn. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most)
      await new Promise<void>(resolve => void this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // Whoever is next takes over our place, so that nobody who comes now overtakes.
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
