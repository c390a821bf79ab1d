import type { Exchange } from '../http/exchange.ts'
import type { Actor } from '../journal/journal.ts'

/** Who asks, for the journal: the user that credentials have proved, and what the connection tells. */
export const actorOf = ({ request, user }: Exchange): Actor => {
  const { headers, socket } = request
  const address = socket.remoteAddress
  const forwarded = headers['x-forwarded-for']
  return {
    user,
    // An IPv4 client of a socket that listens on both.
    address: address?.startsWith('::ffff:') === true ? address.slice(7) : address,
    forwarded: typeof forwarded === 'string' ? forwarded : undefined,
    agent: headers['user-agent'],
  }
}
