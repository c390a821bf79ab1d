import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { borrowBuffer, returnBuffer } from './buffers.ts'
import { createHasher, type Hasher, type HashName } from './hashing.ts'
import { forgetPieces } from './spent-pieces.ts'
import { discard, inDirectory, uniqueName } from './write.ts'

/** Bytes after which the disk is set to work on what was written, so that little is left for the end. */
const stride = 32 * 1024 * 1024

/** Buffers that may wait to be written: the disk takes some late, above all while it is pushed. */
const mostWaiting = 6

/** How many files of this process may be pushed to the disk before their end: each occupies a thread of the pool. */
const mostPushing = 2
const pushing = new Set<Spool>()

/**
 * A temporary file that is hashed while it is written. Bytes are gathered, so that the disk gets few
 * large writes; while the thread pool writes some buffers, this thread hashes them and fills another.
 */
export class Spool {
  readonly path: string
  /** Bytes so far. */
  size = 0
  readonly #handle: FileHandle
  readonly #hashers: ReadonlyMap<HashName, Hasher>
  #buffer: Buffer | undefined
  #filled = 0
  /** Of buffers that are written or wait for it, in order; they never fail, but leave an error. */
  readonly #writes: Promise<void>[] = []
  #error: Error | undefined
  #pushing: Promise<void> | undefined
  #pushed = 0

  private constructor(path: string, handle: FileHandle, hashers: ReadonlyMap<HashName, Hasher>) {
    this.path = path
    this.#handle = handle
    this.#hashers = hashers
  }

  /** A new file in a directory, which is made if it is missing; `names` are hashed on the way. */
  static async open(directory: string, names: Iterable<HashName>): Promise<Spool> {
    const hashers = new Map<HashName, Hasher>()
    for (const name of names) hashers.set(name, await createHasher(name))
    const path = join(directory, uniqueName())
    const openNew = () => open(path, 'wx', 0o644)
    return new Spool(path, await inDirectory(directory, openNew, { durable: false }), hashers)
  }

  /** Takes bytes, which may be used again when it resolves. A slow disk makes it wait. */
  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const buffer = (this.#buffer ??= borrowBuffer())
      const count = bytes.copy(buffer, this.#filled, at)
      at += count
      this.#filled += count
      this.size += count
      if (this.#filled === buffer.length) await this.#flush(buffer)
    }
  }

  /**
   * Makes the file durable and closes it.
   * @returns the digests that were asked for
   */
  async finish(): Promise<ReadonlyMap<HashName, string>> {
    if (this.#buffer !== undefined) await this.#flush(this.#buffer)
    await this.#writes.at(-1)
    this.#throwIfFailed()
    await this.#pushing
    await this.#handle.sync()
    await this.#handle.close()
    return new Map([...this.#hashers].map(([name, hasher]) => [name, hasher.digest()]))
  }

  /** Removes the file, finished or not. */
  async discard(): Promise<void> {
    await Promise.allSettled([...this.#writes, this.#pushing])
    if (this.#buffer !== undefined) returnBuffer(this.#buffer)
    this.#buffer = undefined
    // It may be closed already, which is no trouble.
    await this.#handle.close().catch(() => {})
    await discard(this.path)
  }

  async #flush(buffer: Buffer): Promise<void> {
    while (this.#writes.length === mostWaiting) await this.#writes[0]
    this.#throwIfFailed()
    const bytes = buffer.subarray(0, this.#filled)
    const position = this.size - bytes.length
    this.#buffer = undefined
    this.#filled = 0
    this.#writes.push(this.#write(this.#writes.at(-1), buffer, bytes, position))
    for (const hasher of this.#hashers.values()) hasher.update(bytes)
    forgetPieces(bytes.length)
  }

  #throwIfFailed(): void {
    if (this.#error !== undefined) throw this.#error
  }

  async #write(
    before: Promise<void> | undefined,
    buffer: Buffer,
    bytes: Buffer,
    position: number,
  ): Promise<void> {
    await before
    try {
      if (this.#error === undefined) await this.#store(bytes, position)
    } catch (error) {
      this.#error = error as Error
    } finally {
      returnBuffer(buffer)
      void this.#writes.shift()
    }
  }

  async #store(bytes: Buffer, position: number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, position + at)
      at += bytesWritten
    }
    this.#push(position + bytes.length)
  }

  // The kernel tells only once of a page that could not be written, so a failure is kept for `finish`.
  #push(written: number): void {
    if (written - this.#pushed < stride) return
    if (pushing.has(this) || pushing.size >= mostPushing) return
    pushing.add(this)
    this.#pushed = written
    const before = this.#pushing
    this.#pushing = this.#handle
      .datasync()
      .finally(() => pushing.delete(this))
      .then(() => before)
    this.#pushing.catch(() => {})
  }
}
