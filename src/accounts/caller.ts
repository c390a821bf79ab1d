import { BlockList, isIP } from 'node:net'
import type { Credentials } from './accounts.ts'

/** Where a request comes from, as far as rights depend on it. */
export interface Caller {
  /** `unreadable`: there are some, and nobody can tell what they mean. */
  readonly credentials: Credentials | 'unreadable' | undefined
  /** The client's address. */
  readonly address: string
  /** The `Host` header. */
  readonly host: string | undefined
  /** True when a header of a proxy is there: `Forwarded`, `X-Forwarded-...`, `Via`. */
  readonly isForwarded: boolean
  /** The `Origin` header. */
  readonly origin: string | undefined
  /** The `Sec-Fetch-Site` header. */
  readonly site: string | undefined
}

const loopback = new BlockList()
// Also as what IPv6 makes of them (::ffff:127.0.0.1).
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** True for an address or name by which only this machine can be reached; brackets are allowed. */
export const isLoopback = (host: string): boolean => {
  const bare = host.replace(/^\[([^\]]*)\]$/, '$1')
  const family = isIP(bare)
  if (family === 0) return bare.toLowerCase() === 'localhost'
  return family === 4 ? bare.startsWith('127.') : loopback.check(bare, 'ipv6')
}

const withoutPort = (host: string): string => host.replace(/:\d{1,5}$/, '')

const isOwnOrigin = (origin: string, host: string | undefined): boolean =>
  host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase()

/** True for a request that a page of another site makes in somebody's browser (fault P25). */
export const isForeign = ({ origin, host, site }: Caller): boolean => {
  // Behind a reverse proxy our name is another one for the browser, so its own word counts first.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && !isOwnOrigin(origin, host)
}

/**
 * True for a client on this machine (contract, "Who may write"). A page that was led here by a
 * name of its own (DNS rebinding, fault X25) shows by its `Host`.
 * @param bind the address that the server listens on
 */
export const isLocal = (caller: Caller, bind: string): boolean => {
  const { address, host, isForwarded, origin } = caller
  return (
    isLoopback(bind) &&
    isLoopback(address) &&
    host !== undefined &&
    isLoopback(withoutPort(host)) &&
    !isForwarded &&
    !isForeign(caller) &&
    (origin === undefined || isOwnOrigin(origin, host))
  )
}
