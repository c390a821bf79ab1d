import { pipeline, type Duplex, type Readable } from 'node:stream'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  type BrotliDecompress,
} from 'node:zlib'
import { explain, type troubleWith } from './upstream-error.ts'

type Decoder = Duplex & Pick<BrotliDecompress, 'bytesWritten'>

const decoders = new Map<string, () => Decoder>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
])

interface Encoded {
  readonly status: number
  readonly url: URL
  readonly headers: ReadonlyMap<string, string>
  readonly body: Readable
}

const codingsOf = ({ headers, url }: Encoded): string[] => {
  const codings = (headers.get('content-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .map(coding => coding.trim())
    .filter(coding => coding !== '' && coding !== 'identity')
  // Some servers call a .tar.gz itself `Content-Encoding: gzip`; its bytes are the file's all the same.
  const isMisnamed = /\.t?gz$/i.test(url.pathname) && /^(?:x-)?gzip$/.test(codings.join())
  return isMisnamed ? [] : codings
}

/** @returns true when the decoder was done before the body was */
async function* decoded(body: Readable, decoder: Decoder): AsyncGenerator<Buffer, boolean> {
  let length = 0
  // The body's error reaches the loop through the decoder, which the pipeline destroys with it.
  const bytes = pipeline(body, decoder, () => {})
  body.on('data', (chunk: Buffer) => (length += chunk.length))
  for await (const chunk of bytes as AsyncIterable<Buffer>) yield chunk
  return decoder.bytesWritten < length
}

/**
 * The bytes of an answer without its `Content-Encoding`. The caller limits the size. Ends with the
 * body closed, however it ends.
 * @throws {UpstreamError}
 */
export async function* bytesOf(
  answer: Encoded,
  trouble: ReturnType<typeof troubleWith>,
): AsyncGenerator<Buffer, void> {
  const { body, status } = answer
  try {
    const [coding, ...more] = codingsOf(answer)
    if (coding !== undefined && status === 206)
      throw trouble('invalid', 'it compresses a part of a file')
    const decoder = coding === undefined ? undefined : decoders.get(coding)?.()
    if (coding !== undefined && (decoder === undefined || more.length > 0))
      throw trouble('invalid', 'it compresses in an unknown way')
    if (decoder === undefined) yield* body as AsyncIterable<Buffer>
    // The others have a checksum at their end. One in twenty-five of any bytes at all begin as brotli of nothing.
    else if ((yield* decoded(body, decoder)) && coding === 'br')
      throw trouble('invalid', 'something else follows what it compressed')
  } catch (error) {
    throw explain(error, trouble)
  } finally {
    body.destroy()
  }
}

const smallest = 64 * 1024

/** Disposes of a body nobody wants: reads a small rest so that the connection stays usable, else breaks it. */
export const drain = (body: Readable): void => {
  let left = smallest
  const timer = setTimeout(() => body.destroy(), 1000).unref()
  body.once('close', () => clearTimeout(timer))
  body.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) body.destroy()
  })
}
