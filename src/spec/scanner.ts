import { InputError } from './input-error.ts'

/** Reads a line from left to right, one token at a time. */
export class Scanner {
  readonly text: string
  #at = 0

  constructor(text: string) {
    this.text = text
  }

  /** What the pattern (sticky) matches here, passed over; undefined when it does not. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  /** Passes over these characters; false when others stand here. */
  skip(text: string): boolean {
    const here = this.text.startsWith(text, this.#at)
    if (here) this.#at += text.length
    return here
  }

  /** True when these characters stand here. */
  sees(text: string): boolean {
    return this.text.startsWith(text, this.#at)
  }

  /** Passes over blanks; true when there was one. */
  blanks(): boolean {
    return this.take(/[ \t]+/y) !== undefined
  }

  /** True at the end of the line. */
  get done(): boolean {
    return this.#at >= this.text.length
  }

  /** How many characters have been passed over. */
  get at(): number {
    return this.#at
  }

  /** The error that says what should stand here, or at a place passed before. */
  expected(what: string, at = this.#at): InputError {
    return new InputError(`expected ${what} at column ${at + 1}`)
  }
}
