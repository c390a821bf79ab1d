/** The bytes of one file, whole on disk or still arriving. */
export interface Resource {
  /** Bytes in all; undefined while an upstream that gave no length is still sending. */
  readonly size?: number | undefined
  /** A strong entity tag with its quotes, constant for these bytes. */
  readonly etag: string
  /** Hex, where it is known besides or instead of by the entity tag. */
  readonly sha256?: string | undefined
  readonly modified: Date
  /** True when all bytes are on disk and verified, so that any range can be read at once. */
  readonly whole: boolean
  /** These bytes never change at the URL where they were found; absent where they may. */
  readonly isLasting?: boolean
  /** All the bytes, where they are so few that they are kept in memory. */
  readonly bytes?: Buffer | undefined
  /**
   * Resolves when the whole is on disk, without anybody reading it; absent where it always is.
   * Throws when the bytes turn out not to be had.
   */
  completed?(): Promise<void>
  /**
   * The bytes from `start` up to, not including, `end` (default: all). A chunk may be used only
   * until the next one is asked for: its buffer is then read into again. Throws when the bytes turn
   * out not to be had, and then never after the last byte of the file.
   */
  read(start: number, end?: number): AsyncIterable<Uint8Array>
}
