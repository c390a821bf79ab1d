import { dirname } from 'node:path'
import type { Layout } from '../disk/layout.ts'
import { removeIfEmpty, removeTree } from '../disk/remove-tree.ts'
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
  for (const path of layout.trees) await removeTree(layout, path)
  // The user's directory goes with the last index.
  await removeIfEmpty(dirname(layout.root))
}
