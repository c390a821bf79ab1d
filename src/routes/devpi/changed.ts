import type { Entry } from '../../journal/journal.ts'
import { actorOf } from '../actor.ts'
import type { DevpiRequest } from './request.ts'

/** Notes something that a client changed, once it is durable: in the journal, and in the serial. */
export const noteChange = async (
  { exchange, sources }: DevpiRequest,
  entry: Entry,
): Promise<void> => {
  await sources.changes.note()
  await sources.journal.record({ ...actorOf(exchange), ...entry })
}
