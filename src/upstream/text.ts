import type { Readable } from 'node:stream'
import { bytesOf } from './body.ts'
import type { troubleWith } from './upstream-error.ts'

/** How much of a page is read and for how long. */
export interface TextLimits {
  /** Bytes, both as sent and as decoded. */
  readonly maxBytes: number
  /** Seconds for the whole body. */
  readonly timeout: number
}

interface Encoded {
  readonly status: number
  readonly url: URL
  readonly headers: ReadonlyMap<string, string>
  readonly body: Readable
}

// A byte order mark says more than a header (WHATWG Encoding); an unknown label is read as UTF-8 (PY-46).
const decoderOf = (contentType: string | undefined, start: Buffer) => {
  const [first, second] = start
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le')
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be')
  if (first === 0xef && second === 0xbb) return new TextDecoder()
  const label = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType ?? '')?.[1]
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder()
  }
}

/**
 * The text of an answer in pieces: decompressed, decoded by its charset, without byte order mark.
 * @throws {UpstreamError} when it is larger than allowed, not complete in time, or broken
 */
export async function* textOf(
  answer: Encoded,
  { maxBytes, timeout }: TextLimits,
  trouble: ReturnType<typeof troubleWith>,
): AsyncGenerator<string, void> {
  const { headers, body } = answer
  const tooLarge = () => trouble('invalid', `the page is larger than ${maxBytes} bytes`)
  const timer = setTimeout(
    () => body.destroy(trouble('timeout', `the page did not come within ${timeout} s`)),
    timeout * 1000,
  )
  let [sent, read] = [0, 0]
  try {
    if (Number(headers.get('content-length')) > maxBytes) throw tooLarge()
    if (headers.has('content-encoding'))
      body
        .on('data', (chunk: Buffer) => {
          sent += chunk.length
          if (sent > maxBytes) body.destroy(tooLarge())
        })
        .pause()
    let decoder: ReturnType<typeof decoderOf> | undefined
    for await (const chunk of bytesOf(answer, trouble)) {
      read += chunk.length
      if (read > maxBytes) throw tooLarge()
      decoder ??= decoderOf(headers.get('content-type'), chunk)
      yield decoder.decode(chunk, { stream: true })
    }
    const rest = decoder?.decode() ?? ''
    if (rest !== '') yield rest
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
}
