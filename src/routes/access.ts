import { anonymous, type Access, type Visitor } from '../accounts/access.ts'
import type { Caller } from '../accounts/caller.ts'
import { parseAuthorization } from '../http/authorization.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Reply } from '../http/reply.ts'
import type { Handler, Route } from '../http/router.ts'

/**
 * What a route demands before anything of the body is read:
 * - `open`: nothing
 * - `read`: that the visitor may read
 * - `publish`: that there may be a project that the visitor may publish, yank or delete; which one,
 *   the handler asks `Access.requirePublish` when it knows the name
 */
export type Permission = 'open' | 'read' | 'publish'

/** A handler that learns who asks; to an `open` route everybody is a stranger. */
export type GuardedHandler = (
  exchange: Exchange,
  rest: readonly string[],
  visitor: Visitor,
) => Reply | Promise<Reply>

// Those of reverse proxies; the last two are devpi's.
const isForwarding = (header: string): boolean =>
  header === 'via' ||
  header === 'forwarded' ||
  header.startsWith('x-forwarded-') ||
  header === 'x-outside-url' ||
  header === 'x-real-ip'

// What nginx speaks to us unless told otherwise, and then it sends none of those headers and a Host
// of this machine. People's own clients speak HTTP/1.1.
const isOld = ({ request }: Exchange): boolean =>
  request.httpVersionMajor === 1 && request.httpVersionMinor === 0

/**
 * Where an exchange comes from.
 * @param authorization what it says about who asks
 */
export const callerOf = (
  exchange: Exchange,
  authorization: string | undefined = exchange.request.headers.authorization,
): Caller => {
  const { headers, socket } = exchange.request
  return {
    credentials: parseAuthorization(authorization),
    address: socket.remoteAddress ?? '',
    host: headers.host,
    isForwarded: isOld(exchange) || Object.keys(headers).some(isForwarding),
    origin: headers.origin,
    site: exchange.header('sec-fetch-site'),
  }
}

// Headers are made once and shared by many replies, so their private form is made once, too.
const ownCopies = new WeakMap<readonly string[], readonly string[]>()

const privateHeaders = (headers: readonly string[]): readonly string[] => {
  const known = ownCopies.get(headers)
  if (known !== undefined) return known
  const copy = headers.map((value, at) =>
    at % 2 === 1 && headers[at - 1]?.toLowerCase() === 'cache-control' ? privately(value) : value,
  )
  ownCopies.set(headers, copy)
  return copy
}

const privately = (control: string): string => {
  const directives = control.split(/, */)
  if (directives.includes('private') || directives.includes('no-store')) return control
  return ['private', ...directives.filter(directive => directive !== 'public')].join(', ')
}

/** A reply that no cache may keep for others than whom it was given to (PY-28). */
export const ownReply = (reply: Reply): Reply => ({
  ...reply,
  headers: privateHeaders(reply.headers),
})

const admit = async (
  access: Access,
  permission: Permission,
  exchange: Exchange,
): Promise<Visitor> => {
  const caller = callerOf(exchange)
  if (!isSafe(exchange)) access.requireOwnSite(caller)
  if (permission === 'open') return anonymous
  const visitor = await access.visitor(caller)
  exchange.user = visitor.user
  if (permission === 'read') access.requireRead(visitor)
  else access.requirePublish(visitor)
  return visitor
}

/** True for a request that changes nothing. */
export const isSafe = ({ method }: Exchange): boolean => method === 'GET' || method === 'HEAD'

const guarded = (access: Access, permission: Permission, handler: GuardedHandler): Handler => {
  const isPrivate = access.read === 'users' && permission === 'read'
  const mayPass = permission === 'open' || (permission === 'read' && access.read === 'anyone')
  const judge = async (exchange: Exchange, rest: readonly string[]): Promise<Reply> => {
    const visitor = await admit(access, permission, exchange)
    const reply = await handler(exchange, rest, visitor)
    return isPrivate ? ownReply(reply) : reply
  }
  if (!mayPass) return judge
  // Nearly every request, so it costs neither a promise nor a look at more than one header.
  return (exchange, rest) =>
    (
      isSafe(exchange) &&
      (permission === 'open' || exchange.request.headers.authorization === undefined)
    ) ?
      handler(exchange, rest, anonymous)
    : judge(exchange, rest)
}

/**
 * A route that is answered only to whom it may be: each method names its permission, so that none is
 * left open by oversight (fault P26). What changes something is refused to pages of other sites,
 * whatever credentials their visitor's browser adds (fault P25).
 */
export const guard = <M extends keyof Route>(
  access: Access,
  route: Readonly<Record<M, GuardedHandler>>,
  permissions: Readonly<Record<M, Permission>>,
): Route =>
  Object.fromEntries(
    Object.entries<GuardedHandler>(route).map(([method, handler]) => [
      method,
      guarded(access, permissions[method as M], handler),
    ]),
  )
