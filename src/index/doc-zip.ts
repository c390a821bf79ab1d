import type { DocFilename } from '../spec/doc-filename.ts'
import type { Name } from '../spec/project-name.ts'
import type { ReleaseVersion } from '../spec/release-version.ts'
import type { History } from './log-entry.ts'
import type { Outcome } from './upload.ts'

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

/** Documentation that was received and synced, and waits aside for its name. */
export interface NewDocs {
  readonly name: Name
  readonly version: string
  /** Where it lies aside, on the file system of the cache. Whatever happens it is gone afterwards. */
  readonly path: string
  readonly sha256: string
  /** Nobody in particular when undefined. */
  readonly by: string | undefined
  /** What happened to it elsewhere; unless given, it is uploaded here and now. */
  readonly history?: History | undefined
  /** False: what the release has already stays, unless it is the same. */
  readonly replace?: boolean | undefined
  /** When it was uploaded elsewhere; undefined: here and now. */
  readonly time?: Date | undefined
}

/** What became of documentation that was put somewhere. */
export interface PutDocs {
  readonly docs: DocZip
  readonly outcome: Outcome
}
