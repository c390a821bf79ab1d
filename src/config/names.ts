import { readOutsideUrl } from '../http/outside-url.ts'

/** Patterns of project names in normal form (PEP 503), `*` standing for anything. Throws with the bad one. */
export const parsePatterns = (patterns: readonly string[]): readonly string[] =>
  patterns.map(pattern => {
    if (!/^[a-z\d*]([a-z\d._*-]{0,200}[a-z\d*])?$/i.test(pattern)) {
      throw new Error(`expects project names such as "acme-*", not ${JSON.stringify(pattern)}`)
    }
    return pattern.toLowerCase().replaceAll(/[-_.]+/g, '-')
  })

/** Users and `:groups`, empty texts left out. Throws with the bad one. */
export const parsePrincipals = (names: readonly string[]): readonly string[] =>
  names
    .map(name => name.trim())
    .filter(name => name !== '')
    .map(name => {
      if (!/^:?[\w.@-]{1,64}:?$/.test(name))
        throw new Error(`expects users and :groups, not ${JSON.stringify(name)}`)
      const upper = name.toUpperCase()
      return upper === ':ANONYMOUS:' || upper === ':AUTHENTICATED:' ? upper : name
    })

/** The URL of our root, with a slash at its end; undefined where there is none. Throws when it cannot be one. */
export const parseOutsideUrl = (text: string | undefined): string | undefined => {
  if (text === undefined || text === '') return undefined
  const { url } = readOutsideUrl(text) ?? {}
  if (url === undefined)
    throw new Error(`expects http(s)://HOST[:PORT][/PATH], not ${JSON.stringify(text)}`)
  return url
}

/** Hosts as `host` or `host:port`, lower case. Throws with the bad one. */
export const parseHosts = (hosts: readonly string[]): readonly string[] =>
  hosts.map(host => {
    if (!/^(?:[a-z\d]([a-z\d._-]{0,250}[a-z\d])?|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)) {
      throw new Error(`expects "host" or "host:port", not ${JSON.stringify(host)}`)
    }
    return host.toLowerCase()
  })

/** An address to listen on: an IP address without brackets, or a host name. Throws with the remedy. */
export const parseBind = (address: string): string => {
  const bare = address.replace(/^\[([^\]]*)\]$/, '$1')
  if (/^[a-z\d]([a-z\d.-]{0,250}[a-z\d])?$|^[\da-f:.]*:[\da-f:.]*(?:%\w+)?$/i.test(bare)) {
    if (!/^[\w.-]+:\d+$/.test(bare)) return bare
  }
  throw new Error('expects an address or host name; the port goes into --port')
}
