import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http'
import { isIP, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { proxyTrouble, type troubleWith } from './upstream-error.ts'

/** How long to wait for an upstream, in seconds. */
export interface Timeouts {
  /** Until a connection stands, TLS included. */
  readonly connect: number
  /** From the request to the end of the answer's headers. */
  readonly firstByte: number
  /** For the next piece of a body. */
  readonly idle: number
}

/** What is asked, of whom. */
export interface Asked {
  readonly url: URL
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  /** Of the length that the headers say. */
  readonly body?: AsyncIterable<Uint8Array>
  /** Ends the request and the body of the answer. */
  readonly signal?: AbortSignal | undefined
  readonly trouble: ReturnType<typeof troubleWith>
}

/** On which connections it is asked. */
export interface Way {
  readonly agent: Agent
  readonly isSecure: boolean
  readonly timeouts: Timeouts
  /** The proxy that is asked in the target's stead. */
  readonly proxy?: { readonly url: URL; readonly authorization: string | undefined } | undefined
}

/** The host of a URL as sockets know it: an IPv6 address without brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

/** The name that TLS asks a host for, which an address has none of (RFC 6066 3). */
export const serverName = (host: string): string => (isIP(host) === 0 ? host : '')

const nothing = () => {}

// What comes on a connection that is kept is no answer to the next request (fault U27).
function unasked(this: Socket): void {
  this.destroy()
}

// An answer that wants another protocol ends a connection without a word.
const unexplained = () => Object.assign(new Error('no answer'), { code: 'ECONNRESET' })

const open = ({ url, method, headers }: Asked, { agent, isSecure, proxy }: Way): ClientRequest => {
  const path = url.pathname + url.search
  const host = hostOf(proxy?.url ?? url)
  const authorization = proxy?.authorization
  return httpRequest({
    agent,
    protocol: isSecure ? 'https:' : 'http:',
    host,
    port: (proxy?.url ?? url).port,
    ...(proxy !== undefined && { servername: serverName(host) }),
    method,
    path: proxy === undefined ? path : url.origin + path,
    headers: {
      host: url.host,
      ...headers,
      ...(authorization !== undefined && { 'proxy-authorization': authorization }),
    },
    maxHeaderSize: 32 * 1024,
    insecureHTTPParser: false,
  })
}

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
    if (asked.signal?.aborted === true) this.#onAbort()
    else asked.signal?.addEventListener('abort', this.#onAbort)
  }

  /** Asks; `ended` is called once, when the connection is used no longer. */
  begin(way: Way, ended: () => void): void {
    const { body, signal } = this.#asked
    const end = () => {
      clearTimeout(this.#timer)
      signal?.removeEventListener('abort', this.#onAbort)
      if (this.#response === undefined) this.#reject(unexplained())
      this.#request?.socket?.on('data', unasked)
      ended()
    }
    if (this.#isAborted) return end()
    try {
      this.#request = open(this.#asked, way)
    } catch (error) {
      this.#reject(error)
      return end()
    }
    // What is left out of the headers might be what matters; their size is limited anyway.
    this.#request.maxHeadersCount = 0
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

  #expireAfter(seconds: number, reason: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => this.abort(this.#asked.trouble('timeout', reason)),
      seconds * 1000,
    )
  }

  #onSocket(socket: Socket, { isSecure, timeouts: { connect, firstByte } }: Way): void {
    const stands = () => this.#expireAfter(firstByte, 'no answer in time')
    if (this.#request?.reusedSocket === true) {
      socket.off('data', unasked)
      return stands()
    }
    this.#expireAfter(connect, 'no connection in time')
    // There are moments in which Node listens for no error of a connection that it keeps.
    socket.on('error', nothing).once(isSecure ? 'secureConnect' : 'connect', stands)
  }

  #onResponse(response: IncomingMessage, { proxy, timeouts }: Way): void {
    clearTimeout(this.#timer)
    this.#response = response.on('error', nothing)
    const { statusCode = 0 } = response
    if (statusCode < 200) return this.abort(malformed())
    if (proxy !== undefined && statusCode === 407)
      return this.abort(proxyTrouble('the proxy asks for credentials'))
    const idle = timeouts.idle * 1000
    response.setTimeout(idle, () => {
      const { bytesRead } = response.socket
      // What has arrived while nobody read, or while we were busy, is taken in first.
      setImmediate(() => {
        if (response.readableEnded || response.destroyed) return
        // Upstream is held back as long as there is something that nobody has read.
        if (response.readableLength > 0) response.setTimeout(idle)
        else if (response.socket.bytesRead === bytesRead)
          this.abort(this.#asked.trouble('timeout', 'the answer came to a standstill'))
      })
    })
    // It may come before all is sent, and then the rest is not wanted.
    response.once(
      'close',
      () => this.#request?.writableFinished === true || this.#request?.destroy(),
    )
    this.#resolve(response)
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
