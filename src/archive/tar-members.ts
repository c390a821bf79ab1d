import { ArchiveError } from './archive-error.ts'
import type { ByteQueue } from './byte-queue.ts'
import { paxRecords } from './pax.ts'
import { blockSize, tarHeader, type TarHeader } from './tar-header.ts'

const mostEntries = 100_000
const largestHeader = 1024 * 1024

/** A member of a tar archive, with what extended headers say of it. */
export interface TarMember extends TarHeader {
  /**
   * The member's data, to be asked for before the next member is.
   * @throws {ArchiveError} when there are more than `most` bytes
   */
  data(most: number): Promise<Buffer>
}

const padded = (size: number): number => Math.ceil(size / blockSize) * blockSize

/**
 * The members of a tar archive from the front to its end (POSIX ustar and pax, GNU long names).
 * @throws {ArchiveError} for a damaged archive, one that hides something behind its end, and one
 *   with sparse files or headers that readers understand differently (fault P12); whatever the
 *   queue throws
 */
export async function* tarMembers(queue: ByteQueue): AsyncGenerator<TarMember, void> {
  let changes: Partial<TarHeader> = {}
  for (let count = 0; count < mostEntries; count++) {
    const block = await queue.take(blockSize)
    const header = block === undefined ? undefined : tarHeader(block)
    if (header === undefined) return checkRest(queue)
    if (isExtension(header)) {
      changes = { ...changes, ...(await extension(queue, header)) }
      continue
    }
    let left = padded(header.size)
    const data = async (most: number) => {
      if (header.size > most)
        throw new ArchiveError(`a member that must be read has more than ${most} bytes`)
      left = 0
      return takeData(queue, header.size)
    }
    yield { ...header, ...changes, data }
    changes = {}
    await queue.skip(left)
  }
  throw new ArchiveError(`it has more than ${mostEntries} members`)
}

const takeData = async (queue: ByteQueue, size: number): Promise<Buffer> => {
  const bytes = await queue.take(padded(size))
  if (bytes === undefined) throw new ArchiveError('it ends in the middle of a member')
  return bytes.subarray(0, size)
}

// Headers for the next member: of POSIX, for it or for all that follow, and of GNU.
const isExtension = ({ type }: TarHeader): boolean => /^[xgLK]$/.test(type)

const extension = async (queue: ByteQueue, header: TarHeader): Promise<Partial<TarHeader>> => {
  const { type, size } = header
  if (size > largestHeader)
    throw new ArchiveError(`an extended header has more than ${largestHeader} bytes`)
  const data = size === 0 ? Buffer.alloc(0) : await takeData(queue, size)
  if (type === 'L' || type === 'K') {
    const end = data.indexOf(0)
    const text = data.toString('utf8', 0, end < 0 ? size : end)
    return type === 'L' ? { path: text } : { linkPath: text }
  }
  const records = paxRecords(data)
  if (type === 'g' && (records.has('path') || records.has('linkpath')))
    throw new ArchiveError('a header gives one name to all members')
  const path = records.get('path')
  const linkPath = records.get('linkpath')
  return { ...(path !== undefined && { path }), ...(linkPath !== undefined && { linkPath }) }
}

// Some readers stop at the first block of zeros, some at the second, some never.
const checkRest = async (queue: ByteQueue): Promise<void> => {
  for await (const chunk of queue.rest())
    if (chunk.some(byte => byte !== 0)) throw new ArchiveError('something stands behind its end')
}
