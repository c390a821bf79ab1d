import type { DocFilename } from '../spec/doc-filename.ts'
import type { Name } from '../spec/project-name.ts'
import type { ReleaseVersion } from '../spec/release-version.ts'
import type { History } from './log-entry.ts'

/** The documentation of one release, as it lies beside its files. */
export interface DocZip {
  readonly name: Name
  readonly version: ReleaseVersion
  /** `NAME-VERSION.doc.zip`. */
  readonly filename: DocFilename
  /** On the disk. */
  readonly path: string
  /** The public path below our root: `alice/dev/+f/abc/0123456789abc/FILENAME`. */
  readonly url: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** ISO time of the upload. */
  readonly at: string
  /** Nobody in particular when undefined. */
  readonly by: string | undefined
  /** Empty for what a person put there. */
  readonly history: History
}
