/**
 * devpi's verb PUSH, which Node's parser does not know: it gives up in front of the S, since the
 * beginning could have become PUT. The request is begun anew with POST, which means the same to devpi,
 * so that everything from its first line on is parsed like any other.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** What the parser tells of bytes that it refuses. */
export interface ParseError extends Error {
  readonly code?: string
  /** The packet in which it gave up, and the place in it. */
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

const verb = Buffer.from('PUSH ')
const known = Buffer.from('POST ')

/** How many letters of the verb the parser takes. */
const taken = 2

const beginsAsPush = (bytes: Buffer): boolean => {
  const { length } = bytes.subarray(0, verb.length)
  return bytes.subarray(0, length).equals(verb.subarray(0, length))
}

/**
 * A refused request from its first byte on, as far as it has arrived, if its verb is or may become
 * PUSH; undefined for any other. Letters that came in an earlier packet are gone, and taken to have
 * been the right ones.
 */
export const refusedPush = ({ code, rawPacket, bytesParsed }: ParseError): Buffer | undefined => {
  if (code !== 'HPE_INVALID_METHOD' || rawPacket === undefined || bytesParsed === undefined)
    return undefined
  const begin = bytesParsed - taken
  const bytes =
    begin >= 0 ? rawPacket.subarray(begin) : Buffer.concat([verb.subarray(0, -begin), rawPacket])
  return beginsAsPush(bytes) ? bytes : undefined
}

// Node has no public name for the answer that a connection is occupied with.
const isAnswering = (socket: Socket): boolean =>
  (Reflect.get(socket, '_httpMessage') ?? null) !== null

const events = ['data', 'end', 'close', 'drain', 'error', 'timeout'] as const

// For all who listen this connection is closed: the parser that gave up goes, and its timers with it.
const release = (socket: Socket): void => {
  socket.pause()
  const closed = socket.listeners('close')
  for (const event of events) socket.removeAllListeners(event)
  for (const listener of closed) listener.call(socket)
  socket.on('error', () => {})
  socket.once('timeout', () => socket.destroy())
}

const whole = (socket: Socket, begun: Buffer, go: (bytes: Buffer) => void): void => {
  let bytes = begun
  const take = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk])
    if (bytes.length < verb.length && beginsAsPush(bytes)) return
    socket.pause()
    socket.off('data', take)
    go(bytes)
  }
  if (bytes.length >= verb.length) return go(bytes)
  socket.once('end', () => socket.destroy())
  socket.on('data', take).resume()
}

/**
 * Begins a connection anew with such a request; for the server it is a new one. It must not be
 * waiting for anything.
 * @param announce called just before the server sees the request, whose verb is POST then
 * @returns false when an answer is still being sent, and nothing was done
 */
export const beginAnew = (
  server: Server,
  socket: Socket,
  begun: Buffer,
  announce: () => void,
): boolean => {
  if (isAnswering(socket)) return false
  release(socket)
  // The parser that gave up is still at work further down the stack.
  setImmediate(() =>
    whole(socket, begun, bytes => {
      if (socket.destroyed) return
      for (const event of events) socket.removeAllListeners(event)
      server.emit('connection', socket)
      const isPush = bytes.subarray(0, verb.length).equals(verb)
      if (isPush) announce()
      socket.unshift(isPush ? Buffer.concat([known, bytes.subarray(verb.length)]) : bytes)
      socket.resume()
    }),
  )
  return true
}
