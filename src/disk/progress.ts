/**
 * How far a download has come. One object for each file and process: the leader in this process
 * reports into it, or whoever watches another process's leader; every reader waits on it.
 */
export class Progress {
  /** Bytes in all; undefined while nobody knows. */
  size: number | undefined
  /** Where the bytes are on disk: a part, or at last the published file. */
  path: string | undefined
  /** The bytes themselves, up to `length`, of a file that is received in memory. */
  bytes: Buffer | undefined
  /** Bytes that can be read at `path`, or are in memory. */
  length = 0
  /** Hex, once it is published and if it is known then. */
  sha256: string | undefined
  /** Published: whole, verified, under its final name. */
  done = false
  error: Error | undefined
  #waiters: (() => void)[] = []

  constructor(size: number | undefined) {
    this.size = size
  }

  /** More has arrived, perhaps elsewhere than before. */
  advance(path: string | undefined, length: number): void {
    this.path = path
    this.length = length
    this.#wake()
  }

  /** All is there, verified, under its final name. */
  publish(path: string, size: number, sha256?: string): void {
    this.path = path
    this.length = size
    this.size = size
    this.sha256 = sha256
    this.done = true
    this.#wake()
  }

  /** It will not come. */
  fail(error: Error): void {
    this.error = error
    this.#wake()
  }

  /** Resolves at the next event. */
  changed(): Promise<void> {
    return new Promise(resolve => this.#waiters.push(resolve))
  }

  /** Wakes the readers, for instance when the size became known. */
  announce(): void {
    this.#wake()
  }

  #wake(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}
