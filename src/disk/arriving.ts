import { open, type FileHandle } from 'node:fs/promises'
import { borrowBuffer, returnBuffer } from './buffers.ts'
import { hasCode } from './error-code.ts'
import type { Progress } from './progress.ts'
import { readAt } from './read.ts'
import type { Resource } from './resource.ts'

/**
 * A file that is still being downloaded, by this process or another. Each reader follows the file
 * on disk at its own pace; the last byte is withheld until the whole was verified and published, so
 * no client can take a bad download for a good one.
 */
export class Arriving implements Resource {
  readonly etag: string
  readonly modified: Date
  readonly #progress: Progress

  constructor(progress: Progress, etag: string, modified: Date) {
    this.#progress = progress
    this.etag = etag
    this.modified = modified
  }

  get size(): number | undefined {
    return this.#progress.size
  }

  get bytes(): Buffer | undefined {
    return this.#progress.done ? this.#progress.bytes : undefined
  }

  get sha256(): string | undefined {
    return this.#progress.sha256
  }

  get whole(): boolean {
    return this.#progress.done
  }

  async completed(): Promise<void> {
    const progress = this.#progress
    while (!progress.done) {
      if (progress.error !== undefined) throw progress.error
      await progress.changed()
    }
  }

  async *read(start: number, end: number = Infinity): AsyncGenerator<Uint8Array, void> {
    const progress = this.#progress
    const buffer = borrowBuffer()
    const source = new Source()
    try {
      for (let position = start; position < end;) {
        const readable = Math.min(end, progress.done ? progress.length : progress.length - 1)
        if (position < readable && progress.bytes !== undefined) {
          yield progress.bytes.subarray(position, readable)
          position = readable
        } else if (position < readable) {
          const fd = await source.at(progress, start, position)
          if (fd === undefined) continue
          const count = await readAt(
            fd,
            buffer,
            Math.min(buffer.length, readable - position),
            position,
          )
          if (count === 0) throw new Error('the download was replaced while it was read')
          position += count
          yield buffer.subarray(0, count)
        } else if (progress.done) return
        else if (progress.error !== undefined) throw progress.error
        else await progress.changed()
      }
    } finally {
      returnBuffer(buffer)
      await source.close()
    }
  }
}

/** The file that one reader has open: first a part, perhaps another leader's part, at last the published file. */
class Source {
  #handle: FileHandle | undefined
  #path: string | undefined

  /** The descriptor of what has arrived; undefined when that has just moved, and the progress must be looked at again. */
  async at(progress: Progress, start: number, position: number): Promise<number | undefined> {
    const { path, done } = progress
    if (path === undefined) throw new Error('nothing has arrived')
    if (this.#handle !== undefined && this.#path === path) return this.#handle.fd
    const next = await open(path, 'r').catch((error: unknown) => {
      if (hasCode(error, 'ENOENT') && !done) return undefined
      throw error
    })
    if (next === undefined) {
      // It was renamed or given up, and the progress says so in a moment, unless it does already.
      if (progress.path !== path || progress.done) return undefined
      if (progress.error !== undefined) throw progress.error
      await progress.changed()
      return undefined
    }
    const before = this.#handle
    this.#handle = next
    this.#path = path
    if (before === undefined) return next.fd
    try {
      // A new leader has its own part. What was sent already must be what it has, byte for byte.
      if (await agree(before, next, start, position)) return next.fd
      throw new Error('upstream sent other bytes the second time')
    } finally {
      await before.close()
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close()
  }
}

const agree = async (
  a: FileHandle,
  b: FileHandle,
  start: number,
  end: number,
): Promise<boolean> => {
  const [left, right] = await Promise.all([a.stat({ bigint: true }), b.stat({ bigint: true })])
  if (left.ino === right.ino) return true
  const size = 64 * 1024
  const [one, two] = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)]
  for (let at = start; at < end;) {
    const length = Math.min(size, end - at)
    const [x, y] = await Promise.all([readAt(a.fd, one, length, at), readAt(b.fd, two, length, at)])
    const count = Math.min(x, y)
    if (count === 0 || one.compare(two, 0, count, 0, count) !== 0) return false
    at += count
  }
  return true
}
