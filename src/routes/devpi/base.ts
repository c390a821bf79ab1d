import { HttpError } from '../../http/error.ts'
import type { Exchange } from '../../http/exchange.ts'
import { toldOutsideUrl } from '../../http/outside-url.ts'
import { baseUrl } from '../base-url.ts'
import type { DevpiSources } from './request.ts'

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

/** The way from the URL that was asked for to our root. */
export const upFrom = ({ segments, slash }: Exchange): string =>
  '../'.repeat(Math.max(0, segments.length - (slash ? 0 : 1)))
