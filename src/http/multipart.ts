import { HttpError } from './error.ts'
import { readPartHead, type PartHead } from './part-head.ts'

/** Bytes of the header block of a part, and of what may stand before the first boundary. */
const longestHead = 16 * 1024
/** Parts of a form; no project has as many classifiers (fault P20). */
const mostParts = 2000

const lf = 0x0a
const cr = 0x0d
const dash = 0x2d

/** What a body consists of: for each part its head, then its bytes in pieces, then its end. */
export type Token = PartHead | Buffer | 'end'

/** How a line that begins with the boundary goes on: it is the last one, or another's text, or it ends at `next`. */
type LineEnd = 'closing' | 'other' | 'unknown' | { readonly next: number }

/** Blanks that may follow a boundary (RFC 2046, 5.1.1). */
const longestPadding = 64

const lineEndAt = (bytes: Buffer, start: number): LineEnd => {
  let at = start
  while (at - start < longestPadding && (bytes[at] === 0x20 || bytes[at] === 0x09)) at += 1
  if (at === start && bytes[at] === dash) {
    if (at + 1 >= bytes.length) return 'unknown'
    return bytes[at + 1] === dash ? 'closing' : 'other'
  }
  if (bytes[at] === cr) at += 1
  if (at >= bytes.length) return 'unknown'
  return bytes[at] === lf ? { next: at } : 'other'
}

/** Bytes at the end of `bytes` with which `wanted` may begin. */
const begunAtEnd = (bytes: Buffer, wanted: Buffer): number => {
  let at = Math.max(0, bytes.length - wanted.length + 1)
  for (;;) {
    at = bytes.indexOf(wanted[0] as number, at)
    if (at < 0) return 0
    if (bytes.compare(wanted, 0, bytes.length - at, at) === 0) return bytes.length - at
    at += 1
  }
}

const earliest = (a: number, b: number): number => (a < 0 || (b >= 0 && b < a) ? b : a)

const nothing = Buffer.alloc(0)

const noBoundary = (): HttpError =>
  new HttpError(400, 'the form does not begin with the boundary that its Content-Type names')

/**
 * Reads multipart/form-data from pieces of any size, in linear time and without keeping more than a
 * header block (RFC 2046, RFC 7578).
 *
 * The old `register` and `upload_docs` commands end their lines with a bare LF. How the first boundary
 * line ends says which of the two it is, and then only a boundary after just such a line end counts,
 * so that every byte of a file is its own.
 */
export class MultipartReader {
  readonly #boundary: Buffer
  #state: 'preamble' | 'head' | 'content' | 'epilogue' = 'preamble'
  /** What ends a part: a line end, two dashes, the boundary. */
  #delimiter = nothing
  #rest: Buffer = nothing
  #parts = 0

  constructor(boundary: string) {
    this.#boundary = Buffer.from(`--${boundary}`)
  }

  /**
   * What can be told with these bytes. Buffers are parts of them.
   * @throws {HttpError} 400
   */
  *feed(bytes: Buffer): Generator<Token, void> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    for (;;)
      switch (this.#state) {
        case 'preamble':
          if (!this.#begin()) return
          break
        case 'head': {
          const head = this.#head()
          if (head === undefined) return
          yield head
          break
        }
        case 'content':
          if (!(yield* this.#content())) return
          break
        case 'epilogue':
          this.#rest = nothing
          return
      }
  }

  /**
   * To be called behind the last bytes.
   * @throws {HttpError} 400 when the closing boundary has not come
   */
  end(): void {
    if (this.#state === 'preamble') throw noBoundary()
    if (this.#state !== 'epilogue')
      throw new HttpError(400, 'the form breaks off: its closing boundary is missing')
  }

  #begin(): boolean {
    const bytes = this.#rest
    for (let from = 0; ;) {
      const at = bytes.indexOf(this.#boundary, from)
      const end = at < 0 ? 'unknown' : lineEndAt(bytes, at + this.#boundary.length)
      if (end === 'unknown') {
        if (bytes.length > longestHead) throw noBoundary()
        return false
      }
      if (end !== 'other' && (at === 0 || bytes[at - 1] === lf)) {
        const bare = typeof end === 'object' && bytes[end.next - 1] !== cr
        this.#delimiter = Buffer.concat([Buffer.from(bare ? '\n' : '\r\n'), this.#boundary])
        this.#pass(end, bytes)
        return true
      }
      from = at + 1
    }
  }

  /** Goes on behind a boundary. */
  #pass(end: Exclude<LineEnd, 'other' | 'unknown'>, bytes: Buffer): void {
    if (end === 'closing') this.#state = 'epilogue'
    else {
      this.#state = 'head'
      // The line end stays, so that a head without lines ends as any other, by an empty line.
      this.#rest = bytes.subarray(end.next)
    }
  }

  #head(): PartHead | undefined {
    const bytes = this.#rest
    const block = bytes.subarray(0, longestHead)
    const end = earliest(block.indexOf('\n\r\n'), block.indexOf('\n\n'))
    if (end < 0) {
      if (bytes.length < longestHead) return undefined
      throw new HttpError(400, `the header of a part is longer than ${longestHead} bytes`)
    }
    this.#parts += 1
    if (this.#parts > mostParts)
      throw new HttpError(400, `the form has more than ${mostParts} parts`)
    this.#state = 'content'
    this.#rest = bytes.subarray(bytes.indexOf(lf, end + 1) + 1)
    return readPartHead(block.subarray(0, end))
  }

  /** Tells the content as far as it is here; true when the part has ended. */
  *#content(): Generator<Token, boolean> {
    const bytes = this.#rest
    for (let from = 0; ;) {
      const at = bytes.indexOf(this.#delimiter, from)
      const end = at < 0 ? 'unknown' : lineEndAt(bytes, at + this.#delimiter.length)
      if (end === 'other') {
        from = at + 1
        continue
      }
      const length = at < 0 ? bytes.length - begunAtEnd(bytes, this.#delimiter) : at
      if (length > 0) yield bytes.subarray(0, length)
      if (end === 'unknown') {
        this.#rest = bytes.subarray(length)
        return false
      }
      yield 'end'
      this.#pass(end, bytes)
      return true
    }
  }
}
