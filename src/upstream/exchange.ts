import { setMaxListeners } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { openRequest, type Asked, type Way } from './request.ts'
import { proxyTrouble } from './upstream-error.ts'

const nothing = () => {}

// What comes on a connection that is kept is no answer to the next request (fault U27).
function unasked(this: Socket): void {
  this.destroy()
}

// An answer that wants another protocol ends a connection without a word.
const unexplained = () => Object.assign(new Error('no answer'), { code: 'ECONNRESET' })

// Of these the parser says nothing: a switch of protocols to none, and numbers that are no status.
const malformed = () => Object.assign(new Error('no status'), { code: 'HPE_INVALID_STATUS' })

/**
 * One request and its answer. The answer's body fails, rather than ends, when it is not whole, comes
 * to a standstill, or is aborted; an error that nobody listens for harms nobody.
 */
export class Exchange {
  readonly answer: Promise<IncomingMessage>
  readonly #asked: Asked
  #resolve: (response: IncomingMessage) => void = nothing
  #reject: (error: unknown) => void = nothing
  #isAborted = false
  #request: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(asked: Asked) {
    this.#asked = asked
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { signal } = asked
    if (signal === undefined) return
    // One signal may be that of many requests, and that is no leak.
    setMaxListeners(0, signal)
    if (signal.aborted) this.#onAbort()
    else signal.addEventListener('abort', this.#onAbort)
  }

  /** Asks; `ended` is called once, when the connection is used no longer. */
  begin(way: Way, ended: () => void): void {
    const { body, signal } = this.#asked
    const end = () => {
      this.#stopWaiting()
      signal?.removeEventListener('abort', this.#onAbort)
      if (this.#response === undefined) this.#reject(unexplained())
      this.#request?.socket?.on('data', unasked)
      ended()
    }
    if (this.#isAborted) return end()
    try {
      this.#request = openRequest(this.#asked, way)
    } catch (error) {
      this.#reject(error)
      return end()
    }
    this.#request
      .once('socket', socket => this.#onSocket(socket, way))
      .once('response', response => this.#onResponse(response, way))
      // Whatever comes after a whole answer is none of it.
      .on('error', error => this.#response?.complete === true || this.abort(error))
      .once('close', end)
    if (body === undefined) this.#request.end()
    else pipeline(this.#sending(body), this.#request, nothing)
  }

  /** Breaks it, wherever it stands. */
  abort(error: Error): void {
    this.#isAborted = true
    this.#reject(error)
    if (this.#response === undefined) this.#request?.destroy(error)
    else this.#response.destroy(error)
  }

  readonly #onAbort = () => this.abort(this.#asked.signal?.reason as Error)

  #waitFor(seconds: number, reason: string): void {
    this.#stopWaiting()
    this.#timer = setTimeout(
      () => this.abort(this.#asked.trouble('timeout', reason)),
      seconds * 1000,
    )
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #onSocket(socket: Socket, { isSecure, timeouts: { connect, firstByte } }: Way): void {
    const stands = () => this.#waitFor(firstByte, 'no answer in time')
    if (this.#request?.reusedSocket === true) {
      socket.off('data', unasked)
      return stands()
    }
    this.#waitFor(connect, 'no connection in time')
    // There are moments in which Node listens for no error of a connection that it keeps.
    socket.on('error', nothing).once(isSecure ? 'secureConnect' : 'connect', stands)
  }

  #onResponse(response: IncomingMessage, { proxy, timeouts }: Way): void {
    this.#stopWaiting()
    this.#response = response.on('error', nothing)
    const { statusCode = 0 } = response
    if (statusCode < 200) return this.abort(malformed())
    if (proxy !== undefined && statusCode === 407)
      return this.abort(proxyTrouble('the proxy asks for credentials'))
    const idle = timeouts.idle * 1000
    response.setTimeout(idle, () => this.#onSilence(response, idle))
    // It may come before all is sent, and then the rest is not wanted.
    if (this.#asked.body !== undefined)
      response.once('close', () => {
        if (this.#request?.writableFinished !== true) this.#request?.destroy()
      })
    this.#resolve(response)
  }

  #onSilence(response: IncomingMessage, idle: number): void {
    const { bytesRead } = response.socket
    // What has arrived while nobody read, or while we were busy, is taken in first.
    setImmediate(() => {
      if (response.readableEnded || response.destroyed) return
      // Upstream is held back as long as there is something that nobody has read.
      if (response.readableLength > 0) response.setTimeout(idle)
      else if (response.socket.bytesRead === bytesRead)
        this.abort(this.#asked.trouble('timeout', 'the answer came to a standstill'))
    })
  }

  async *#sending(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const piece of body) {
        this.#timer?.refresh()
        yield piece
      }
    } catch (error) {
      // The pipeline would break the request without a word of why.
      this.abort(error as Error)
    }
  }
}
