import type { ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'

/**
 * Writes chunks one by one. The next is asked for only when the one before has left for the kernel,
 * since its buffer is then used again; so a client that reads slowly holds one chunk and no more
 * (fault C01). The status line waits for the first chunk: what cannot be begun can still be refused.
 * When the client goes away the iteration is ended and files get closed (C02, C03).
 * @param length bytes in all; without it the end is marked by the framing
 * @throws what the chunks throw, or an error when there are too few or too many of them
 */
export const stream = async (
  exchange: Exchange,
  response: ServerResponse,
  status: number,
  headers: string[],
  chunks: AsyncIterable<string | Uint8Array>,
  length?: number,
): Promise<void> => {
  const { socket } = exchange.request
  const iterator = chunks[Symbol.asyncIterator]()
  const { leave, unlessGone } = departure()
  socket.once('close', leave)
  let ended = false
  try {
    while (!socket.destroyed) {
      const next = await unlessGone(iterator.next())
      if (next === undefined) return
      if (!response.headersSent) response.writeHead(status, headers)
      if (next.done === true) {
        ended = true
        if (length !== undefined && exchange.sent !== length)
          throw new RangeError(`only ${exchange.sent} of ${length} bytes`)
        response.end()
        return
      }
      const chunk = typeof next.value === 'string' ? Buffer.from(next.value) : next.value
      if (length !== undefined && exchange.sent + chunk.length > length)
        throw new RangeError(`more than ${length} bytes`)
      if (chunk.length === 0) continue
      exchange.sent += chunk.length
      await unlessGone(written(response, chunk))
    }
  } catch (error) {
    // A reset, since without a length a plain end of the connection would look like success.
    if (response.headersSent) socket.resetAndDestroy()
    throw error
  } finally {
    socket.off('close', leave)
    // Not waited for: a producer that waits for upstream notices only when that wait ends.
    if (!ended) close(iterator)
  }
}

/** Waiting that ends, with undefined, once `leave` was called; `Promise.race` would hoard its losers. */
const departure = () => {
  let wake: (() => void) | undefined
  return {
    leave: () => wake?.(),
    unlessGone: <T>(promise: Promise<T>): Promise<T | undefined> =>
      new Promise((resolve, reject) => {
        wake = () => resolve(undefined)
        promise.then(resolve, reject)
      }),
  }
}

const written = (response: ServerResponse, chunk: Uint8Array): Promise<void> =>
  new Promise(resolve => {
    // An error means that the client has gone, which the next turn of the loop sees.
    response.write(chunk, () => resolve())
  })

const close = (iterator: AsyncIterator<unknown>): void => {
  Promise.resolve(iterator.return?.()).catch(() => {})
}
