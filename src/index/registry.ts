import type { Layout } from '../disk/layout.ts'
import type { IndexConfig } from '../spec/index-config.ts'
import type { IndexName } from '../spec/index-name.ts'
import type { Beside } from './beside.ts'
import type { Folder } from './folder.ts'
import type { Index } from './index.ts'
import type { Stage } from './stage.ts'

/** An index as it is set up now. */
export interface Opened {
  readonly name: IndexName
  readonly config: IndexConfig
  /** This index alone: its pages, files and projects. */
  readonly own: Index
  /** With everything that it inherits (devpi-api 8); the same as `own` where there are no bases. */
  readonly whole: Index
  /** Takes uploads; undefined for mirrors. */
  readonly stage: Stage | undefined
  /** What lies on disk of it. */
  readonly folder: Folder
  /** What belongs to its releases beside their files: registered metadata, documentation, test results. */
  readonly beside: Beside
  /** The directory, seen from this index. */
  readonly layout: Layout
  /**
   * Itself and its bases in the order in which they are looked through, mirrors last.
   * @throws {HttpError} 503 when there is no such base; it is named
   */
  members(): Promise<readonly Opened[]>
}

/** The indexes by their names, as their settings say at the moment of each request. */
export interface Registry {
  /** An index; undefined when there is none of that name. A look at its settings' state when nothing changed. */
  open(name: IndexName): Promise<Opened | undefined>
  /** The index that lies in the directory itself, `root/pypi`. */
  readonly root: Opened
  close(): Promise<void>
}
