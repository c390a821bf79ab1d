import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

// IANA's registry of special-purpose IPv4 addresses, multicast and the reserved block.
const special = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const

// Of IPv6 only what is assigned as global unicast, and NAT64, is open; so v4-mapped, unique local,
// link-local, loopback and multicast addresses are not.
const open = new BlockList()
open.addSubnet('2000::', 3, 'ipv6')
open.addSubnet('64:ff9b::', 96, 'ipv6')

const closed = new BlockList()
closed.addSubnet('2001::', 23, 'ipv6')
closed.addSubnet('2001:db8::', 32, 'ipv6')
closed.addSubnet('3fff::', 20, 'ipv6')

// An IPv4 address inside NAT64 (RFC 6052) or 6to4 (RFC 3056) is reached through a gateway all the same.
for (const [net, bits] of special) {
  const [a = 0, b = 0, c = 0, d = 0] = net.split('.').map(Number)
  const hex = [(a << 8) | b, (c << 8) | d].map(part => part.toString(16)).join(':')
  closed.addSubnet(net, bits, 'ipv4')
  closed.addSubnet(`64:ff9b::${hex}`, 96 + bits, 'ipv6')
  closed.addSubnet(`2002:${hex}::`, 16 + bits, 'ipv6')
}

/** True for an address of the public internet; false for any private or special one, and for what is no address. */
export const isPublicAddress = (ip: string): boolean => {
  switch (isIP(ip)) {
    case 4:
      return !closed.check(ip, 'ipv4')
    case 6:
      return !ip.includes('%') && open.check(ip, 'ipv6') && !closed.check(ip, 'ipv6')
    default:
      return false
  }
}

/** The code of the error with which `lookupPublic` refuses a name that has no public address. */
export const privateAddress = 'EPRIVATEADDRESS'

/**
 * Resolves a name to its public addresses only. Given to the connector, so that the address which
 * is checked is the one that is connected to, and DNS rebinding has no window (fault U48).
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 0)
    const usable = addresses.filter(({ address }) => isPublicAddress(address))
    const first = usable[0]
    if (first === undefined)
      return callback(
        Object.assign(new Error('not a public address'), { code: privateAddress }),
        '',
        0,
      )
    return options.all === true ?
        callback(null, usable)
      : callback(null, first.address, first.family)
  })
}
