import { open, rmdir, type FileHandle } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'
import type { Layout } from '../disk/layout.ts'
import type { Progress } from '../disk/progress.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard, inDirectory, publish, writeAside } from '../disk/write.ts'
import type { Order, RandomAccess } from './order.ts'
import { partName } from './parts.ts'

/** What one leader has received of a file. Every byte that others can read is told to the progress. */
export interface Part {
  /** Bytes that have arrived. */
  readonly length: number
  /** Takes more; returns when there is room for the next. Throws the system's error when the disk fails. */
  append(chunk: Uint8Array): Promise<void> | void
  /** What has arrived, once it is the whole. */
  whole(): Promise<RandomAccess>
  /** Has the whole on the disk, though not yet under its name. */
  sync(): Promise<void>
  /**
   * Gives the synced whole its final name.
   * @returns the state in which it has it; undefined when somebody has written there again at once
   */
  publish(path: string): Promise<BigIntStats | undefined>
  /** Removes what was not published. */
  close(): Promise<void>
}

/** Bytes up to which a file is received in memory. */
export const mostInMemory = 256 * 1024

/**
 * Where a file is received: in memory if it is small, else in a file aside which other processes follow.
 * @param size in bytes; undefined while nobody knows
 */
export const openPart = (
  layout: Layout,
  { name, file }: Order,
  size: number | undefined,
  progress: Progress,
): Part | Promise<Part> => {
  // Whoever has read from another leader's file must be able to compare this one with it.
  if (size !== undefined && size <= mostInMemory && progress.path === undefined)
    return new PartInMemory(layout, size, progress)
  return PartFile.open(layout.parts(name, file.filename), size, progress)
}

// As `publish`; gives the state of the file under its name, unless it is another one by now.
const publishAs = async (aside: string, path: string): Promise<BigIntStats | undefined> => {
  const before = linkStatsOf(aside)
  // Its bytes are synced. Should a power cut take its name, it is fetched again.
  await publish(aside, path, { durable: 'content' })
  const after = linkStatsOf(path)
  const isSame =
    after?.ino === before?.ino && after?.mtimeNs === before?.mtimeNs && after?.size === before?.size
  return isSame ? after : undefined
}

class PartInMemory implements Part {
  length = 0
  readonly #layout: Layout
  readonly #bytes: Buffer
  readonly #progress: Progress
  #aside: Promise<string> | undefined

  constructor(layout: Layout, size: number, progress: Progress) {
    this.#layout = layout
    this.#bytes = Buffer.allocUnsafeSlow(size)
    this.#progress = progress
    progress.bytes = this.#bytes
  }

  append(chunk: Uint8Array): void {
    this.#bytes.set(chunk, this.length)
    this.length += chunk.length
    this.#progress.advance(undefined, this.length)
  }

  async whole(): Promise<RandomAccess> {
    const bytes = this.#bytes
    return {
      size: this.length,
      // Copied, since what is read may be kept for long, and these bytes need not be.
      read: async (start, length) => Buffer.from(bytes.subarray(start, start + length)),
    }
  }

  async sync(): Promise<void> {
    this.#aside = writeAside(this.#layout, this.#bytes, { durable: 'content' })
    await this.#aside
  }

  async publish(path: string): Promise<BigIntStats | undefined> {
    return publishAs((await this.#aside) as string, path)
  }

  async close(): Promise<void> {
    // It may be just being written. What cannot be written is removed already.
    const aside = await this.#aside?.catch(() => undefined)
    if (aside !== undefined) await discard(aside)
  }
}

/** Bytes that may wait to be written before no more are taken. */
const most = 1024 * 1024

class PartFile implements Part {
  length = 0
  readonly #directory: string
  readonly #path: string
  readonly #handle: FileHandle
  readonly #progress: Progress
  #waiting: Uint8Array[] = []
  #written = 0
  #writing: Promise<void> | undefined
  #error: Error | undefined

  private constructor(directory: string, path: string, handle: FileHandle, progress: Progress) {
    this.#directory = directory
    this.#path = path
    this.#handle = handle
    this.#progress = progress
  }

  static async open(
    directory: string,
    size: number | undefined,
    progress: Progress,
  ): Promise<PartFile> {
    const path = join(directory, partName(size))
    const handle = await inDirectory(directory, () => open(path, 'wx+'), { durable: false })
    return new PartFile(directory, path, handle, progress)
  }

  // Upstream goes on sending while the disk is written to.
  append(chunk: Uint8Array): Promise<void> | void {
    if (this.#error !== undefined) throw this.#error
    this.length += chunk.length
    this.#waiting.push(chunk)
    this.#writing ??= this.#write()
    if (this.length - this.#written >= most) return this.#drained()
  }

  async whole(): Promise<RandomAccess> {
    await this.#drained()
    return {
      size: this.length,
      read: async (start, length) => {
        const { buffer, bytesRead } = await this.#handle.read(
          Buffer.alloc(length),
          0,
          length,
          start,
        )
        return buffer.subarray(0, bytesRead)
      },
    }
  }

  async sync(): Promise<void> {
    await this.#drained()
    await this.#handle.sync()
  }

  publish(path: string): Promise<BigIntStats | undefined> {
    return publishAs(this.#path, path)
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#handle.close()
    await discard(this.#path)
    // The directory goes with its last part; another leader's part keeps it.
    await rmdir(this.#directory).catch(() => {})
  }

  async #drained(): Promise<void> {
    await this.#writing
    if (this.#error !== undefined) throw this.#error
  }

  // Never throws: whoever appends next is told.
  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const chunks = this.#waiting
        this.#waiting = []
        await this.#writeAll(chunks)
      }
    } catch (error) {
      this.#error = error as Error
    } finally {
      this.#writing = undefined
    }
  }

  async #writeAll(chunks: Uint8Array[]): Promise<void> {
    for (let left = chunks; left.length > 0;) {
      const { bytesWritten } = await this.#handle.writev(left, this.#written)
      this.#written += bytesWritten
      this.#progress.advance(this.#path, this.#written)
      left = withoutFirst(left, bytesWritten)
    }
  }
}

/** What is left of chunks without so many bytes at their beginning. */
const withoutFirst = (chunks: readonly Uint8Array[], bytes: number): Uint8Array[] => {
  let skip = bytes
  return chunks.flatMap(chunk => {
    const rest = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - rest.length
    return rest.length === 0 ? [] : [rest]
  })
}
