import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/** What opens connections for undici. */
export type Connector = buildConnector.connector

interface Parser {
  paused: boolean
  resume(): void
  readonly ptr: number | null
  readonly llhttp: { llhttp_resume(ptr: number): void }
}

const parserOf = (socket: Socket): Parser | undefined => {
  const key = Object.getOwnPropertySymbols(socket).find(symbol => symbol.description === 'parser')
  return key && (socket as unknown as Record<symbol, Parser | undefined>)[key]
}

/**
 * A connector whose connections may end while nobody reads. In undici 7 such an end is an assertion
 * that nobody can catch and that ends the process (nodejs/undici#5360); it is mended in version 8
 * only, which needs Node 22. So its parser is woken before it learns of the end: what had arrived
 * is handed over then, and whether that was all is judged as ever.
 */
export const endsWhilePaused =
  (connect: Connector): Connector =>
  (options, callback) =>
    connect(options, (...opened) => {
      const [error, socket] = opened
      if (error !== null) return callback(...opened)
      const wake = () => {
        const parser = parserOf(socket)
        if (parser?.paused === true) parser.resume()
        // A body that only the end of the connection ends has stopped again, at nothing.
        if (parser?.paused !== true || parser.ptr === null) return
        parser.llhttp.llhttp_resume(parser.ptr)
        parser.paused = false
      }
      // Before undici's own listeners, which are added when it is told of the connection.
      socket.on('end', wake).on('error', wake)
      return callback(...opened)
    })
