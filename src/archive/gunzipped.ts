import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ArchiveError } from './archive-error.ts'
import { openPlain } from './source.ts'

const chunkSize = 128 * 1024

/**
 * What a gzip file unpacks to, chunk by chunk, unpacked in the thread pool at the consumer's pace.
 * @param size of the file; when given, something behind the packed data is an error as well
 * @throws {ArchiveError} when it is no gzip file, damaged or cut short; system errors as they come
 */
export async function* gunzipped(path: string, size?: number): AsyncGenerator<Buffer, void> {
  const handle = await openPlain(path)
  const packed = handle.createReadStream({ highWaterMark: chunkSize })
  // A failure reaches the consumer through the last stream; the callback only takes note of it.
  const unpacked = pipeline(packed, createGunzip({ chunkSize }), () => {})
  try {
    yield* unpacked as AsyncIterable<Buffer>
    if (size !== undefined && unpacked.bytesWritten !== size)
      throw new ArchiveError('something stands behind the packed data')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_') === true) throw new ArchiveError(message, { cause: error })
    throw error
  } finally {
    unpacked.destroy()
  }
}
