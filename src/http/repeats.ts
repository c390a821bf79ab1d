import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'

/** A request without a body, as the parser understood it. */
export interface ParsedHead {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<IncomingHttpHeaders>
}

/** Characters of all heads that are remembered, and of the longest one. */
const mostCharacters = 1024 * 1024
const longest = 4096

/** What an entry weighs besides its text. */
const overhead = 512

const end = '\r\n\r\n'

/** True for bytes that look like one whole request that only reads and has no body. */
const looksWhole = (text: string): boolean =>
  (text.startsWith('GET ') || text.startsWith('HEAD ')) &&
  text.indexOf(end) === text.length - end.length

/**
 * The text of a packet that is one whole request as far as can be seen without a parser; undefined
 * for any other.
 */
export const wholeRequest = (packet: Buffer): string | undefined => {
  // G or H, before more is done for a piece of a body.
  const { length, 0: first } = packet
  if (length > longest || (first !== 0x47 && first !== 0x48)) return undefined
  const text = packet.toString('latin1')
  return looksWhole(text) ? text : undefined
}

// What is secret is not kept, and what expects something is answered otherwise.
const unfit = [
  'authorization',
  'x-devpi-auth',
  'proxy-authorization',
  'cookie',
  'expect',
  'upgrade',
]

// The parser found as many lines, so there is not another request within.
const isAllOf = (text: string, { rawHeaders }: IncomingMessage): boolean =>
  text.split('\r\n').length === 1 + rawHeaders.length / 2 + 2

/**
 * Requests by their bytes: what came in the same bytes is the same request, so that the clients of a
 * build farm, which all say the same, have theirs parsed once.
 */
export class Repeats {
  readonly #heads = new LRUCache<string, ParsedHead>({
    maxSize: mostCharacters,
    sizeCalculation: (_head, text) => text.length + overhead,
  })

  /** The request that these bytes are. */
  recall(text: string): ParsedHead | undefined {
    return this.#heads.get(text)
  }

  /**
   * Remembers a request on a connection that is kept.
   * @param text what `wholeRequest` said of the packet that it came in
   */
  remember(text: string, request: IncomingMessage): void {
    const { method, url, headers } = request
    if (method === undefined || url === undefined || !isAllOf(text, request)) return
    if (request.httpVersion !== '1.1' || unfit.some(name => headers[name] !== undefined)) return
    this.#heads.set(text, { method, url, headers: Object.freeze(headers) })
  }
}
