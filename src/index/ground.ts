import { Digests } from '../disk/digest.ts'
import type { Layout } from '../disk/layout.ts'
import { Directory } from '../disk/list.ts'
import type { OpenFiles } from '../disk/open-files.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../settings.ts'
import { CoreMetadata } from './core-metadata.ts'
import { Facts } from './facts.ts'
import { Folder } from './folder.ts'

/** What all indexes of a process share. */
export interface Shared {
  readonly settings: Settings
  readonly log: Log
  readonly files: OpenFiles
}

/** What lies on disk of one index, however it is set up. */
export interface Ground {
  readonly layout: Layout
  readonly directory: Directory
  readonly facts: Facts
  readonly digests: Digests
  readonly metadata: CoreMetadata
  readonly folder: Folder
}

/**
 * The ground of the index of this layout; nothing is read yet.
 * @param mutable patterns of names whose uploaded files may be replaced
 */
export const openGround = (
  layout: Layout,
  { settings, log, files }: Shared,
  mutable: readonly string[],
): Ground => {
  const parts = {
    layout,
    directory: new Directory(layout.root),
    facts: new Facts(layout),
    digests: new Digests(layout),
    metadata: new CoreMetadata(layout, log),
  }
  const folder = new Folder({ ...parts, files, log, settle: settings.settle, mutable })
  return { ...parts, folder }
}
