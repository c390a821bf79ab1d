import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { lstat, type FileHandle } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { openPlain } from '../archive/source.ts'
import { hasCode } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import type { Log } from '../log.ts'
import { sealPath, writeSeal } from './seal.ts'
import { survey, type Found } from './survey.ts'
import { largest, memberHeader, padding } from './tar-header.ts'

/** What was exported. */
export interface Exported {
  readonly files: number
  readonly bytes: number
  /** Dropped files that are left out, since they may still be growing. */
  readonly unfinished: readonly string[]
}

/** Takes bytes; resolves when it can take more. */
export type Sink = (bytes: Uint8Array) => Promise<void>

const piece = 256 * 1024

// Secrets stay secrets; nothing else of the modes of a file system means anything elsewhere.
const modeOf = (mode: number, kind: Found['kind']): number => {
  const isSecret = (mode & 0o077) === 0
  if (kind === 'directory') return isSecret ? 0o700 : 0o755
  return isSecret ? 0o600 : 0o644
}

const opened = async (path: string): Promise<FileHandle | undefined> => {
  try {
    return await openPlain(path)
  } catch (error) {
    // Deleted, moved or pruned since it was found.
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

async function* contents(handle: FileHandle, size: number, name: string): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(piece, size))
  for (let at = 0; at < size;) {
    const length = Math.min(buffer.length, size - at)
    const { bytesRead } = await handle.read(buffer, 0, length, at)
    if (bytesRead === 0) throw new Error(`${name} became shorter while it was read; try again`)
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** Writes the state of a directory as a tar archive; the same state gives the same bytes. */
export class Export {
  readonly #layout: Layout
  readonly #sink: Sink
  readonly #settle: number
  readonly #log: Log
  readonly #hash = createHash('sha256')
  readonly #unfinished: string[] = []
  #files = 0
  #bytes = 0

  /**
   * @param sink takes the archive
   * @param settle seconds for which a dropped file may still be growing
   */
  constructor(layout: Layout, { sink, settle, log }: { sink: Sink; settle: number; log: Log }) {
    this.#log = log
    this.#layout = layout
    this.#sink = sink
    this.#settle = settle
  }

  /**
   * Does it. Servers may go on writing: what is published meanwhile is in the archive or not.
   * @param withCache takes along what could be fetched or made again
   * @throws naming a file that cannot be read, or that became shorter meanwhile, or the project and
   * index of pushes that do not come to an end
   */
  async run(withCache: boolean): Promise<Exported> {
    for await (const found of survey(this.#layout, withCache, this.#log))
      if (found.kind === 'file') await this.#writeFile(found)
      else await this.#writeDirectory(found)
    const seal = Buffer.from(writeSeal(this.#hash.digest('hex')))
    const member = { path: sealPath, size: seal.length, mode: 0o644, modified: 0 }
    const end = Buffer.alloc(1024)
    for (const bytes of [memberHeader(member), seal, padding(seal.length), end])
      await this.#sink(bytes)
    return { files: this.#files, bytes: this.#bytes, unfinished: this.#unfinished }
  }

  // Whether a directory is there can mean something; when it was changed does not.
  async #writeDirectory({ name, path }: Found): Promise<void> {
    const mode = modeOf((await lstat(path)).mode, 'directory')
    await this.#write(memberHeader({ path: `${name}/`, size: 0, mode, modified: 0 }))
  }

  async #writeFile({ path, name, mayGrow }: Found): Promise<void> {
    const handle = await opened(path)
    if (handle === undefined) return
    try {
      const stats = mayGrow ? await this.#settled(handle) : await handle.stat()
      if (stats === undefined) {
        this.#unfinished.push(name)
        return
      }
      const { size, mode, mtimeMs } = stats
      if (size > largest) throw new Error(`${name} is larger than a tar archive can tell`)
      const modified = Math.max(0, Math.floor(mtimeMs / 1000))
      await this.#write(memberHeader({ path: name, size, mode: modeOf(mode, 'file'), modified }))
      for await (const bytes of contents(handle, size, name)) await this.#write(bytes)
      await this.#write(padding(size))
      this.#files += 1
      this.#bytes += size
    } finally {
      await handle.close()
    }
  }

  // Undefined while somebody writes it. What is no more than new is waited for, and its like with it.
  async #settled(handle: FileHandle): Promise<Stats | undefined> {
    const before = await handle.stat()
    if (Date.now() - before.mtimeMs >= this.#settle * 1000) return before
    await pause(this.#settle * 1000)
    const after = await handle.stat()
    return after.size === before.size && after.mtimeMs === before.mtimeMs ? after : undefined
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    this.#hash.update(bytes)
    await this.#sink(bytes)
  }
}
