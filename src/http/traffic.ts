import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { record } from './access-line.ts'
import { answerAgain } from './again.ts'
import { Exchange } from './exchange.ts'
import { Line, type AnswerAgain } from './line.ts'
import { linger } from './linger.ts'
import { outgoing } from './outgoing.ts'
import { refusalOf } from './refusal.ts'
import { Repeats } from './repeats.ts'
import type { Handle, Reply } from './reply.ts'
import { send } from './send.ts'

/** The connections of a server and the requests on them that are not answered yet. */
export class Traffic {
  readonly #handle: Handle
  readonly #log: Log
  readonly #sockets = new Set<Socket>()
  // Only what takes time: what is answered at once shows in the socket's own queue. Not one set of
  // all: the tables of a set in which much comes and goes link to their successors, so that one old
  // table keeps all that came later from being collected with the young.
  readonly #running = new WeakMap<Socket, Exchange[]>()
  readonly #last = new WeakSet<Socket>()
  // Connections on which the next request is one of devpi's that the parser was shown as POST.
  readonly #pushes = new WeakSet<Socket>()
  readonly #lines = new WeakMap<Socket, Line>()
  readonly #repeats = new Repeats()
  readonly #again: AnswerAgain
  #closing = false

  constructor(handle: Handle, log: Log) {
    this.#handle = handle
    this.#log = log
    this.#again = answerAgain(handle, log, () => this.#closing)
  }

  /** Keeps an eye on a new connection. */
  connect(socket: Socket): void {
    this.#sockets.add(socket)
    // Looked at once it is remembered, for answers that are noted when the connection has gone.
    void socket.remoteAddress
    // A listener for each pipelined file is no leak.
    socket.setMaxListeners(0)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** Answers past the parser what comes in the bytes of an earlier request; the parser must listen by now. */
  shorten(socket: Socket): void {
    this.#lines.set(socket, new Line(socket, this.#repeats, this.#again))
  }

  /**
   * Handles a request, sends the answer, writes the access line. Never rejects.
   * @param handle for what is no ordinary request
   */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    handle: Handle = this.#handle,
  ): Promise<void> {
    // What follows the last request of a connection is none (RFC 9112, 9.6).
    if (this.#last.has(request.socket)) return
    if (this.#pushes.delete(request.socket)) request.method = 'PUSH'
    const started = performance.now()
    const exchange = new Exchange(request, response)
    const line = this.#lines.get(request.socket)
    line?.begin()
    let isAtHand = true
    if (!response.shouldKeepAlive) this.#last.add(request.socket)
    let reply: Reply | undefined
    try {
      const given = handle(exchange)
      if (given instanceof Promise) {
        this.#begin(exchange)
        reply = await given
      } else reply = given
      this.#conclude(exchange, response)
      const out = outgoing(exchange, reply)
      isAtHand = out.chunks === undefined
      const sending = send(exchange, response, out)
      if (sending !== undefined) {
        this.#begin(exchange)
        await sending
      }
      reply.sent?.(exchange, response.statusCode)
    } catch (error) {
      reply = this.#fail(exchange, response, error, reply)
    }
    this.#end(exchange)
    record(this.#log, exchange, response.statusCode, reply, started)
    line?.answered(request, isAtHand, response.shouldKeepAlive && !exchange.hasBody)
  }

  /** True while something is being sent or prepared on this connection. */
  isBusy(socket: Socket): boolean {
    return (
      socket.writableLength > 0 ||
      this.#runningOn(socket).length > 0 ||
      this.#lines.get(socket)?.isAnswering === true
    )
  }

  /**
   * Tells the handler that waits for a body on this connection that none will come; it answers that.
   * @returns false when there is no such handler
   */
  failBody(socket: Socket, error: Error): boolean {
    const exchange = this.#runningOn(socket).find(({ request }) => !request.complete)
    exchange?.body.fail(error)
    return exchange !== undefined
  }

  /** True when the answer to come, or the one just sent, ends this connection anyway. */
  isLast(socket: Socket): boolean {
    return this.#last.has(socket)
  }

  /** The next request on this connection has the verb PUSH, whatever it says. */
  expectPush(socket: Socket): void {
    this.#pushes.add(socket)
  }

  /** Stops the server: idle connections at once, busy ones when they are done or after `grace` ms. */
  async close(server: Server, grace: number): Promise<void> {
    this.#closing = true
    // Node's own takes a connection for idle whose last answer is still being written, and leaves
    // those alone that never sent a byte.
    server.closeIdleConnections = () => this.#sweep()
    const closed = new Promise<void>(resolve => server.close(() => resolve()))
    const sweeping = setInterval(() => this.#sweep(), 25)
    const force = setTimeout(() => {
      for (const socket of this.#sockets) socket.resetAndDestroy()
    }, grace)
    await closed
    clearInterval(sweeping)
    clearTimeout(force)
    // Answers learn of their sockets' end a moment after the server, and then write their lines.
    while (this.#sockets.size > 0) await setImmediate()
    await setImmediate()
  }

  #sweep(): void {
    for (const socket of this.#sockets) if (!this.isBusy(socket)) socket.destroySoon()
  }

  #runningOn(socket: Socket): Exchange[] {
    const known = this.#running.get(socket)
    if (known !== undefined) return known
    const running: Exchange[] = []
    this.#running.set(socket, running)
    return running
  }

  #begin(exchange: Exchange): void {
    const running = this.#runningOn(exchange.request.socket)
    if (!running.includes(exchange)) running.push(exchange)
  }

  #end(exchange: Exchange): void {
    const running = this.#runningOn(exchange.request.socket)
    const at = running.indexOf(exchange)
    if (at >= 0) running.splice(at, 1)
  }

  #fail(exchange: Exchange, response: ServerResponse, error: unknown, reply?: Reply): Reply {
    const { path, sent } = exchange
    if (response.headersSent && reply !== undefined) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.warn('transfer broken off', { path, sent, reason })
      return reply
    }
    const refusal = refusalOf(exchange, error, this.#log)
    if (reply === undefined) this.#conclude(exchange, response)
    void send(exchange, response, outgoing(exchange, refusal))
    return refusal
  }

  /** Before the answer: of a connection on which more of this request would come it is the last (C14, C30). */
  #conclude({ hasBody }: Exchange, response: ServerResponse): void {
    const { req: request } = response
    const isUnread = hasBody && !request.complete
    if (this.#closing || isUnread) response.shouldKeepAlive = false
    if (!response.shouldKeepAlive) this.#last.add(request.socket)
    if (isUnread) linger(request)
  }
}
