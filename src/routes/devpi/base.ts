import { HttpError } from '../../http/error.ts'
import type { Exchange } from '../../http/exchange.ts'
import { toldOutsideUrl } from '../../http/outside-url.ts'
import { baseUrl } from '../base-url.ts'
import type { DevpiRequest, DevpiSources } from './request.ts'

/**
 * The URL of our root as this client sees it, with a slash at its end: as `X-Outside-Url` says, else
 * as always (devpi-api 1.6).
 * @throws {HttpError} 400 for an `X-Outside-Url` that is none
 */
export const baseOf = (exchange: Exchange, { url, outsideUrl }: DevpiSources): string => {
  const told = toldOutsideUrl(exchange)
  if (told === 'unusable')
    throw new HttpError(400, 'X-Outside-Url is not http(s)://HOST[:PORT][/PATH]')
  return told?.url ?? baseUrl(exchange, { fallback: url, outside: outsideUrl })
}

/**
 * The URL of our root for others than the client that asks, with a slash at its end: what the
 * settings say, since they would believe whatever a client makes of it (fault X03). Without that
 * only the client knows how we are called.
 */
export const baseForOthers = ({ base, sources }: DevpiRequest): string => sources.outsideUrl ?? base

/** The way from the URL that was asked for to our root. */
export const upFrom = ({ segments, slash }: Exchange): string =>
  '../'.repeat(Math.max(0, segments.length - (slash ? 0 : 1)))
