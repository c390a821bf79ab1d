import { ArchiveError } from './archive-error.ts'

/** Takes the chunks of a stream apart into pieces of the wanted lengths, holding one chunk at a time. */
export class ByteQueue {
  readonly #chunks: AsyncIterator<Buffer>
  #chunk: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /**
   * The next bytes; undefined when the stream has ended before the first of them.
   * @throws {ArchiveError} when it ends within them; whatever the stream throws
   */
  async take(length: number): Promise<Buffer | undefined> {
    const taken: Buffer[] = []
    let missing = length
    while (missing > 0) {
      if (this.#chunk.length === 0 && !(await this.#next())) {
        if (missing === length) return undefined
        throw new ArchiveError('it ends in the middle of a member')
      }
      const piece = this.#chunk.subarray(0, missing)
      this.#chunk = this.#chunk.subarray(piece.length)
      missing -= piece.length
      taken.push(piece)
    }
    return taken.length === 1 ? taken[0] : Buffer.concat(taken)
  }

  /** Passes over the next bytes without holding them; throws as `take` does. */
  async skip(length: number): Promise<void> {
    let missing = length
    while (missing > 0) {
      if (this.#chunk.length === 0 && !(await this.#next()))
        throw new ArchiveError('it ends in the middle of a member')
      const passed = Math.min(missing, this.#chunk.length)
      this.#chunk = this.#chunk.subarray(passed)
      missing -= passed
    }
  }

  /** What is left, chunk by chunk. */
  async *rest(): AsyncGenerator<Buffer, void> {
    do yield this.#chunk
    while (await this.#next())
  }

  /** Gives the stream up; to be called once, whatever happened. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #next(): Promise<boolean> {
    const next = await this.#chunks.next()
    if (next.done === true) return false
    this.#chunk = next.value
    return true
  }
}
