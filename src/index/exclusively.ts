import type { Layout } from '../disk/layout.ts'
import { lockSoon } from '../disk/lock.ts'
import { HttpError } from '../http/error.ts'
import type { Name } from '../spec/project-name.ts'

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
  const release = await lockSoon(layout.lock(`publish ${name}/${filename}`))
  if (release === undefined)
    throw new HttpError(503, `${filename} is being changed by somebody else: try again later`)
  try {
    return await work()
  } finally {
    await release()
  }
}
