import type { Exchange } from './exchange.ts'
import { notAllowed, text, type Reply } from './reply.ts'

/** Answers a request; `rest` are the segments behind the route's own path. */
export type Handler = (exchange: Exchange, rest: readonly string[]) => Reply | Promise<Reply>

/** What a path does, by method; HEAD is GET without the body, and `any` takes every method that is not named. */
export type Route = Readonly<
  Partial<Record<'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'any', Handler>>
>

/** A route that changes nothing. */
export type Reading = Readonly<Record<'GET', Handler>>

interface Node {
  readonly below: Map<string, Node>
  route?: Prepared
}

interface Prepared {
  readonly handlers: ReadonlyMap<string, Handler>
  readonly any: Handler | undefined
  readonly allow: string
  readonly options: Reply
}

// Browsers that install (micropip, JupyterLite) ask first (SA-49); to read is all they may.
const preflight = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Allow-Methods',
  'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers',
  'Accept, Accept-Encoding, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Range',
  'Access-Control-Max-Age',
  '86400',
]

/** The answer to OPTIONS where others may read. */
export const readable = (allow = 'GET, HEAD, OPTIONS'): Reply => ({
  status: 204,
  headers: ['Allow', allow, ...preflight],
})

const prepare = ({ any, ...route }: Route): Prepared => {
  const handlers = new Map(Object.entries(route))
  const { GET } = route
  if (GET !== undefined) handlers.set('HEAD', GET)
  const allow = [...handlers.keys(), 'OPTIONS'].join(', ')
  return {
    handlers,
    any,
    allow,
    options: GET === undefined ? { status: 204, headers: ['Allow', allow] } : readable(allow),
  }
}

const every: Reply = { status: 204, headers: ['Allow', 'GET, HEAD, OPTIONS'] }

/**
 * The handler of a whole server. A route answers its path and everything below it that no longer
 * route takes. Without a route it is 404, without a handler for the method 405 (SA-13).
 * @param routes by path without slashes at its ends: `simple`, `ext/pypi/simple`, `` for the root
 */
export const router = (
  routes: Readonly<Record<string, Route>>,
): ((exchange: Exchange) => Reply | Promise<Reply>) => {
  const root: Node = { below: new Map() }
  for (const [path, route] of Object.entries(routes)) {
    let node = root
    for (const segment of path === '' ? [] : path.split('/')) {
      const next = node.below.get(segment) ?? { below: new Map() }
      node.below.set(segment, next)
      node = next
    }
    node.route = prepare(route)
  }
  return exchange => {
    if (exchange.path === '*') return exchange.method === 'OPTIONS' ? every : notAllowed('OPTIONS')
    const { segments } = exchange
    let node: Node | undefined = root
    let found = root.route
    let depth = 0
    for (let at = 0; at < segments.length;) {
      node = node.below.get(segments[at] as string)
      at++
      if (node === undefined) break
      if (node.route !== undefined) [found, depth] = [node.route, at]
    }
    if (found === undefined) return text(404, 'not found: no such path')
    const handler = found.handlers.get(exchange.method) ?? found.any
    if (handler !== undefined) return handler(exchange, segments.slice(depth))
    return exchange.method === 'OPTIONS' ? found.options : notAllowed(found.allow)
  }
}
