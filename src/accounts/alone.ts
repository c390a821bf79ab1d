import type { Layout } from '../disk/layout.ts'
import { lockSoon } from '../disk/lock.ts'
import { AccessError } from './access-error.ts'

/**
 * Does something that only one process at a time does to a user or an index, since of two changes at
 * once one would undo the other: an old password could come back, or what was removed.
 * @param what is changed, in words: `user alice`
 * @throws {AccessError} 503 when somebody else takes too long
 */
export const alone = async <T>(
  layout: Layout,
  what: string,
  work: () => Promise<T>,
): Promise<T> => {
  const release = await lockSoon(layout.lock(what))
  if (release === undefined)
    throw new AccessError(503, `${what} is being changed by somebody else: try again later`)
  try {
    return await work()
  } finally {
    await release()
  }
}
