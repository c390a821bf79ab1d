import type { Exchange } from '../http/exchange.ts'

const host = /^[A-Za-z0-9.-]{1,255}(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?$/
const prefix = /^(?:\/[A-Za-z0-9._~-]{1,100}){1,10}\/?$/
const loopback = /^(?:::ffff:)?127\.|^::1$/

// Of several proxies the first one knows what the client asked.
const firstOf = (value: string | undefined): string => (value ?? '').split(',', 1)[0]?.trim() ?? ''

/** What is known of our URL before anybody asks. */
export interface OwnUrl {
  /** For a request whose `Host` is of no use. */
  readonly fallback: string
  /** What the settings say; it counts whatever the `Host` is. */
  readonly outside?: string | undefined
}

/**
 * Our URL as this client sees it, ending in a slash: what the settings say, else the `Host` of its
 * request, and what a reverse proxy on this machine says of scheme, host and prefix; anybody else
 * could say anything (fault X04). It is for this client's own answer only (fault X03), and holds
 * nothing that HTML or JSON would escape.
 */
export const baseUrl = (exchange: Exchange, { fallback, outside: settled }: OwnUrl): string => {
  if (settled !== undefined) return settled
  const isProxied = loopback.test(exchange.request.socket.remoteAddress ?? '')
  const told = (name: string) => (isProxied ? firstOf(exchange.header(`x-forwarded-${name}`)) : '')
  const outside = told('host')
  const asked = host.test(outside) ? outside : (exchange.header('host') ?? '')
  if (!host.test(asked)) return fallback
  const scheme = told('proto') === 'https' ? 'https' : 'http'
  const below = told('prefix')
  return `${scheme}://${asked}${prefix.test(below) ? below.replace(/\/$/, '') : ''}/`
}
