import { LRUCache } from 'lru-cache'
import { ArchiveError } from '../archive/archive-error.ts'
import type { DocTable } from '../archive/doc-zip.ts'
import type { RandomAccess } from '../archive/source.ts'
import type { PackedMember } from '../archive/strict-zip.ts'
import { MemoryFile } from '../disk/memory-file.ts'
import type { WholeFile } from '../disk/open-files.ts'
import type { Resource } from '../disk/resource.ts'
import { Flight } from '../flight.ts'
import { HttpError } from '../http/error.ts'

// Members whose places are remembered, of all archives together.
const tables = new LRUCache<string, { table: DocTable | undefined }>({
  maxSize: 60_000,
  sizeCalculation: ({ table }) => 1 + (table?.members.size ?? 0),
})
const reading = new Flight<DocTable | undefined>()

// The readers of archives are loaded when there is something to read.
const reader = () => import('../archive/doc-zip.ts')
const unpacker = () => import('../archive/unpacked.ts')

/**
 * Refuses an archive of documentation that is broken or hostile (faults P10, P11, P30).
 * @throws {HttpError} 400 with the reason; system errors
 */
export const checkDocs = async (path: string): Promise<void> => {
  try {
    await (await reader()).checkDocZip(path)
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    throw new HttpError(400, `the documentation is refused: ${error.message}`, { cause: error })
  }
}

/** The contents of an archive of documentation; undefined when it is broken or hostile. */
export const contentsOf = async (zip: WholeFile): Promise<DocTable | undefined> => {
  const key = `${zip.path} ${zip.identity}`
  const known = tables.get(key)
  if (known !== undefined) return known.table
  return reading.run(key, async () => {
    const table = await (await reader()).docTable(sourceOf(zip)).catch(noneIn)
    tables.set(key, { table })
    return table
  })
}

const noneIn = (error: unknown): undefined => {
  if (!(error instanceof ArchiveError)) throw error
  return undefined
}

const sourceOf = (zip: WholeFile): RandomAccess => ({
  size: zip.size,
  read: async (start, length) => {
    const end = Math.min(start + length, zip.size)
    const chunks: Buffer[] = []
    // A chunk is good only until the next.
    if (start < end) for await (const chunk of zip.read(start, end)) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks)
  },
})

// What is larger is unpacked while it is sent.
const small = 128 * 1024

/**
 * A member of an archive of documentation, a large one unpacked when it is read. Its entity tag is
 * the archive's, since it changes only with that.
 * @throws {ArchiveError} when it is damaged
 */
export const docMember = async (
  zip: WholeFile,
  { end }: DocTable,
  member: PackedMember,
): Promise<Resource> => {
  const { size, packed } = member.record
  if (size > small || packed > small) return new PackedFile(zip, member, end)
  const { unpacked } = await unpacker()
  const chunks: Buffer[] = []
  for await (const chunk of unpacked(sourceOf(zip), member, end)) chunks.push(chunk)
  return new MemoryFile(Buffer.concat(chunks), zip.etag, zip.modified)
}

/** A large member. Of a packed one all is unpacked up to where a range ends. */
class PackedFile implements Resource {
  readonly size: number
  readonly etag: string
  readonly modified: Date
  readonly whole = true
  readonly #zip: WholeFile
  readonly #member: PackedMember
  readonly #end: number

  constructor(zip: WholeFile, member: PackedMember, end: number) {
    this.size = member.record.size
    this.etag = zip.etag
    this.modified = zip.modified
    this.#zip = zip
    this.#member = member
    this.#end = end
  }

  async *read(start: number, end: number = this.size): AsyncGenerator<Uint8Array, void> {
    const { dataStart, unpacked } = await unpacker()
    const source = sourceOf(this.#zip)
    const isPart = start > 0 || end < this.size
    if (isPart && this.#member.record.method === 0) {
      const data = await dataStart(source, this.#member, this.#end)
      yield* this.#zip.read(data + start, data + end)
      return
    }
    let at = 0
    for await (const chunk of unpacked(source, this.#member, this.#end)) {
      const from = Math.max(0, start - at)
      const to = Math.min(chunk.length, end - at)
      at += chunk.length
      if (from < to) yield chunk.subarray(from, to)
      if (at >= end && end < this.size) return
    }
  }
}
