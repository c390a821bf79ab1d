import type { ServerResponse } from 'node:http'
import type { Resource } from '../disk/resource.ts'
import { ifRangeHolds, notModified } from './conditions.ts'
import type { Exchange } from './exchange.ts'
import { parseRange, type Range } from './range.ts'
import { reasonPhrase, type Body, type Reply } from './reply.ts'
import { stream } from './stream.ts'

/**
 * Writes a reply and counts the bytes of its body in `exchange.sent`. Bodies in memory are handed
 * over at once, and then there is nothing to wait for; others end when the last byte is written or
 * the client has gone.
 * @throws what the body throws: before anything was sent, so that another reply can be, or after
 * the connection has been broken off, which is how the client learns of it
 */
export const send = (
  exchange: Exchange,
  response: ServerResponse,
  reply: Reply,
): void | Promise<void> => {
  const { body, status, reason } = reply
  const headers = headersOf(reply)
  // An empty one stands for the usual words.
  response.statusMessage = reason === undefined ? '' : reasonPhrase(reason)
  if (typeof body === 'string' || Buffer.isBuffer(body))
    return sendBytes(exchange, response, status, headers, body)
  if (body === undefined) {
    if (status >= 200 && status !== 204 && status !== 304) headers.push('Content-Length', '0')
    response.writeHead(status, headers)
    response.end()
    return undefined
  }
  if (isResource(body)) return sendResource(exchange, response, reply, headers, body)
  if (exchange.method === 'HEAD') return sendHead(response, status, headers)
  return stream(exchange, response, status, headers, body)
}

const headersOf = ({ headers, cache }: Reply): string[] => {
  const all = headers.slice()
  all.push('X-Content-Type-Options', 'nosniff')
  if (cache !== undefined) all.push('X-Cache', cache)
  return all
}

const isResource = (body: Body): body is Resource => 'read' in (body as object)

const sendHead = (response: ServerResponse, status: number, headers: string[]): void => {
  response.writeHead(status, headers)
  response.end()
}

const sendBytes = (
  exchange: Exchange,
  response: ServerResponse,
  status: number,
  headers: string[],
  body: string | Buffer,
): void => {
  headers.push('Content-Length', String(body.length))
  response.writeHead(status, headers)
  if (exchange.method === 'HEAD') {
    response.end()
    return
  }
  exchange.sent = body.length
  response.end(body, 'latin1')
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

const bytesOf = (resource: Resource, range: Range | undefined): AsyncIterable<Uint8Array> => {
  if (range === undefined) return resource.read(0)
  if (resource.whole || range.end === resource.size) return resource.read(range.start, range.end)
  return verifiedPart(resource, range)
}

const sendResource = (
  exchange: Exchange,
  response: ServerResponse,
  reply: Reply,
  headers: string[],
  resource: Resource,
): void | Promise<void> => {
  const { size } = resource
  headers.push('ETag', resource.etag, 'Last-Modified', resource.modified.toUTCString())
  if (reply.status !== 200) throw new TypeError('a resource is sent with status 200')
  if (notModified(exchange.header('if-none-match'), exchange.header('if-modified-since'), resource))
    return sendHead(response, 304, headersOf304(headers))
  if (size !== undefined) headers.push('Accept-Ranges', 'bytes')
  const range = rangeOf(exchange, resource)
  if (range === 'unsatisfiable') {
    // Nothing of the file's own headers: a cache must not keep this for the file.
    const refusal = [
      'Content-Range',
      `bytes */${size}`,
      'Cache-Control',
      'no-store',
      'Content-Length',
      '0',
    ]
    return sendHead(response, 416, [...refusal, 'X-Content-Type-Options', 'nosniff'])
  }
  if (range !== undefined)
    headers.push('Content-Range', `bytes ${range.start}-${range.end - 1}/${size}`)
  const status = range === undefined ? 200 : 206
  if (resource.bytes !== undefined) {
    const bytes =
      range === undefined ? resource.bytes : resource.bytes.subarray(range.start, range.end)
    return sendBytes(exchange, response, status, headers, bytes)
  }
  const length = range === undefined ? size : range.end - range.start
  if (length !== undefined) headers.push('Content-Length', String(length))
  if (exchange.method === 'HEAD' || length === 0) return sendHead(response, status, headers)
  return stream(exchange, response, status, headers, bytesOf(resource, range), length)
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
