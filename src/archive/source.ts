import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { ArchiveError } from './archive-error.ts'

/** Bytes that can be read at any place: a file on disk, or one far away by HTTP ranges. */
export interface RandomAccess {
  readonly size: number
  /** Up to `length` bytes from `start`; fewer only where the file ends. */
  read(start: number, length: number): Promise<Buffer>
}

// O_NONBLOCK so that a FIFO in a file's place cannot make us wait, O_NOFOLLOW against links (rule R12).
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Opens a plain file; whoever asks closes it.
 * @throws {ArchiveError} for a directory, FIFO or device; system errors as they come
 */
export const openPlain = async (path: string): Promise<FileHandle> => {
  const handle = await open(path, flags)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new ArchiveError('it is no plain file')
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Opens a plain file while `use` reads from it; throws as `openPlain` does. */
export const withFile = async <T>(
  path: string,
  use: (source: RandomAccess) => Promise<T>,
): Promise<T> => {
  const handle = await openPlain(path)
  try {
    const { size } = await handle.stat()
    const read = async (start: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start)
      return buffer.subarray(0, bytesRead)
    }
    return await use({ size, read })
  } finally {
    await handle.close()
  }
}

/**
 * The pieces of a source that were fetched. What was not fetched cannot be looked at, so that a
 * hostile archive cannot make us ask a far source again and again.
 */
export class Pieces {
  readonly #source: RandomAccess
  readonly #pieces: { start: number; bytes: Buffer }[] = []

  constructor(source: RandomAccess) {
    this.#source = source
  }

  get size(): number {
    return this.#source.size
  }

  /**
   * Fetches the bytes from `start` to `end` in one read, unless they are here already.
   * @throws {ArchiveError} when they lie outside the source; whatever its `read` throws
   */
  async fetch(start: number, end: number): Promise<void> {
    if (start === end || this.#find(start, end) !== undefined) return
    if (!(start >= 0 && start < end && end <= this.size))
      throw new ArchiveError('an offset points outside the file')
    const bytes = await this.#source.read(start, end - start)
    if (bytes.length < end - start) throw new ArchiveError('the file is shorter than it says')
    this.#pieces.push({ start, bytes })
  }

  /**
   * Bytes that were fetched.
   * @throws {ArchiveError} when they were not
   */
  slice(start: number, end: number): Buffer {
    if (start === end) return Buffer.alloc(0)
    const piece = this.#find(start, end)
    if (piece === undefined) throw new ArchiveError('an offset points to a wrong place')
    return piece.bytes.subarray(start - piece.start, end - piece.start)
  }

  #find(start: number, end: number) {
    return this.#pieces.find(
      piece => piece.start <= start && end <= piece.start + piece.bytes.length,
    )
  }
}
