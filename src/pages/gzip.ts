import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGzip, gzip as gzipCallback, gzipSync } from 'node:zlib'

const gzip = promisify<Buffer, { level: number }, Buffer>(gzipCallback)

// Hashes hardly shrink: more effort costs time and gains nothing.
const level = 6

// Up to here the way to the thread pool and back takes longer than the work.
const small = 8 * 1024

/** Bytes compressed; more than a few in the thread pool. */
export const compress = (bytes: Buffer): Buffer | Promise<Buffer> =>
  bytes.length <= small ? gzipSync(bytes, { level }) : gzip(bytes, { level })

/** The same for chunks while they come; throws what they throw. */
export const compressChunks = async function* (
  chunks: AsyncIterable<string | Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = createGzip({ level })
  const running = pipeline(chunks, stream)
  // Its failure also ends the stream, and is thrown there.
  running.catch(() => {})
  yield* stream
  await running
}
