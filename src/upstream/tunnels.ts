import { request as httpRequest, type ClientRequest } from 'node:http'
import { Agent, request as httpsRequest, type AgentOptions, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { hostOf, serverName } from './request.ts'
import { proxyTrouble } from './upstream-error.ts'

/** A proxy, and how it is spoken to. */
export interface TunnelOptions {
  readonly url: URL
  readonly authorization: string | undefined
  /** For TLS to a proxy of https. */
  readonly tls: AgentOptions
  /** Seconds until the proxy must have made a tunnel. */
  readonly patience: number
}

/** Connections to https hosts through a proxy, by CONNECT (RFC 9110 9.3.6). */
export class Tunnels extends Agent {
  readonly #proxy: TunnelOptions
  readonly #opening = new Set<ClientRequest>()

  constructor(options: AgentOptions, proxy: TunnelOptions) {
    super(options)
    this.#proxy = proxy
  }

  /** Gives a connection to `callback` once the proxy has made a tunnel. */
  override createConnection(
    options: RequestOptions,
    callback: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const fail = callback as (error: Error) => void
    const request = this.#connect(options)
      .once('connect', ({ statusCode = 0 }, socket, head) => {
        socket.on('error', () => {})
        const through = { ...options, socket }
        const isOpen = statusCode >= 200 && statusCode < 300
        // In TLS it is not the server who speaks first.
        if (isOpen && head.length === 0)
          return callback(null, super.createConnection(through) as Duplex)
        socket.destroy()
        fail(
          isOpen ?
            Object.assign(new Error('no TLS behind the proxy'), { code: 'EPROTO' })
          : proxyTrouble(`the proxy refuses the connection (${statusCode})`),
        )
      })
      .on('error', fail)
    const late = Object.assign(new Error('the proxy is silent'), { code: 'ETIMEDOUT' })
    const timer = setTimeout(() => request.destroy(late), this.#proxy.patience * 1000)
    request.once('close', () => {
      clearTimeout(timer)
      this.#opening.delete(request)
    })
    this.#opening.add(request.end())
  }

  /** Closes all connections, those that are being made too. */
  override destroy(): void {
    for (const request of this.#opening) request.destroy()
    super.destroy()
  }

  #connect({ host, port }: RequestOptions): ClientRequest {
    const { url, authorization, tls } = this.#proxy
    const proxy = hostOf(url)
    const authority = `${host?.includes(':') === true ? `[${host}]` : host}:${port}`
    const options = {
      agent: false,
      host: proxy,
      port: url.port,
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(authorization !== undefined && { 'proxy-authorization': authorization }),
      },
      insecureHTTPParser: false,
    }
    return url.protocol === 'https:' ?
        httpsRequest({ ...options, ...tls, servername: serverName(proxy) })
      : httpRequest(options)
  }
}
