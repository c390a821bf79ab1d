import type { ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'
import type { Outgoing } from './outgoing.ts'
import { stream } from './stream.ts'

/**
 * Writes what goes out and counts the bytes of its body in `exchange.sent`. Bodies in memory are
 * handed over at once, and then there is nothing to wait for; others end when the last byte is
 * written or the client has gone.
 * @throws what the body throws: before anything was sent, so that another reply can be, or after
 * the connection has been broken off, which is how the client learns of it
 */
export const send = (
  exchange: Exchange,
  response: ServerResponse,
  { status, reason, headers, bytes, chunks, length }: Outgoing,
): void | Promise<void> => {
  response.statusMessage = reason
  if (chunks !== undefined) return stream(exchange, response, status, headers, chunks, length)
  response.writeHead(status, headers)
  if (bytes === undefined) {
    response.end()
    return undefined
  }
  exchange.sent = bytes.length
  response.end(bytes, 'latin1')
  return undefined
}
