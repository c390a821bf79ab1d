import type { IncomingMessage } from 'node:http'

/** Bytes of an unwanted body that are taken and thrown away, so that its sender gets to our answer. */
const most = 256 * 1024 * 1024

/** Milliseconds for that in all, and without a byte. */
const longest = 30_000
const longestSilence = 5_000

/**
 * Lets a client have the answer to a request whose body is not read. Many look at it only when they
 * have sent everything, and of a connection that is closed with bytes unread the kernel makes a
 * reset, which overtakes the answer (UP-8, UP-18). So ours is closed after the answer, and what
 * still comes is thrown away for a while.
 */
export const linger = (request: IncomingMessage): void => {
  const { socket } = request
  let left = most
  const take = (chunk: Buffer): void => {
    left -= chunk.length
    if (left < 0) request.pause()
  }
  request.on('data', take)
  // What nobody took may have stopped the flow.
  request.resume()
  // Node calls this when the answer is written, and knows no other way to close than at once.
  socket.destroySoon = () => {
    Reflect.deleteProperty(socket, 'destroySoon')
    const close = () => socket.destroySoon()
    if (request.complete || left < 0 || socket.readableEnded || socket.destroyed) return close()
    const late = setTimeout(close, longest)
    const silent = setTimeout(close, longestSilence)
    request.on('data', () => (left < 0 ? close() : silent.refresh()))
    request.once('end', close)
    socket.once('end', close)
    socket.once('close', () => {
      clearTimeout(late)
      clearTimeout(silent)
    })
    return socket.end()
  }
}
