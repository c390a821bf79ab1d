import { pipeline, Readable } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { ArchiveError } from './archive-error.ts'
import { shownPath } from './member-path.ts'
import type { RandomAccess } from './source.ts'
import type { PackedMember } from './strict-zip.ts'
import { localEnd, localLength } from './zip-record.ts'

const stride = 64 * 1024

/**
 * Where the data of a member begins.
 * @param end where the members end, so that no member reaches beyond
 * @throws {ArchiveError} when it has no header there, or does not fit
 */
export const dataStart = async (
  source: RandomAccess,
  { path, record }: PackedMember,
  end: number,
): Promise<number> => {
  const header = localEnd(await source.read(record.offset, localLength))
  const start = record.offset + (header ?? Infinity)
  if (!(start + record.packed <= end)) throw new ArchiveError(`${shownPath(path)} is damaged`)
  return start
}

/**
 * What a member of a ZIP archive unpacks to, chunk by chunk, at the consumer's pace. The last chunk
 * comes only when all of it is known to be what its header says.
 * @param end where the members end
 * @throws {ArchiveError} when it is damaged or unpacks to more than it says; whatever `source` throws
 */
export async function* unpacked(
  source: RandomAccess,
  member: PackedMember,
  end: number,
): AsyncGenerator<Buffer, void> {
  const { path, record } = member
  const start = await dataStart(source, member, end)
  const packed = piecesOf(source, start, start + record.packed)
  let size = 0
  let crc = 0
  let last: Buffer | undefined
  for await (const chunk of record.method === 0 ? packed : inflated(packed, path)) {
    size += chunk.length
    if (size > record.size)
      throw new ArchiveError(`${shownPath(path)} unpacks to more than it says`)
    crc = crc32(chunk, crc)
    if (last !== undefined) yield last
    last = chunk
  }
  if (size !== record.size || crc !== record.crc)
    throw new ArchiveError(`${shownPath(path)} is damaged`)
  if (last !== undefined) yield last
}

async function* piecesOf(
  source: RandomAccess,
  start: number,
  end: number,
): AsyncGenerator<Buffer, void> {
  for (let at = start; at < end; at += stride) {
    const length = Math.min(stride, end - at)
    const bytes = await source.read(at, length)
    if (bytes.length < length) throw new ArchiveError('the file is shorter than it says')
    yield bytes
  }
}

async function* inflated(
  packed: AsyncGenerator<Buffer, void>,
  path: string,
): AsyncGenerator<Buffer, void> {
  // A failure reaches the consumer through the last stream; the callback only takes note of it.
  const stream = pipeline(Readable.from(packed), createInflateRaw({ chunkSize: stride }), () => {})
  try {
    yield* stream as AsyncIterable<Buffer>
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_') === true)
      throw new ArchiveError(`${shownPath(path)} is damaged`, { cause: error })
    throw error
  } finally {
    stream.destroy()
  }
}
