import { discardAnswer, UpstreamError, type UpstreamClient } from './client.ts'
import type { RandomAccess } from './order.ts'

/** How much of the end of a file is fetched first: a wheel's directory is there, and mostly fits. */
const tail = 64 * 1024

/**
 * A file at an upstream as bytes that can be read at any place, by range requests. The end comes
 * first and is kept.
 * @returns undefined when upstream does not serve ranges of it
 * @throws {UpstreamError} when upstream fails
 */
export const remoteFile = async (
  client: UpstreamClient,
  url: URL,
  size: number,
): Promise<RandomAccess | undefined> => {
  const kept = Math.min(tail, size)
  const end = await range(client, url, size, size - kept, kept)
  if (end === undefined) return undefined
  return {
    size,
    read: async (start, length) => {
      if (start >= size - kept)
        return end.subarray(start - size + kept, start - size + kept + length)
      const bytes = await range(client, url, size, start, length)
      if (bytes === undefined)
        throw new UpstreamError('invalid', `upstream serves no ranges of ${url.pathname} any more`)
      return bytes
    },
  }
}

const range = async (
  client: UpstreamClient,
  url: URL,
  size: number,
  start: number,
  length: number,
): Promise<Buffer | undefined> => {
  const last = Math.min(size, start + length) - 1
  const answer = await client.get(url, {
    headers: { range: `bytes=${start}-${last}` },
    kind: 'metadata',
  })
  if (
    answer.status !== 206 ||
    answer.headers.get('content-range') !== `bytes ${start}-${last}/${size}`
  ) {
    discardAnswer(answer)
    return undefined
  }
  return collect(client.bytesOf(answer), last - start + 1)
}

const collect = async (chunks: AsyncIterable<Buffer>, most: number): Promise<Buffer> => {
  const kept: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > most) throw new UpstreamError('invalid', `upstream sent more than ${most} bytes`)
    kept.push(chunk)
  }
  return Buffer.concat(kept)
}

/**
 * The whole of a small answer.
 * @returns undefined for any status but 200
 * @throws {UpstreamError} when upstream fails or sends more than `most` bytes
 */
export const wholeAnswer = async (
  client: UpstreamClient,
  url: URL,
  most: number,
): Promise<Buffer | undefined> => {
  const answer = await client.get(url, { kind: 'metadata' })
  if (answer.status === 200) return collect(client.bytesOf(answer), most)
  discardAnswer(answer)
  return undefined
}
