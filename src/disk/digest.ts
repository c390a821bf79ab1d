import { createHash } from 'node:crypto'
import { appendFileSync, type BigIntStats } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { bounded } from '../bounded.ts'
import { Flight } from '../flight.ts'
import type { Name } from '../spec/project-name.ts'
import { hasCode } from './error-code.ts'
import { parseObject } from './json.ts'
import type { Layout } from './layout.ts'
import { asItLies, readRange } from './read.ts'
import { identityOf, linkStatsOf } from './stamp.ts'
import { inDirectory, replace } from './write.ts'

/**
 * The sha256 of a file on disk, as lower-case hex. The file must not change meanwhile.
 * @throws {ShortFileError} when it has become shorter; system errors
 */
export const sha256Of = async (path: string, size: number): Promise<string> => {
  const handle = await open(path, asItLies)
  try {
    const hash = createHash('sha256')
    for await (const chunk of readRange(handle.fd, 0, size)) hash.update(chunk)
    return hash.digest('hex')
  } finally {
    await handle.close()
  }
}

interface Known {
  /** Which file was read, and how far. */
  readonly inode: bigint
  length: number
  lines: number
  readonly digests: Map<string, { readonly identity: string; readonly sha256: string }>
}

/** Lines that nobody needs any more, before the file is written anew. */
const superfluous = 1000

/**
 * The hashes of files, remembered with the state each file was in: a file is hashed again when
 * anything about it changed (rule R4). The memory is a file of appended lines for each project, so
 * that processes seldom lose each other's; a torn line is skipped, the last one counts.
 */
export class Digests {
  readonly #layout: Layout
  readonly #known = bounded<Name, Known>(2000)
  readonly #hashing = new Flight<string>()
  readonly #loading = new Flight<Known | undefined>()

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** The sha256 of a file in the state that `stats` tell. */
  async of(name: Name, filename: string, path: string, stats: BigIntStats): Promise<string> {
    const identity = identityOf(stats)
    const known = await this.#lookUp(name, filename, identity)
    if (known !== undefined) return known
    return this.#hashing.run(`${path} ${identity}`, async () => {
      const sha256 = await sha256Of(path, Number(stats.size))
      await this.remember(name, filename, stats, sha256)
      return sha256
    })
  }

  /** Notes the hash of a file which the caller has computed. A note that cannot be made is no failure. */
  async remember(name: Name, filename: string, stats: BigIntStats, sha256: string): Promise<void> {
    const identity = identityOf(stats)
    const line = `${JSON.stringify({ filename, identity, sha256 })}\n`
    const path = this.#layout.digests(name)
    const known = this.#known.get(name) ?? { inode: 0n, length: 0, lines: 0, digests: new Map() }
    known.digests.set(filename, { identity, sha256 })
    this.#known.set(name, known)
    const append = () => appendFileSync(path, line)
    await inDirectory(dirname(path), append, { durable: false }).catch(() => {})
  }

  /** True when this very state of the file was hashed before. */
  async knows(name: Name, filename: string, stats: BigIntStats): Promise<boolean> {
    return (await this.#lookUp(name, filename, identityOf(stats))) !== undefined
  }

  /** The hash of this very state of the file, if it was computed before. */
  recall(name: Name, filename: string, stats: BigIntStats): Promise<string | undefined> {
    return this.#lookUp(name, filename, identityOf(stats))
  }

  async #lookUp(name: Name, filename: string, identity: string): Promise<string | undefined> {
    const held = this.#known.get(name)?.digests.get(filename)
    if (held?.identity === identity) return held.sha256
    const digest = (await this.#loading.run(name, () => this.#load(name)))?.digests.get(filename)
    return digest?.identity === identity ? digest.sha256 : undefined
  }

  /** What is remembered now, by reading only what was appended since the last look. */
  async #load(name: Name): Promise<Known | undefined> {
    const path = this.#layout.digests(name)
    const stats = linkStatsOf(path)
    const held = this.#known.get(name)
    if (stats === undefined || !stats.isFile()) return held
    const same = held?.inode === stats.ino && held.length <= stats.size ? held : undefined
    const known = same ?? { inode: stats.ino, length: 0, lines: 0, digests: new Map(held?.digests) }
    const bytes = await readAppended(path, known.length, Number(stats.size))
    // A last line without its end may be one that is just being written.
    const end = bytes.lastIndexOf('\n') + 1
    known.length += end
    const lines = bytes.toString('utf8', 0, end).split('\n')
    for (const line of lines.slice(0, -1)) this.#learn(known, line)
    this.#known.set(name, known)
    if (known.lines > 2 * known.digests.size + superfluous) await this.#rewrite(name, known)
    return known
  }

  #learn(known: Known, line: string): void {
    known.lines += 1
    const { filename, identity, sha256 } = parseObject(line) ?? {}
    if (typeof filename === 'string' && typeof identity === 'string' && typeof sha256 === 'string')
      known.digests.set(filename, { identity, sha256 })
  }

  // What another process appends meanwhile is lost, and hashed once more.
  async #rewrite(name: Name, { digests }: Known): Promise<void> {
    const lines = [...digests].map(([filename, digest]) => JSON.stringify({ filename, ...digest }))
    const text = lines.map(line => `${line}\n`).join('')
    await replace(this.#layout, this.#layout.digests(name), text).catch(() => {})
  }
}

// Unreadable is as good as absent here: the file is hashed again.
const readAppended = async (path: string, start: number, end: number): Promise<Buffer> => {
  if (start >= end) return Buffer.alloc(0)
  try {
    const handle = await open(path, asItLies)
    try {
      const buffer = Buffer.alloc(end - start)
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, start)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EISDIR', 'EIO', 'ELOOP')) return Buffer.alloc(0)
    throw error
  }
}
