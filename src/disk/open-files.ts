import { close, fstat, open, type BigIntStats } from 'node:fs'
import { LRUCache } from 'lru-cache'
import { hasCode } from './error-code.ts'
import { asItLies, readRange, ShortFileError } from './read.ts'
import type { Resource } from './resource.ts'
import { identityOf } from './stamp.ts'

/** Files up to this size are kept in memory. */
const smallFile = 64 * 1024
const memory = 16 * 1024 * 1024
const descriptors = 128

/**
 * Whole files, opened once and kept open, the small ones kept in memory: a request then costs one
 * stat, shared with its neighbours, and one read at most. Whoever asks brings the stats of the path,
 * and a file that is another one now is opened anew.
 */
export class OpenFiles {
  readonly #open = new LRUCache<string, WholeFile>({
    max: descriptors,
    dispose: file => file.release(),
  })
  readonly #small = new LRUCache<string, WholeFile>({
    maxSize: memory,
    sizeCalculation: file => file.size + 512,
  })

  /**
   * The file at a path in the state that `stats` (of the path itself, links not followed) tell.
   * Undefined when it is gone, is no plain file or has changed since.
   * @param etag a strong entity tag for these bytes
   * @param modified what clients are told; unless given, the file's mtime
   * @param isLasting as in `Resource`
   */
  async get(
    path: string,
    stats: BigIntStats,
    etag: string,
    modified: Date = stats.mtime,
    isLasting = false,
  ): Promise<WholeFile | undefined> {
    const identity = identityOf(stats)
    const known = this.#small.get(path) ?? this.#open.get(path)
    if (known?.identity === identity) return known
    // What was there before is another file now, perhaps a deleted one: its space is given back.
    if (known !== undefined) this.#forget(path)
    const opened = await openFile(path, identity)
    if (opened === undefined) return undefined
    const file = new WholeFile(
      path,
      opened,
      Number(stats.size),
      etag,
      modified,
      identity,
      isLasting,
    )
    if (file.size > smallFile) {
      this.#open.set(path, file)
      return file
    }
    try {
      await file.keepInMemory()
    } catch (error) {
      if (error instanceof ShortFileError) return undefined
      throw error
    } finally {
      file.release()
    }
    this.#small.set(path, file)
    return file
  }

  #forget(path: string): void {
    this.#open.delete(path)
    this.#small.delete(path)
  }

  /** Closes every descriptor that nobody is reading from. */
  clear(): void {
    this.#open.clear()
    this.#small.clear()
  }
}

/** A finished file. */
export class WholeFile implements Resource {
  readonly size: number
  readonly etag: string
  readonly modified: Date
  readonly whole = true
  readonly identity: string
  readonly isLasting: boolean
  bytes?: Buffer
  /** Where it lies. */
  readonly path: string
  readonly #fd: number
  /** Who holds the descriptor: the cache and each reader. At 0 it is closed, and its number may be another file's. */
  #users = 1

  constructor(
    path: string,
    fd: number,
    size: number,
    etag: string,
    modified: Date,
    identity: string,
    isLasting: boolean,
  ) {
    this.path = path
    this.#fd = fd
    this.size = size
    this.etag = etag
    this.modified = modified
    this.identity = identity
    this.isLasting = isLasting
  }

  async *read(start: number, end: number = this.size): AsyncGenerator<Uint8Array, void> {
    if (this.bytes !== undefined) {
      yield this.bytes.subarray(start, end)
      return
    }
    if (this.#users === 0) {
      yield* this.#readAnew(start, end)
      return
    }
    this.#users += 1
    try {
      yield* readRange(this.#fd, start, end)
    } finally {
      this.release()
    }
  }

  async keepInMemory(): Promise<void> {
    const bytes = Buffer.allocUnsafeSlow(this.size)
    let at = 0
    for await (const chunk of readRange(this.#fd, 0, this.size)) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    this.bytes = bytes
  }

  // It was closed to make room since whoever reads was given it: this reader opens one of its own.
  async *#readAnew(start: number, end: number): AsyncGenerator<Uint8Array, void> {
    const fd = await openFile(this.path, this.identity)
    if (fd === undefined) throw new ShortFileError('the file is gone or has changed')
    try {
      yield* readRange(fd, start, end)
    } finally {
      close(fd, () => {})
    }
  }

  /** Counts one user less; the last one closes the descriptor. */
  release(): void {
    this.#users -= 1
    if (this.#users === 0) close(this.#fd, () => {})
  }
}

const openFile = (path: string, identity: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    open(path, asItLies, (error, fd) => {
      if (error !== null) {
        if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')) resolve(undefined)
        else reject(error)
        return
      }
      fstat(fd, { bigint: true }, (failure, stats) => {
        if (failure === null && stats.isFile() && identityOf(stats) === identity) resolve(fd)
        else close(fd, () => (failure === null ? resolve(undefined) : reject(failure)))
      })
    })
  })
