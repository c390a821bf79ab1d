import { createHash, type Hash } from 'node:crypto'
import { ArchiveError } from '../archive/archive-error.ts'
import { ByteQueue } from '../archive/byte-queue.ts'
import { shownPath } from '../archive/member-path.ts'
import { paxRecords } from '../archive/pax.ts'
import { blockSize, isTar, tarHeader } from '../archive/tar-header.ts'
import { formatVersion, readSeal, sealPath } from './seal.ts'

/** A member of an export. */
export interface ArchiveMember {
  readonly path: string
  readonly kind: 'file' | 'directory'
  readonly size: number
  readonly mode: number
  /** Seconds since 1970. */
  readonly modified: number
  /** Its bytes, to be taken before the next member is asked for. */
  data(): AsyncGenerator<Buffer, void>
}

const piece = 256 * 1024
const largestHeader = 64 * 1024

const octal = (block: Buffer, start: number, end: number): number => {
  const digits = block.toString('latin1', start, end).replace(/[ \0].*$/s, '')
  if (!/^[0-7]{1,12}$/.test(digits)) throw new ArchiveError('the header of a member is damaged')
  return Number.parseInt(digits, 8)
}

const isHidden = (chunk: Buffer): boolean => chunk.some(byte => byte !== 0)

const padded = (size: number): number => Math.ceil(size / blockSize) * blockSize

/** Reads an export from its front to its end, and finds out whether it is whole. */
export class ArchiveReader {
  readonly #queue: ByteQueue
  readonly #hash: Hash = createHash('sha256')

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#queue = new ByteQueue(chunks)
  }

  /**
   * The members but the seal. What they hold is known to be right only when this has ended.
   * @throws {ArchiveError} for what is no export, one that was cut or damaged, and for members that
   *   are neither files nor directories
   */
  async *members(): AsyncGenerator<ArchiveMember, void> {
    let path: string | undefined
    for (let isFirst = true; ; isFirst = false) {
      const block = await this.#queue.take(blockSize)
      if (block === undefined || (isFirst && !isTar(block)))
        throw new ArchiveError(isFirst ? 'it is no tar archive' : 'it was cut off')
      const header = tarHeader(block)
      if (header === undefined)
        throw new ArchiveError('it has no seal: it is no export, or was cut')
      if (header.path === sealPath && path === undefined) return this.#finish(header.size)
      this.#hash.update(block)
      if (header.type === 'x') {
        path = await this.#longPath(header.size)
        continue
      }
      const member = this.#member({ ...header, path: path ?? header.path }, block)
      path = undefined
      yield member
      for await (const _ of member.data()) {
        // What nobody asked for is passed over.
      }
    }
  }

  async #longPath(size: number): Promise<string> {
    if (size > largestHeader) throw new ArchiveError('an extended header is too large')
    const bytes = await this.#taken(padded(size))
    const path = paxRecords(bytes.subarray(0, size)).get('path')
    if (path === undefined) throw new ArchiveError('an extended header gives no path')
    return path
  }

  #member(
    { path, type, size }: { path: string; type: string; size: number },
    block: Buffer,
  ): ArchiveMember {
    if (type !== '0' && type !== '5')
      throw new ArchiveError(`${shownPath(path)} is neither a plain file nor a directory`)
    let left = size
    const taken = (length: number) => this.#taken(length)
    async function* data(): AsyncGenerator<Buffer, void> {
      while (left > 0) {
        const length = Math.min(piece, left)
        const isLast = length === left
        const bytes = await taken(isLast ? padded(length) : length)
        left -= length
        yield bytes.subarray(0, length)
      }
    }
    const kind = type === '0' ? 'file' : 'directory'
    const [mode, modified] = [octal(block, 100, 108), octal(block, 136, 148)]
    return { path, kind, size, mode, modified, data }
  }

  async #taken(length: number): Promise<Buffer> {
    const bytes = await this.#queue.take(length)
    if (bytes === undefined) throw new ArchiveError('it ends in the middle of a member')
    this.#hash.update(bytes)
    return bytes
  }

  async #finish(size: number): Promise<void> {
    const digest = this.#hash.digest('hex')
    if (size > largestHeader) throw new ArchiveError('its seal is too large')
    const bytes = await this.#queue.take(padded(size))
    const seal = bytes === undefined ? undefined : readSeal(bytes.toString('utf8', 0, size))
    if (bytes === undefined || seal === undefined) throw new ArchiveError('its seal is damaged')
    if (seal.version > formatVersion)
      throw new ArchiveError(`it was made by a later version (format ${seal.version})`)
    if (seal.sha256 !== digest) throw new ArchiveError('it is damaged: its digest differs')
    let hides = isHidden(bytes.subarray(size))
    for await (const chunk of this.#queue.rest()) hides ||= isHidden(chunk)
    if (hides) throw new ArchiveError('something stands behind its end')
  }
}
