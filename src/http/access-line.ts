import type { Log } from '../log.ts'
import type { Exchange } from './exchange.ts'
import type { Reply } from './reply.ts'

// Monitors ask every few seconds.
const unlogged = new Set(['/-/health', '/-/ready'])

/**
 * Writes the access line of an exchange that is over.
 * @param started `performance.now()` when it began
 */
export const record = (
  log: Log,
  { method, path, sent: bytes }: Exchange,
  status: number,
  { cache }: Reply,
  started: number,
): void => {
  if (unlogged.has(path)) return
  log.access({
    method,
    path,
    status,
    cache: cache ?? '-',
    bytes,
    milliseconds: performance.now() - started,
  })
}
