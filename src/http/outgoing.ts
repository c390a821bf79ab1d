import type { Resource } from '../disk/resource.ts'
import { ifRangeHolds, notModified } from './conditions.ts'
import type { Exchange } from './exchange.ts'
import { parseRange, type Range } from './range.ts'
import { reasonPhrase, type Body, type Reply } from './reply.ts'

/** What goes out over the wire for a reply. */
export interface Outgoing {
  readonly status: number
  /** Empty for the usual words. */
  readonly reason: string
  /** Name, value, name, value; all but those of the connection. */
  readonly headers: string[]
  /** The body, when it is at hand: strings have one character for each byte. */
  readonly bytes?: string | Buffer | undefined
  /** The body, when it must be waited for. */
  readonly chunks?: AsyncIterable<string | Uint8Array> | undefined
  /** Bytes of the chunks in all; without it the end is marked by the framing. */
  readonly length?: number | undefined
}

/** What a reply comes to for this request: 206, 304 and 416 of a resource, no body for HEAD. */
export const outgoing = (exchange: Exchange, reply: Reply): Outgoing => {
  const { body, status } = reply
  const headers = headersOf(reply)
  if (isResource(body)) return resourceOut(exchange, reply, headers, body)
  const reason = reasonOf(reply)
  if (typeof body === 'string' || Buffer.isBuffer(body))
    return bytesOut(exchange, status, reason, headers, body)
  if (body === undefined) {
    if (status >= 200 && status !== 204 && status !== 304) headers.push('Content-Length', '0')
    return { status, reason, headers }
  }
  return exchange.method === 'HEAD' ?
      { status, reason, headers }
    : { status, reason, headers, chunks: body }
}

const reasonOf = ({ reason }: Reply): string => (reason === undefined ? '' : reasonPhrase(reason))

const headersOf = ({ headers, cache }: Reply): string[] => {
  const all = headers.slice()
  all.push('X-Content-Type-Options', 'nosniff')
  if (cache !== undefined) all.push('X-Cache', cache)
  return all
}

/** True for a body whose answer depends on what else the client says. */
export const isResource = (body: Body | undefined): body is Resource =>
  typeof body === 'object' && 'read' in body && !Buffer.isBuffer(body)

const bytesOut = (
  exchange: Exchange,
  status: number,
  reason: string,
  headers: string[],
  body: string | Buffer,
): Outgoing => {
  headers.push('Content-Length', String(body.length))
  const bytes = exchange.method === 'HEAD' ? undefined : body
  return { status, reason, headers, bytes }
}

/** Bytes of a file that is worth being waited for, while it still arrives, by whoever wants a part of it. */
const worthWaiting = 32 * 1024 * 1024

/** The part of a resource that was asked for: all (undefined), a range, or one that cannot be had. */
const rangeOf = (exchange: Exchange, resource: Resource): Range | 'unsatisfiable' | undefined => {
  const header = exchange.header('range')
  const { size } = resource
  if (header === undefined || size === undefined || exchange.method !== 'GET') return undefined
  const ifRange = exchange.header('if-range')
  if (ifRange !== undefined && !ifRangeHolds(ifRange, resource)) return undefined
  const range = parseRange(header, size)
  if (resource.whole || typeof range !== 'object' || size <= worthWaiting) return range
  // Of a large one that still arrives a client that resumes gets the rest. Any other is sent
  // everything, which is always allowed, since the bytes that it wants may be minutes away (CL-36).
  return range.end === size && /^bytes=\s*\d/i.test(header) ? range : undefined
}

// A part that leaves out the end may go only when all is verified: the last byte of a file comes then.
const verifiedPart = async function* (
  resource: Resource,
  { start, end }: Range,
): AsyncGenerator<Uint8Array, void> {
  const { size = end } = resource
  for await (const last of resource.read(size - 1, size)) void last
  yield* resource.read(start, end)
}

const chunksOf = (resource: Resource, range: Range | undefined): AsyncIterable<Uint8Array> => {
  if (range === undefined) return resource.read(0)
  if (resource.whole || range.end === resource.size) return resource.read(range.start, range.end)
  return verifiedPart(resource, range)
}

// Nothing of the file's own headers: a cache must not keep this for the file.
const unsatisfiable = (size: number | undefined): Outgoing => ({
  status: 416,
  reason: '',
  headers: [
    'Content-Range',
    `bytes */${size}`,
    'Cache-Control',
    'no-store',
    'Content-Length',
    '0',
    'X-Content-Type-Options',
    'nosniff',
  ],
})

const resourceOut = (
  exchange: Exchange,
  reply: Reply,
  headers: string[],
  resource: Resource,
): Outgoing => {
  const { size, bytes } = resource
  const reason = reasonOf(reply)
  headers.push('ETag', resource.etag, 'Last-Modified', resource.modified.toUTCString())
  if (reply.status !== 200) throw new TypeError('a resource is sent with status 200')
  if (notModified(exchange.header('if-none-match'), exchange.header('if-modified-since'), resource))
    return { status: 304, reason, headers: headersOf304(headers) }
  if (size !== undefined) headers.push('Accept-Ranges', 'bytes')
  const range = rangeOf(exchange, resource)
  if (range === 'unsatisfiable') return unsatisfiable(size)
  if (range !== undefined)
    headers.push('Content-Range', `bytes ${range.start}-${range.end - 1}/${size}`)
  const status = range === undefined ? 200 : 206
  if (bytes !== undefined) {
    const part = range === undefined ? bytes : bytes.subarray(range.start, range.end)
    return bytesOut(exchange, status, reason, headers, part)
  }
  const length = range === undefined ? size : range.end - range.start
  if (length !== undefined) headers.push('Content-Length', String(length))
  if (exchange.method === 'HEAD' || length === 0) return { status, reason, headers }
  return { status, reason, headers, chunks: chunksOf(resource, range), length }
}

/** What describes the body is left out of a 304. */
const headersOf304 = (headers: readonly string[]): string[] => {
  const kept: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    if (name !== 'Content-Type') kept.push(name, headers[at + 1] as string)
  }
  return kept
}
