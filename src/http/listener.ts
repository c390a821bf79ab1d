import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Log } from '../log.ts'
import { keepAlive } from './direct.ts'
import { errorText, HttpError } from './error.ts'
import { beginAnew, refusedPush, type ParseError } from './push-method.ts'
import type { Handle } from './reply.ts'
import { Traffic } from './traffic.ts'

/** How to listen. */
export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Address or host name. */
  readonly bind: string
  readonly handle: Handle
  readonly log: Log
  /** Milliseconds without a byte in either direction after which a connection is closed; 120,000. */
  readonly idle?: number
  /** Milliseconds within which the request line and the headers must be in; 60,000 (faults C13, C31). */
  readonly headers?: number
}

/** A server that listens. */
export interface Listener {
  /** With a slash at its end; a wildcard address is shown as the loopback one. */
  readonly url: string
  readonly port: number
  /**
   * Stops accepting, closes idle connections at once and others when their answer is out; those
   * that need more than `grace` milliseconds by force. Resolves when none is left.
   */
  readonly close: (grace: number) => Promise<void>
}

const settings = {
  keepAliveTimeout: keepAlive * 1000,
  // Uploads take as long as they flow (CL-101).
  requestTimeout: 0,
  maxHeaderSize: 32 * 1024,
  noDelay: true,
}

// Written by hand, since there is no request to which a response could belong.
const refuse = (socket: Duplex, status: number, line: string): void => {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n` +
      `Content-Length: ${line.length + 1}\r\n\r\n${line}\n`,
    // What else arrives is of no interest, and reading on could take forever.
    () => socket.destroy(),
  )
}

const notHttp = 'this is not a valid HTTP request'

// True when it was no broken request, but one with devpi's verb.
const isPush = (server: Server, traffic: Traffic, error: ParseError, socket: Socket): boolean => {
  const begun = refusedPush(error)
  if (begun === undefined || traffic.isBusy(socket) || traffic.isLast(socket)) return false
  if (!beginAnew(server, socket, begun, () => traffic.expectPush(socket))) return false
  // It was told that this one had closed.
  traffic.connect(socket)
  return true
}

const refuseBroken = (traffic: Traffic, error: ParseError, socket: Socket): void => {
  const reason = error.code === 'HPE_INVALID_EOF_STATE' ? 'the request breaks off' : notHttp
  if (error.code !== 'ECONNRESET' && traffic.failBody(socket, new HttpError(400, reason))) return
  // What follows the last request, or its body that nobody reads, does not matter.
  if (error.code !== 'ECONNRESET' && traffic.isLast(socket)) return
  // Nothing may be written into the middle of an answer.
  if (error.code === 'ECONNRESET' || !socket.writable || traffic.isBusy(socket)) socket.destroy()
  else if (error.code === 'HPE_HEADER_OVERFLOW')
    refuse(socket, 431, 'the request line or the headers are too long')
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    refuse(socket, 408, 'the request took too long')
  else refuse(socket, 400, notHttp)
}

const hostOf = (bind: string): string => {
  if (bind === '0.0.0.0') return '127.0.0.1'
  if (bind === '::') return '[::1]'
  return bind.includes(':') ? `[${bind}]` : bind
}

/**
 * Starts to listen; also within a cluster worker.
 * @throws the system's error when the port cannot be had
 */
export const listen = async (options: ListenOptions): Promise<Listener> => {
  const { bind, log } = options
  const traffic = new Traffic(options.handle, log)
  const answer = (request: IncomingMessage, response: ServerResponse) =>
    void traffic.answer(request, response)
  const { headers = 60_000 } = options
  const server = createServer(
    { ...settings, headersTimeout: headers, connectionsCheckingInterval: headers / 6 },
    answer,
  )
  server.timeout = options.idle ?? keepAlive * 1000
  // A client that has closed its side only still waits for its answer (fault C29); Node has no option for it.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('connection', socket => {
    traffic.connect(socket)
    traffic.shorten(socket)
  })
  server.on('clientError', (error: ParseError, stream) => {
    const socket = stream as Socket
    if (!isPush(server, traffic, error, socket)) refuseBroken(traffic, error, socket)
  })
  // Whoever wants the body says "100 Continue" (fault C21).
  server.on('checkContinue', answer)
  server.on(
    'checkExpectation',
    (request: IncomingMessage, response: ServerResponse) =>
      void traffic.answer(request, response, () =>
        errorText(417, 'this expectation cannot be met'),
      ),
  )
  server.on('connect', (_request, socket) =>
    refuse(socket, 405, 'this server is no proxy for other hosts'),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: options.port, host: bind }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', error => log.error('cannot accept connections', { reason: error.message }))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    port,
    url: `http://${hostOf(bind)}:${port}/`,
    close: grace => traffic.close(server, grace),
  }
}
