import { IndexConfigs } from '../accounts/index-configs.ts'
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
import { ConflictError } from './upload.ts'

/** What came along with the files of a push. */
export interface BroughtAlong {
  /** Whether the release was registered at its source, and so is now. */
  readonly isRegistered: boolean
  readonly toxResults: ReadonlyMap<Filename, readonly ToxResult[]>
  readonly docs: DocZip | undefined
  /** Its name, if other documentation was uploaded while the push was on its way, which has to stay. */
  readonly docsInTheWay: string | undefined
}

/**
 * Gives what belongs to a release beside its files to the index that they were pushed to: registered
 * metadata, test results, documentation. May be done again: what is there already stays as it is.
 */
export const bringAlong = async (
  source: Beside,
  target: Beside,
  name: Name,
  record: PushRecord,
  options: DurableOptions = {},
): Promise<BroughtAlong> => {
  const { version, by, files } = record
  const isRegistered = await source.releases.copyTo(name, version, target.releases, options)
  const toxResults = new Map<Filename, readonly ToxResult[]>()
  for (const { filename, sha256 } of files) {
    const tested = { name, filename, sha256 }
    toxResults.set(filename, await source.toxResults.copyTo(tested, target.toxResults, by, options))
  }
  const along = await bringDocs(source, target, name, record, options)
  return { isRegistered, toxResults, ...along }
}

/** The files are there already, so documentation that has no place is told of and not thrown for. */
const bringDocs = async (
  source: Beside,
  target: Beside,
  name: Name,
  { version, by, withDocs }: PushRecord,
  options: DurableOptions,
): Promise<Pick<BroughtAlong, 'docs' | 'docsInTheWay'>> => {
  const none = { docs: undefined, docsInTheWay: undefined }
  if (!withDocs || (await source.docs.get(name, version)) === undefined) return none
  const config = await new IndexConfigs(target.layout).get(target.layout.index)
  const replace = config?.volatile === true
  try {
    const put = await source.docs.copyTo(name, version, target.docs, { by, replace, ...options })
    return { ...none, docs: put?.docs }
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const there = await target.docs.get(name, version)
    return { ...none, docsInTheWay: there?.filename ?? 'other documentation' }
  }
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
