import { rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from './error-code.ts'
import type { Layout } from './layout.ts'
import { linkStatsOf } from './stamp.ts'
import { inDirectory, syncDirectory, uniqueName } from './write.ts'

/**
 * Removes a directory with everything in it, for good and at one moment: whoever is killed meanwhile
 * leaves it whole or leaves nothing of it there. One that is not there is as good as removed.
 * @param moved told where it lies aside before it is removed there
 */
export const removeTree = async (
  layout: Layout,
  directory: string,
  moved?: (aside: string) => Promise<void>,
): Promise<void> => {
  if (linkStatsOf(directory) === undefined) return
  const aside = join(layout.temporary, uniqueName())
  try {
    await inDirectory(layout.temporary, () => rename(directory, aside), { durable: false })
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return
    throw error
  }
  await syncDirectory(dirname(directory))
  await moved?.(aside)
  await rm(aside, { recursive: true, force: true })
}

/** Removes a directory if nothing is in it; true when it is not there afterwards. */
export const removeIfEmpty = async (directory: string): Promise<boolean> => {
  try {
    await rmdir(directory)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return true
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'EBUSY', 'EACCES', 'EPERM', 'EROFS')) return false
    throw error
  }
}
