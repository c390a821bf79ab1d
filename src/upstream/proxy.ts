import { BlockList, isIP } from 'node:net'

type Environment = Readonly<Record<string, string | undefined>>

// Lower case goes first, as in curl and Python's requests.
const variable = (env: Environment, name: string): string =>
  (env[name.toLowerCase()] ?? env[name.toUpperCase()] ?? '').trim()

const inNetwork = (address: string, entry: string): boolean => {
  const [network = '', bits = ''] = entry.split('/')
  const family = isIP(network)
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(network, Number(bits), type)
  return list.check(address, type)
}

const matches = (url: URL, entry: string): boolean => {
  if (entry === '*') return true
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (entry.includes('/')) return inNetwork(host, entry)
  const port =
    url.port !== '' ? url.port
    : url.protocol === 'https:' ? '443'
    : '80'
  const [, named = entry, only] = isIP(entry) === 0 ? (/^(.*):(\d+)$/.exec(entry) ?? []) : []
  if (only !== undefined && only !== port) return false
  const suffix = named.replace(/^\[|\]$/g, '').replace(/^\*?\./, '')
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`))
}

/**
 * The proxy through which a URL is to be asked by `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and
 * `NO_PROXY` (hosts, suffixes, ports, networks, `*`), in either case of letters; undefined for none.
 * @throws {Error} when the variable is no http URL
 */
export const proxyFor = (url: URL, env: Environment): URL | undefined => {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = variable(env, name) || variable(env, 'ALL_PROXY')
  if (value === '') return undefined
  const exceptions = variable(env, 'NO_PROXY')
    .toLowerCase()
    .split(/[\s,]+/)
  if (exceptions.some(entry => entry !== '' && matches(url, entry))) return undefined
  const text = value.includes('://') ? value : `http://${value}`
  const proxy = URL.canParse(text) ? new URL(text) : undefined
  if (proxy === undefined || (proxy.protocol !== 'http:' && proxy.protocol !== 'https:'))
    throw new Error(`${name} is not the URL of an http proxy`)
  return proxy
}
