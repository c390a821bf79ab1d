import { constants, linkSync } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { secure, type DurableOptions } from './durable.ts'
import { hasCode } from './error-code.ts'
import type { Layout } from './layout.ts'
import { discard, inDirectory, uniqueName } from './write.ts'

const linkless = ['EXDEV', 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'] as const

/**
 * Gives a finished and synced file another name as well, which must be new.
 * @returns false when the name is taken, the file is not there, or there are no hard links
 */
export const linkNew = async (
  path: string,
  name: string,
  { durable = true }: DurableOptions = {},
): Promise<boolean> => {
  try {
    await inDirectory(dirname(name), () => linkSync(path, name), { durable })
  } catch (error) {
    if (hasCode(error, 'EEXIST', 'ENOENT', ...linkless)) return false
    throw error
  }
  await secure([dirname(name)], durable)
  return true
}

/**
 * A finished file under a temporary name as well: a hard link, or a synced copy where the file system
 * has none or another holds it. What was read meanwhile into the copy is for the caller to compare.
 * @returns the temporary name, which the caller publishes or discards
 * @throws system errors, when it is not there among others
 */
export const linkAside = async (layout: Layout, path: string): Promise<string> => {
  const aside = join(layout.temporary, uniqueName())
  try {
    await inDirectory(layout.temporary, () => linkSync(path, aside), { durable: false })
  } catch (error) {
    if (!hasCode(error, ...linkless)) throw error
    await inDirectory(layout.temporary, () => copyAside(path, aside), { durable: false })
  }
  return aside
}

/** Copies a file to a path that must be new, durably. On failure nothing is left there. */
export const copyAside = async (path: string, aside: string): Promise<void> => {
  try {
    await copyFile(path, aside, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    const handle = await open(aside, 'r+')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    await discard(aside)
    throw error
  }
}
