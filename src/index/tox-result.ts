import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import type { History } from './log-entry.ts'

/** The release file that a test result is about: certain bytes under a name. */
export interface Tested {
  readonly name: Name
  readonly filename: Filename
  readonly sha256: string
}

/** A result of testing one release file. */
export interface ToxResult {
  /** The name of the file that it is about. */
  readonly about: Filename
  /** `FILE.toxresult-YYYYMMDDHHMMSS-N`. */
  readonly filename: string
  /** `YYYYMMDDHHMMSS` (UTC), and how many results there were before it: what its name tells. */
  readonly time: string
  readonly number: number
  /** On the disk; the bytes as they were sent. */
  readonly path: string
  /** The public path below our root, in the release file's own directory. */
  readonly url: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** ISO time of the upload. */
  readonly at: string
  /** Nobody in particular when undefined. */
  readonly by: string | undefined
  readonly history: History
}
