import type { Exchange } from '../../http/exchange.ts'

/** True for devpi's own client. */
export const isDevpiClient = (exchange: Exchange): boolean =>
  exchange.request.headers['user-agent']?.startsWith('devpi-client') === true
