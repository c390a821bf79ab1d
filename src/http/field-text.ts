import { HttpError } from './error.ts'

/** Bytes of one field; descriptions are the longest. */
const most = 8 * 1024 * 1024

/** The value of a form field while it arrives, in pieces of any size. */
export class FieldText {
  readonly #name: string
  #bytes = Buffer.alloc(0)
  #length = 0

  constructor(name: string) {
    this.#name = name
  }

  /** @throws {HttpError} 400 when it gets too long */
  append(bytes: Buffer): void {
    const length = this.#length + bytes.length
    if (length > most)
      throw new HttpError(400, `the field ${this.#name.slice(0, 100)} is larger than ${most} bytes`)
    if (length > this.#bytes.length) {
      // Doubled, so that pieces of one byte cost no more than large ones.
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    bytes.copy(this.#bytes, this.#length)
    this.#length = length
  }

  /** The whole, as UTF-8; what is not becomes U+FFFD. */
  end(): string {
    return this.#bytes.toString('utf8', 0, this.#length)
  }
}
