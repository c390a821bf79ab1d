import { anonymous, type Visitor } from '../../accounts/access.ts'
import { readable, type Handler } from '../../http/router.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Reply } from '../../http/reply.ts'
import { isSafe } from '../access.ts'
import { actions, type Action } from './actions.ts'
import { baseOf, upFrom } from './base.ts'
import { devpiCaller, hasCredentials } from './credentials.ts'
import { Refusal } from './envelope.ts'
import { errorAnswer } from './error-answer.ts'
import { withDevpiHeaders } from './headers.ts'
import { placeOf, type Place } from './place.ts'
import type { DevpiRequest, DevpiSources } from './request.ts'

/** An action that was found at a place, for a method that it knows. */
interface Found {
  readonly place: Place
  readonly action: Action
}

const find = ({ segments, method }: Exchange): Found | undefined => {
  const place = placeOf(segments)
  const known = place && actions[place.kind]
  const asked = method === 'HEAD' ? 'GET' : method
  const action = known && Object.hasOwn(known, asked) ? known[asked] : undefined
  return place && action && { place, action }
}

const visitorOf = async (exchange: Exchange, { access }: DevpiSources): Promise<Visitor> => {
  // Nearly always: an installer that reads. What it may depends on nothing else, be it local or not.
  if (isSafe(exchange) && !hasCredentials(exchange)) return anonymous
  const caller = devpiCaller(exchange)
  if (!isSafe(exchange)) access.requireOwnSite(caller)
  return access.devpiVisitor(caller)
}

// Who asks is found out before anything of the body is read.
const requestOf = async (exchange: Exchange, sources: DevpiSources): Promise<DevpiRequest> => {
  const visitor = await visitorOf(exchange, sources)
  exchange.user = visitor.user
  return { exchange, visitor, base: baseOf(exchange, sources), up: upFrom(exchange), sources }
}

const answer = async (exchange: Exchange, sources: DevpiSources): Promise<Reply> => {
  const { place, action } = find(exchange) ?? {}
  try {
    if (place === undefined || action === undefined)
      throw new Refusal(404, 'not found: no such path', { shape: 'page' })
    return await action.answer(await requestOf(exchange, sources), place)
  } catch (error) {
    return errorAnswer(exchange, error, action?.shape ?? 'page', sources.log)
  }
}

/**
 * devpi's interface, for every path that is no other route's: a method that a place does not know is
 * as good as a place that is not there (devpi-api 1.5).
 */
export const devpiHandler =
  (sources: DevpiSources): Handler =>
  async exchange => {
    // Pages that install in a browser ask first (SA-49).
    const kind = exchange.method === 'OPTIONS' ? placeOf(exchange.segments)?.kind : undefined
    if (kind === 'users' || kind === 'simple' || kind === 'file') return readable()
    return withDevpiHeaders(await answer(exchange, sources), sources.changes)
  }
