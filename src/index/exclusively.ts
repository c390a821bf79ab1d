import type { Layout } from '../disk/layout.ts'
import { breakLock, lockSoon } from '../disk/lock.ts'
import { HttpError } from '../http/error.ts'
import type { Name } from '../spec/project-name.ts'

const lockOf = (layout: Layout, name: Name, filename: string): string =>
  layout.lock(`publish ${name}/${filename}`)

/** Nobody need wait for somebody who did so and is known to be dead. */
export const noLongerExclusively = (layout: Layout, name: Name, filename: string): Promise<void> =>
  breakLock(lockOf(layout, name, filename))

/**
 * Changes what is published under a name while nobody else does, in any process.
 * @throws {HttpError} 503 when somebody else does so for too long
 */
export const exclusively = async <T>(
  layout: Layout,
  name: Name,
  filename: string,
  work: () => Promise<T>,
): Promise<T> => {
  const release = await lockSoon(lockOf(layout, name, filename))
  if (release === undefined)
    throw new HttpError(503, `${filename} is being changed by somebody else: try again later`)
  try {
    return await work()
  } finally {
    await release()
  }
}
