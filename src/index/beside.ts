import type { Digests } from '../disk/digest.ts'
import type { Layout } from '../disk/layout.ts'
import type { OpenFiles } from '../disk/open-files.ts'
import { Docs } from './docs.ts'
import { Releases } from './releases.ts'
import { ToxResults } from './toxresults.ts'

/** What an index has of its releases beside their files. */
export interface Beside {
  /** Where it lies, and whose it is. */
  readonly layout: Layout
  /** What was registered by forms. */
  readonly releases: Releases
  /** Documentation. */
  readonly docs: Docs
  /** Results of testing release files. */
  readonly toxResults: ToxResults
}

/** The same for the index of this layout; nothing is read yet. */
export const openBeside = (parts: {
  readonly layout: Layout
  readonly digests: Digests
  readonly files: OpenFiles
}): Beside => ({
  layout: parts.layout,
  releases: new Releases(parts.layout),
  docs: new Docs(parts),
  toxResults: new ToxResults(parts),
})
