import { createHash } from 'node:crypto'
import type { Filename } from '../spec/filename.ts'
import type { MirroredFact, Tombstone, UploadedFact } from './fact.ts'

/** The facts about a project's files, and a stamp that changes when they do. */
export interface ProjectFacts {
  readonly stamp: string
  readonly mirrored: ReadonlyMap<Filename, MirroredFact>
  /** Several for one name where it was replaced, or where somebody lost a race for it. */
  readonly uploaded: ReadonlyMap<Filename, readonly UploadedFact[]>
  readonly deleted: ReadonlyMap<Filename, Tombstone>
  /** ISO time of the first upload, which made the name private. */
  readonly claimed: string | undefined
}

/** Those of a project that has none. */
export const none: ProjectFacts = {
  stamp: '-',
  mirrored: new Map(),
  uploaded: new Map(),
  deleted: new Map(),
  claimed: undefined,
}

/** Changes when they do. Of mirrored files the number is enough, since nothing about them changes. */
export const digestOf = ({
  mirrored,
  uploaded,
  deleted,
  claimed,
}: Omit<ProjectFacts, 'stamp'>): string => {
  const hash = createHash('sha256')
  for (const facts of uploaded.values())
    for (const { sha256, file, at } of facts)
      hash.update(JSON.stringify([file.filename, sha256, file.yanked, at]))
  for (const { filename, sha256 } of deleted.values()) hash.update(`-${filename} ${sha256}`)
  return `${mirrored.size}.${claimed ?? ''}.${hash.digest('hex').slice(0, 16)}`
}
