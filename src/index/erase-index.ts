import { rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Layout } from '../disk/layout.ts'
import { putAway } from '../disk/put-away.ts'
import { HttpError } from '../http/error.ts'
import { rootIndex } from '../spec/index-name.ts'

/**
 * Removes everything of an index but its settings: its projects vanish at once, the rest follows. Done
 * again it finishes what was interrupted, so the settings say that the index is being deleted until
 * this returns.
 * @throws {HttpError} 403 for the root index, which is the directory itself
 */
export const eraseIndex = async (layout: Layout): Promise<void> => {
  if (layout.index === rootIndex)
    throw new HttpError(403, `${rootIndex} is the directory itself and cannot be deleted`)
  await putAway(layout, layout.trees)
  // The user's directory goes with the last index.
  await rmdir(dirname(layout.root)).catch(() => {})
}
