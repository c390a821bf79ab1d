import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import type { PassedOver } from './wish.ts'

/** A file that is in the cache now. */
export interface CachedFile {
  readonly name: Name
  readonly filename: Filename
  /** In bytes. */
  readonly size: number
  /** False when it was here before. */
  readonly fetched: boolean
}

/** What became of one line. */
export interface LineReport {
  /** As in its `Wish`. */
  readonly line: string
  readonly place: string
  /** Its own files that are in the cache now; those of its dependencies are in the list of all files only. */
  readonly files: readonly Filename[]
  /** Why something that it asks for is not in the cache, each in one line for people. */
  readonly failures: readonly string[]
  /** Why nothing was to be fetched for it; absent where something was. */
  readonly skipped?: string
}

/** What became of a requirements or lock file. */
export interface Report {
  readonly lines: readonly LineReport[]
  /** All files, each once: those of the lines in their order, then their dependencies by name. */
  readonly files: readonly CachedFile[]
  /** Everything that failed, each in one line for people, with its place where it has one. */
  readonly failures: readonly string[]
  /** Lines that ask for nothing which can be fetched here. */
  readonly unparseable: readonly PassedOver[]
  /** What a person should know though nothing failed. */
  readonly notes: readonly string[]
}

/** How far the files have come. */
export interface Progress {
  /** Projects looked at so far. */
  readonly projects: number
  /** Files known to be wanted so far. */
  readonly wanted: number
  readonly done: number
  /** Bytes of the files that are done and were fetched. */
  readonly bytes: number
}
