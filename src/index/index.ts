import type { Resource } from '../disk/resource.ts'
import type { Filename } from '../spec/filename.ts'
import type { Page } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import type { UpstreamApi } from './upstream-api.ts'

/** How an answer came about; clients read it as `X-Cache`. */
export type Source = 'hit' | 'miss' | 'stale' | 'revalidated'

/** What a client asks of an index beyond the name. */
export interface Ask {
  /** Look at upstream now, however fresh the copy is (`Cache-Control: no-cache`, `refresh`). */
  readonly confirm?: boolean
}

/** What an index knows of a project at one moment. */
export interface Project {
  readonly name: Name
  /** Changes whenever `page()` would; cheap, made from stamps of directories and files. */
  readonly revision: string
  readonly source: Source
  /**
   * The expensive part. The `url` of each file is its public path below the server's root, without
   * a leading slash and percent-encoded: `packages/ab/cd/.../FILE`.
   */
  page(): Promise<Page>
  /** What the upstream that owns the project tells of it beside its page; undefined where none owns it. */
  readonly api?: UpstreamApi | undefined
}

/** Where a file is to be found. */
export interface Wanted {
  readonly name: Name
  readonly filename: Filename
  /** The public path asked for (`packages/ab/cd/.../FILE`); without it the file is found by name alone. */
  readonly path?: string
}

/** The bytes of a file and how they came about. */
export interface Found {
  readonly resource: Resource
  readonly source: Source
}

/** A file that is on disk, whole and verified. */
export interface Kept {
  readonly path: string
  /** In bytes. */
  readonly size: number
  readonly sha256: string
  /** `hit` when it was there before. */
  readonly source: Source
}

/**
 * Anything which has projects and files. Absence is `undefined`; not being able to find out throws,
 * and is never mistaken for absence.
 */
export interface Index {
  readonly name: string
  /** Why what is not here may be elsewhere, for the client that misses it; undefined when there is no such reason. */
  readonly limits?: string | undefined
  /** All names, each once, in no particular order; never an array, since PyPI has 800,000. */
  projects(): AsyncIterable<Name>
  project(name: Name, ask?: Ask): Promise<Project | undefined>
  /** The bytes of a distribution. */
  file(wanted: Wanted): Promise<Found | undefined>
  /** Brings a distribution onto the disk, whole, for nobody in particular. */
  fetch(wanted: Wanted): Promise<Kept | undefined>
  /** The core metadata of a wheel (PEP 658). */
  metadata(wanted: Wanted): Promise<Found | undefined>
  /** What a HEAD needs: the size if it is known, without fetching anything. */
  peek(wanted: Wanted): Promise<Resource | undefined>
}
