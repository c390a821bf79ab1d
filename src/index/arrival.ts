import type { BigIntStats } from 'node:fs'
import type { Layout } from '../disk/layout.ts'
import type { Filename } from '../spec/filename.ts'
import type { IndexName } from '../spec/index-name.ts'
import type { File } from '../spec/page.ts'
import { placesOf } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import { uploadedFile, type UploadedFact } from './fact.ts'
import { overwriting, pushed, type History } from './log-entry.ts'

/** A file of another index that comes to an index. */
export interface ArrivingFile {
  readonly filename: Filename
  /** Where it lies at its index. */
  readonly path: string
  /** The state in which it had these bytes. */
  readonly stats: BigIntStats
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** As its page there has it. */
  readonly file: File
  /** What is known of it there, if it was uploaded or pushed there. */
  readonly fact: UploadedFact | undefined
  /** Its bytes may be rewritten in place by a person, so they are copied and not shared. */
  readonly isForeign: boolean
}

/** A release that comes to an index as a whole. */
export interface Arrival {
  readonly name: Name
  /** As the release is called at the source. */
  readonly version: string
  readonly source: Layout
  readonly by: string | undefined
  /** The documentation goes along. */
  readonly withDocs: boolean
  readonly files: readonly ArrivingFile[]
  /** Throws if what else belongs to it has no place there; asked when all files have one. */
  check(): Promise<void>
}

// What a page says of a file wherever it lies.
const kept = [
  'filename',
  'hashes',
  'size',
  'upload-time',
  'requires-python',
  'yanked',
] as const satisfies readonly (keyof File)[]

/**
 * What is to be known of an arrived file: all that was, and how it came here.
 * @param push the id of the push
 * @param metadata sha256 of a wheel's METADATA
 * @param before how what gives way to it came here; undefined when nothing does
 */
export const arrivedFact = (
  index: IndexName,
  push: string,
  { name, source, by }: Arrival,
  { file, fact, size, sha256 }: ArrivingFile,
  metadata: string | undefined,
  before: History | undefined,
): UploadedFact => {
  const at = new Date()
  const told = kept.flatMap(key => (file[key] === undefined ? [] : [[key, file[key]]]))
  const own = {
    ...(Object.fromEntries(told) as Omit<File, 'url'>),
    hashes: { ...file.hashes, sha256 },
    size,
    ...(metadata !== undefined && { 'core-metadata': { sha256: metadata } }),
  }
  const history = (fact?.log ?? []).filter(({ what }) => what !== 'overwrite')
  const isYanked = file.yanked !== undefined && file.yanked !== false
  return {
    kind: 'uploaded',
    file: uploadedFile(placesOf(index), name, own, fact?.isAttested === true),
    sha256,
    size,
    at: at.toISOString(),
    by,
    mayChange: fact?.mayChange === true,
    isAttested: fact?.isAttested === true,
    yanked: isYanked ? (fact?.yanked ?? { by, at: at.toISOString() }) : undefined,
    log: overwriting(before, pushed(history, { who: by, src: source.index, dst: index }, at), at),
    push,
  }
}
