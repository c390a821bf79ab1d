import type { Log } from '../log.ts'
import { errorReply } from './error.ts'
import type { Exchange } from './exchange.ts'
import type { Reply } from './reply.ts'

/** What is answered in place of a reply that could not be made; `errorReply` says which errors it knows. */
export const refusalOf = ({ method, path }: Exchange, error: unknown, log: Log): Reply => {
  const told = errorReply(error, log, path)
  // Those who publish with old tools are shown nothing but the phrase (UP-43).
  return method === 'GET' || method === 'HEAD' ? { ...told, reason: undefined } : told
}
