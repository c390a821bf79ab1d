import type { Filename } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Fact, MirroredFact, Tombstone, UploadedFact } from './fact.ts'

/** A file that a person put into the directory, whole and hashed. */
export interface Dropped {
  readonly path: string
  readonly file: File
  readonly sha256: string
}

/** A file that we published, where it lies. */
export interface Published<F extends Exclude<Fact, Tombstone> = MirroredFact | UploadedFact> {
  readonly path: string
  readonly fact: F
}

/** A file that was fetched from an upstream and is held. */
export type Mirrored = Published<MirroredFact>

/** A file that somebody uploaded. */
export type Uploaded = Published<UploadedFact>

/** What lies in the directory of one project. */
export interface Local {
  /** Changes whenever anything here does. */
  readonly revision: string
  readonly mirrored: ReadonlyMap<Filename, Mirrored>
  readonly uploaded: ReadonlyMap<Filename, Uploaded>
  readonly dropped: ReadonlyMap<Filename, Dropped>
  /** Files that are hidden, and whose names are reserved. */
  readonly deleted: ReadonlyMap<Filename, Tombstone>
  /** ISO time of the first upload; undefined when there never was one. */
  readonly claimed: string | undefined
  /** How many dropped files are not listed yet, since they may still be being copied. */
  readonly unfinished: number
}

/** The page's objects of all files that are ours alone: uploaded and dropped ones. */
export const ownFiles = ({ uploaded, dropped }: Local): File[] => [
  ...[...uploaded.values()].map(({ fact }) => fact.file),
  ...[...dropped.values()].map(({ file }) => file),
]

/** One of them by its name. */
export const ownFile = (local: Local, filename: Filename): File | undefined =>
  local.uploaded.get(filename)?.fact.file ?? local.dropped.get(filename)?.file
