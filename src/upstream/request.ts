import { request as httpRequest, type Agent, type ClientRequest } from 'node:http'
import { isIP } from 'node:net'
import type { troubleWith } from './upstream-error.ts'

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

/**
 * A request with no other headers than these, `Host` and `Connection`; its body is still to be sent.
 * @throws {Error} when a header holds what cannot be sent
 */
export const openRequest = (
  { url, method, headers }: Asked,
  { agent, isSecure, proxy }: Way,
): ClientRequest => {
  const path = url.pathname + url.search
  const host = hostOf(proxy?.url ?? url)
  const authorization = proxy?.authorization
  const request = httpRequest({
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
  // What is left out of the headers might be what matters; their size is limited anyway.
  request.maxHeadersCount = 0
  return request
}
