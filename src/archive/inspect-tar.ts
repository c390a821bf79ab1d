import { ArchiveError } from './archive-error.ts'
import { ByteQueue } from './byte-queue.ts'
import { gunzipped } from './gunzipped.ts'
import { openPlain } from './source.ts'
import { TarCheck } from './tar-check.ts'
import { tarMembers } from './tar-members.ts'
import { largestMetadata } from './wheel.ts'

// Some ten seconds of one thread of the pool; the largest real ones have some hundred megabytes.
const mostUnpacked = 4 * 1024 * 1024 * 1024

// As for ZIP archives: what is packed better than this is a bomb (faults P10 and P12).
const bestRatio = 50
const leastBomb = 64 * 1024 * 1024

/**
 * The PKG-INFO in the top directory of a tar archive, after the archive was read to its end and
 * everything in it found to be harmless. Nothing is unpacked to the disk.
 * @param size of the file in bytes
 * @param isSdist there must be one top directory, and a PKG-INFO in it; else undefined is returned
 * @throws {ArchiveError} when it is broken, hostile or beyond our limits; system errors as they come
 */
export const inspectTar = async (
  path: string,
  size: number,
  { isPacked, isSdist }: { readonly isPacked: boolean; readonly isSdist: boolean },
): Promise<Buffer | undefined> => {
  const chunks = isPacked ? gunzipped(path, size) : plainChunks(path)
  const queue = new ByteQueue(bounded(chunks, size))
  const check = new TarCheck(isSdist ? 1 : Infinity)
  let metadata: Buffer | undefined
  let isEmpty = true
  try {
    for await (const member of tarMembers(queue)) {
      isEmpty = false
      const parts = check.judge(member)
      if (!isSdist || parts.length !== 2 || parts[1] !== 'PKG-INFO') continue
      if (metadata !== undefined) throw new ArchiveError('its PKG-INFO is there twice')
      if (!/^[07]$/.test(member.type)) throw new ArchiveError('its PKG-INFO is no plain file')
      metadata = await member.data(largestMetadata)
    }
  } finally {
    await queue.close()
  }
  if (isEmpty) throw new ArchiveError('it has no members')
  if (isSdist && metadata === undefined)
    throw new ArchiveError('it has no PKG-INFO in its top directory')
  return metadata
}

async function* plainChunks(path: string): AsyncGenerator<Buffer, void> {
  const handle = await openPlain(path)
  const stream = handle.createReadStream({ highWaterMark: 128 * 1024 })
  try {
    yield* stream as AsyncIterable<Buffer>
  } finally {
    stream.destroy()
  }
}

async function* bounded(chunks: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer, void> {
  let unpacked = 0
  for await (const chunk of chunks) {
    unpacked += chunk.length
    if (unpacked > mostUnpacked)
      throw new ArchiveError(`it unpacks to more than ${mostUnpacked} bytes`)
    if (unpacked > leastBomb && unpacked > bestRatio * size)
      throw new ArchiveError(`it unpacks to ${bestRatio} times its size: it looks like a bomb`)
    yield chunk
  }
}
