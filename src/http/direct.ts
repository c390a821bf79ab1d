import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Exchange } from './exchange.ts'
import type { Outgoing } from './outgoing.ts'

/**
 * Seconds for which a connection is kept without a request: longer than clients keep theirs (CL-8),
 * and no less than without a byte during one, since Node may know of none while we answer.
 */
export const keepAlive = 120

// Formatting a date costs more than the rest of a head, so it is done once a second.
let second = -1
let date = ''
const now = (): string => {
  const time = Math.floor(Date.now() / 1000)
  if (time !== second) {
    second = time
    date = new Date(time * 1000).toUTCString()
  }
  return date
}

// A line break in a value would begin another header, or the body (fault X12).
const isValue = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

/**
 * The status line and the headers as they go over the wire, those of a connection that is kept among them.
 * @throws {TypeError} when a value cannot be in a header
 */
export const headText = ({ status, reason, headers }: Outgoing): string => {
  let text = `HTTP/1.1 ${status} ${reason === '' ? (STATUS_CODES[status] ?? 'unknown') : reason}\r\n`
  for (let at = 0; at < headers.length; at += 2) {
    const value = headers[at + 1] as string
    if (!isValue.test(value)) throw new TypeError(`not a value of the header ${headers[at]}`)
    text += `${headers[at]}: ${value}\r\n`
  }
  return `${text}Date: ${now()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${keepAlive}\r\n\r\n`
}

/**
 * Writes an answer that is at hand to a connection that is kept and on which nothing else is under
 * way, and counts the bytes of its body in `exchange.sent`.
 * @throws {TypeError} when a value cannot be in a header, and then nothing was written
 */
export const sendDirectly = (socket: Socket, exchange: Exchange, out: Outgoing): void => {
  const head = headText(out)
  const { bytes } = out
  exchange.sent = bytes?.length ?? 0
  if (typeof bytes === 'object') {
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(bytes)
    socket.uncork()
  } else socket.write(bytes === undefined ? head : head + bytes, 'latin1')
}
