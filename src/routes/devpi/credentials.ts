import type { Caller } from '../../accounts/caller.ts'
import type { Exchange } from '../../http/exchange.ts'
import { callerOf } from '../access.ts'

/**
 * Who asks, as devpi's clients say it: by `X-Devpi-Auth` alone if it is there, even when nobody can read
 * it, else by `Authorization` (devpi-api 4).
 */
export const devpiCaller = (exchange: Exchange): Caller => {
  const own = exchange.header('x-devpi-auth')
  return own === undefined ? callerOf(exchange) : callerOf(exchange, `Basic ${own.trim()}`)
}

/** True when a request says who asks, whatever that is worth. */
export const hasCredentials = (exchange: Exchange): boolean =>
  exchange.header('x-devpi-auth') !== undefined || exchange.header('authorization') !== undefined
