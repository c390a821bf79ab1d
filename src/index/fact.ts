import type { JsonObject } from '../disk/json.ts'
import { fileVersion, type Filename } from '../spec/filename.ts'
import { readFile, type File } from '../spec/page.ts'
import type { Places } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import { readHistory, type History } from './log-entry.ts'

interface Published {
  /** The page's object for the file. */
  readonly file: File
  /** Computed from the bytes, whatever was claimed. */
  readonly sha256: string
  /** Bytes. A file of another size is not the one this fact is about. */
  readonly size: number
  /** ISO time of the download or upload. */
  readonly at: string
}

/** What we know of a file that we fetched. */
export interface MirroredFact extends Published {
  readonly kind: 'mirrored'
  /** The `url` of its `file` is where the bytes came from. */
  readonly upstream: string
  /** The public path below our root. */
  readonly path: string
}

/** What we know of a file that somebody uploaded. */
export interface UploadedFact extends Published {
  readonly kind: 'uploaded'
  /** The `url` of its `file` is its public path below our root. */
  readonly by: string | undefined
  /** Whoever uploaded it may replace it by other bytes. */
  readonly mayChange: boolean
  /** Attestations came with it. */
  readonly isAttested: boolean
  /** Who yanked it and when, while it is yanked. */
  readonly yanked: Act | undefined
  /** How it came here, and what became of what had its name before. */
  readonly log: History
  /** The id of the push that brought it. */
  readonly push?: string | undefined
}

/** Who did something and when (ISO time); nobody in particular on this machine. */
export interface Act {
  readonly by: string | undefined
  readonly at: string
}

/**
 * That a file was deleted here: bytes of this digest are hidden, and its name stays reserved
 * (UP-38). Its bytes are kept apart, and its fact stays, so that it can be restored as it was.
 */
export interface Tombstone extends Act {
  readonly kind: 'deleted'
  readonly filename: Filename
  readonly sha256: string
  readonly size: number
}

/** What we know of a file that the file cannot tell. A file without a fact was put there by a person. */
export type Fact = MirroredFact | UploadedFact | Tombstone

/** A fact as it is kept; undefined for what is broken (fault S20). */
export const readFact = (
  places: Places,
  name: Name,
  filename: Filename,
  record: JsonObject | undefined,
): Fact | undefined => {
  if (record === undefined) return undefined
  const { sha256, size, at, kind } = record
  if (typeof sha256 !== 'string' || typeof size !== 'number' || typeof at !== 'string')
    return undefined
  if (kind === 'deleted') return { kind, filename, sha256, size, at, by: textOf(record['by']) }
  const file = readFile(record['file'], nowhere)
  if (file?.filename !== filename) return undefined
  const published = { file, sha256, size, at }
  return kind === 'uploaded' ?
      readUploaded(places, name, record, published)
    : readMirrored(record, published)
}

/** The page's object of an uploaded file: where it and its attestations are found here. */
export const uploadedFile = (
  places: Places,
  name: Name,
  file: Omit<File, 'url'>,
  isAttested: boolean,
): File => {
  // The key pattern of `File` hides what its own keys are.
  const { filename, hashes } = file as File
  const version = isAttested ? fileVersion(name, filename) : undefined
  return {
    ...(file as File),
    url: places.own(name, filename, hashes['sha256'] ?? ''),
    ...(version !== undefined && { provenance: places.provenance(name, version, filename) }),
  }
}

const nowhere = new URL('http://invalid./')

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

const readUploaded = (
  places: Places,
  name: Name,
  record: JsonObject,
  published: Published,
): UploadedFact => {
  const { sha256, file } = published
  const isAttested = record['isAttested'] === true
  const by = textOf(record['by'])
  return {
    ...published,
    kind: 'uploaded',
    file: uploadedFile(places, name, { ...file, hashes: { ...file.hashes, sha256 } }, isAttested),
    by,
    mayChange: record['mayChange'] === true,
    isAttested,
    yanked: readAct(record['yanked']),
    log: logOf(record, by, published.at),
    ...(typeof record['push'] === 'string' && { push: record['push'] }),
  }
}

// Those of version 2 have none.
const logOf = (record: JsonObject, by: string | undefined, at: string): History => {
  const kept = readHistory(record['log'])
  return kept.length > 0 ? kept : [{ what: 'upload', who: by, when: at }]
}

const readAct = (value: unknown): Act | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const { by, at } = value as JsonObject
  return typeof at === 'string' ? { by: textOf(by), at } : undefined
}

// Those of version 2.0 have no kind.
const readMirrored = (record: JsonObject, published: Published): MirroredFact | undefined => {
  const { upstream, path } = record
  return typeof upstream === 'string' && typeof path === 'string' ?
      { ...published, kind: 'mirrored', upstream, path }
    : undefined
}
