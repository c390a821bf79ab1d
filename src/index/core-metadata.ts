import { createHash } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import { orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, statsOf } from '../disk/stamp.ts'
import type { DurableOptions } from '../disk/durable.ts'
import { replaceKnown } from '../disk/replace-known.ts'
import { MemoryFile } from '../disk/memory-file.ts'
import type { Log } from '../log.ts'
import { readCoreMetadata } from '../spec/core-metadata.ts'
import { isWheel, type Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { sdistMetadata, wheelMetadata } from './archives.ts'

/** What a page says of a dropped file from the file's own metadata. */
export interface Told {
  /** sha256 of a wheel's METADATA. */
  readonly metadata?: string | undefined
  readonly requiresPython?: string | undefined
}

/** Bytes of metadata that are kept in memory. */
const memory = 8 * 1024 * 1024

/**
 * The core metadata of wheels (PEP 658), kept beside the wheels under the digest of each wheel, so
 * that two wheels of one name never share it.
 */
export class CoreMetadata {
  readonly #layout: Layout
  readonly #log: Log
  readonly #read = new LRUCache<string, { identity: string; file: MemoryFile }>({
    maxSize: memory,
    sizeCalculation: ({ file }) => file.size + 512,
  })

  constructor(layout: Layout, log: Log) {
    this.#layout = layout
    this.#log = log
  }

  /**
   * The metadata that is kept for a wheel.
   * @param content the wheel's digest, or one of its URL
   * @param expected the digest it must have, where that is known
   */
  async held(
    name: Name,
    filename: Filename,
    content: string,
    expected?: string,
  ): Promise<MemoryFile | undefined> {
    const file = await this.#kept(name, filename, content)
    return expected === undefined || file?.etag === `"${expected}"` ? file : undefined
  }

  async #kept(name: Name, filename: Filename, content: string): Promise<MemoryFile | undefined> {
    const path = this.#layout.metadata(name, filename, content)
    const stats = statsOf(path)
    if (stats === undefined) return undefined
    const identity = identityOf(stats)
    const known = this.#read.get(path)
    if (known?.identity === identity) return known.file
    const bytes = await orAbsent(readFile(path))
    if (bytes === undefined) return undefined
    const file = new MemoryFile(bytes, etagOf(bytes), stats.mtime)
    this.#read.set(path, { identity, file })
    return file
  }

  /**
   * Keeps a wheel's metadata. When it cannot be written it is served all the same.
   * @param durable not needed where its digest is known besides, so that a torn one is noticed
   */
  async keep(
    name: Name,
    filename: Filename,
    content: string,
    bytes: Buffer,
    { durable = true }: DurableOptions = {},
  ): Promise<MemoryFile> {
    const path = this.#layout.metadata(name, filename, content)
    const identity = await replaceKnown(this.#layout, path, bytes, { durable }).catch(
      (error: unknown) => {
        this.#log.warn('metadata not kept', { file: filename, reason: (error as Error).message })
        return undefined
      },
    )
    // The same time that the next answer will give.
    const file = new MemoryFile(bytes, etagOf(bytes), statsOf(path)?.mtime ?? new Date())
    if (identity !== undefined) this.#read.set(path, { identity, file })
    return file
  }

  /**
   * The metadata of a wheel on disk, read out of it if it is not kept yet.
   * @param expected the digest it must have, where that is known
   */
  async fromWheel(
    name: Name,
    filename: Filename,
    path: string,
    size: number,
    sha256: string,
    expected?: string,
  ): Promise<MemoryFile | undefined> {
    const held = await this.held(name, filename, sha256, expected)
    if (held !== undefined) return held
    const handle = await orAbsent(open(path, 'r'))
    if (handle === undefined) return undefined
    try {
      const read = async (start: number, length: number) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start)
        return buffer.subarray(0, bytesRead)
      }
      const bytes = await wheelMetadata({ size, read }, filename)
      return bytes === undefined ? undefined : await this.keep(name, filename, sha256, bytes)
    } finally {
      await handle.close()
    }
  }

  /** What a dropped file tells about itself, by its METADATA or PKG-INFO; nothing when it has none. */
  async ofDropped(
    name: Name,
    filename: Filename,
    path: string,
    size: number,
    sha256: string,
  ): Promise<Told> {
    try {
      if (!isWheel(filename)) return { requiresPython: requiresPython(await sdistMetadata(path)) }
      const metadata = await this.fromWheel(name, filename, path, size, sha256)
      return {
        metadata: metadata?.etag.slice(1, -1),
        requiresPython: requiresPython(metadata?.bytes),
      }
    } catch (error) {
      this.#log.warn('no metadata in a dropped file', {
        file: filename,
        reason: (error as Error).message,
      })
      return {}
    }
  }
}

const requiresPython = (bytes: Buffer | undefined): string | undefined =>
  bytes === undefined ? undefined : readCoreMetadata(bytes.toString('utf8')).requiresPython

const etagOf = (bytes: Buffer): string => `"${createHash('sha256').update(bytes).digest('hex')}"`
