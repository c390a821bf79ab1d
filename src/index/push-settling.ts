import { Digests } from '../disk/digest.ts'
import type { Layout } from '../disk/layout.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard } from '../disk/write.ts'
import type { Log } from '../log.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { CoreMetadata } from './core-metadata.ts'
import { Facts } from './facts.ts'
import { Gone } from './gone.ts'
import { Publication } from './publication.ts'
import type { PushedFile, PushRecord } from './push-record.ts'

/** What settling takes. */
export interface SettlingParts {
  readonly layout: Layout
  readonly facts: Facts
  readonly digests: Digests
  readonly publication: Publication
}

/** The same for an index that is not open. */
export const settlingParts = (layout: Layout, log: Log): SettlingParts => {
  const facts = new Facts(layout)
  const digests = new Digests(layout)
  const metadata = new CoreMetadata(layout, log)
  const publication = new Publication({ layout, facts, digests, metadata, gone: new Gone(layout) })
  return { layout, facts, digests, publication }
}

/**
 * After the moment of a push: forgets what was known of files that gave way, and spares the next
 * look the hashing of those that came. May be done again.
 * @param crowded the names of which other bytes were known; unless given, they are looked for
 */
export const settlePush = async (
  { layout, facts, digests, publication }: SettlingParts,
  name: Name,
  { files, tombstones }: PushRecord,
  crowded?: ReadonlySet<Filename>,
): Promise<void> => {
  const settle = async ({ filename, sha256, inode }: PushedFile) => {
    if (crowded?.has(filename) !== false) await publication.forgetOthers({ name, filename, sha256 })
    const stats = linkStatsOf(layout.file(name, filename))
    if (stats?.ino === inode) await digests.remember(name, filename, stats, sha256)
  }
  await Promise.all([
    ...files.map(settle),
    ...tombstones.map(({ filename, sha256 }) => discard(layout.deleted(name, filename, sha256))),
    files.length > 0 && facts.claim(name, new Date().toISOString()),
  ])
}
