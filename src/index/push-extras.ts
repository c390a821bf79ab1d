import { Digests } from '../disk/digest.ts'
import type { DurableOptions } from '../disk/durable.ts'
import type { Layout } from '../disk/layout.ts'
import { OpenFiles } from '../disk/open-files.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { openBeside, type Beside } from './beside.ts'
import type { DocZip } from './doc-zip.ts'
import type { PushRecord } from './push-record.ts'
import type { ToxResult } from './tox-result.ts'

/** What came along with the files of a push. */
export interface BroughtAlong {
  /** Whether the release was registered at its source, and so is now. */
  readonly isRegistered: boolean
  readonly toxResults: ReadonlyMap<Filename, readonly ToxResult[]>
  readonly docs: DocZip | undefined
}

/**
 * Gives what belongs to a release beside its files to the index that they were pushed to: registered
 * metadata, test results, documentation. May be done again: what is there already stays as it is.
 */
export const bringAlong = async (
  source: Beside,
  target: Beside,
  name: Name,
  { version, by, files, withDocs }: PushRecord,
  options: DurableOptions = {},
): Promise<BroughtAlong> => {
  const isRegistered = await source.releases.copyTo(name, version, target.releases, options)
  const toxResults = new Map<Filename, readonly ToxResult[]>()
  for (const { filename, sha256 } of files) {
    const tested = { name, filename, sha256 }
    toxResults.set(filename, await source.toxResults.copyTo(tested, target.toxResults, by, options))
  }
  const put =
    withDocs ? await source.docs.copyTo(name, version, target.docs, by, options) : undefined
  return { isRegistered, toxResults, docs: put?.docs }
}

/** The same where neither index is open, after a process was killed. */
export const bringAlongLater = async (
  layout: Layout,
  name: Name,
  record: PushRecord,
): Promise<void> => {
  const files = new OpenFiles()
  const open = (layout: Layout) => openBeside({ layout, digests: new Digests(layout), files })
  try {
    await bringAlong(open(layout.of(record.source)), open(layout), name, record)
  } finally {
    files.clear()
  }
}
