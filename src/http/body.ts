import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from './error.ts'

/** Milliseconds without a byte of a body that somebody waits for (TC-76). There is no limit for all of it (CL-101). */
const longestSilence = 60_000

const brokenOff = (): HttpError =>
  new HttpError(400, 'the connection was closed before the whole body had arrived')

/** Bytes that may wait for their reader, beyond those of one read; a piece counts as many at least, since it takes as many. */
const mostWaiting = 128 * 1024
const leastPiece = 512

/** What a client sends behind the headers. It is asked for only when somebody reads it (UP-18). */
export class RequestBody {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse | undefined
  #arrived: Buffer[] = []
  #waiting = 0
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(request: IncomingMessage, response?: ServerResponse) {
    this.#request = request
    this.#response = response
  }

  /** Bytes in all; 0 without a body, undefined when it comes in chunks of unknown number. */
  get length(): number | undefined {
    const { headers } = this.#request
    if (headers['transfer-encoding'] !== undefined) return undefined
    return Number(headers['content-length'] ?? 0)
  }

  /** Ends the waiting of whoever reads, or will read: what comes on this connection is no body. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#wake?.()
  }

  /**
   * The bytes as they come, at the pace at which they are taken; once only. Ending early leaves the
   * rest where it is, and the connection as it is.
   * @param silence milliseconds after which a client that sends nothing is given up
   * @throws {HttpError} 400 when it breaks off, 408 when nothing comes any more
   */
  async *read(silence: number = longestSilence): AsyncGenerator<Buffer, void> {
    const request = this.#request
    const timer = setTimeout(() => this.#giveUp(silence), silence)
    const ignore = this.#listen()
    if (request.headers.expect !== undefined && request.httpVersion === '1.1')
      this.#response?.writeContinue()
    try {
      for (;;)
        if (this.#arrived.length > 0) yield* this.#take()
        else if (request.readableEnded) return
        else if (this.#failure !== undefined) throw this.#failure
        else if (request.destroyed) throw brokenOff()
        else {
          timer.refresh()
          await this.#more()
        }
    } finally {
      clearTimeout(timer)
      ignore()
      request.pause()
    }
  }

  /** @returns what ends the listening */
  #listen(): () => void {
    const request = this.#request
    const arrive = (chunk: Buffer): void => {
      this.#arrived.push(chunk)
      this.#waiting += Math.max(chunk.length, leastPiece)
      if (this.#waiting > mostWaiting) request.pause()
      this.#wake?.()
    }
    const end = () => this.#wake?.()
    const breakOff = () => this.fail(brokenOff())
    request.on('data', arrive).on('end', end).on('error', breakOff).on('close', breakOff)
    // An error that was on its way may still come, and one that nobody listens for ends the process.
    return () => request.off('data', arrive).off('end', end).off('close', breakOff)
  }

  #take(): Buffer[] {
    const arrived = this.#arrived
    this.#arrived = []
    this.#waiting = 0
    return arrived
  }

  async #more(): Promise<void> {
    const woken = new Promise<void>(resolve => (this.#wake = resolve))
    this.#request.resume()
    await woken
    this.#wake = undefined
  }

  // The silence is ours when nobody waits for bytes.
  #giveUp(silence: number): void {
    if (this.#wake !== undefined)
      this.fail(new HttpError(408, `nothing came for ${silence / 1000} s: send the rest sooner`))
  }
}
