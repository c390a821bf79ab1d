import { createHash } from 'node:crypto'
import { HttpError } from '../http/error.ts'
import { readCoreMetadata } from '../spec/core-metadata.ts'
import { isWheel, type Filename } from '../spec/filename.ts'
import type { IndexName } from '../spec/index-name.ts'
import { placesOf } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import { uploadTime } from './dropped-files.ts'
import { uploadedFile, type UploadedFact } from './fact.ts'
import { overwriting, uploaded, type History } from './log-entry.ts'

/** A file that was received, checked and synced, and waits aside for its final name. */
export interface Upload {
  readonly name: Name
  readonly filename: Filename
  /** Where it lies aside, on the file system of the cache. Whatever happens it is gone afterwards. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** More digests by algorithm, as lower-case hex (`md5`, `blake2b_256`). */
  readonly digests?: Readonly<Record<string, string>> | undefined
  /** METADATA of a wheel or PKG-INFO of another archive, byte for byte. */
  readonly metadata?: Buffer | undefined
  /** Unless the metadata tells it. */
  readonly requiresPython?: string | undefined
  /** PEP 740. */
  readonly attestations?: readonly unknown[] | undefined
  /** Nobody in particular on this machine when undefined. */
  readonly by: string | undefined
  /** It may take the place of other bytes, and other bytes may take its own. */
  readonly replace?: boolean | undefined
  /** How it came here; that it is uploaded now when undefined. */
  readonly log?: History | undefined
  /** When it was uploaded elsewhere; undefined: here and now. */
  readonly time?: Date | undefined
}

/** What became of an upload: `same` when these very bytes were there already. */
export type Outcome = 'stored' | 'same' | 'replaced'

/** Other bytes have the name already, or had it until they were deleted. */
export class ConflictError extends HttpError {
  constructor(message: string) {
    // These words are what clients look for (UP-31, UP-32).
    super(409, `File already exists: ${message}`)
  }
}

/**
 * What is to be kept about an upload.
 * @param time what its page says as `upload-time`
 * @param before how what gives way to it came here; undefined when nothing does
 */
export const factOf = (
  index: IndexName,
  upload: Upload,
  time: Date,
  before?: History,
): UploadedFact => {
  const { name, filename, size, sha256, metadata, attestations = [] } = upload
  const requiresPython =
    upload.requiresPython ??
    (metadata === undefined ? undefined : (
      readCoreMetadata(metadata.toString('utf8')).requiresPython
    ))
  const isAttested = attestations.length > 0
  const file = {
    filename,
    hashes: { ...upload.digests, sha256 },
    size,
    'upload-time': uploadTime(upload.time ?? time),
    ...(requiresPython !== undefined && { 'requires-python': requiresPython }),
    ...(metadata !== undefined &&
      isWheel(filename) && {
        'core-metadata': { sha256: createHash('sha256').update(metadata).digest('hex') },
      }),
  }
  return {
    kind: 'uploaded',
    file: uploadedFile(placesOf(index), name, file, isAttested),
    sha256,
    size,
    at: new Date().toISOString(),
    by: upload.by,
    mayChange: upload.replace === true,
    isAttested,
    yanked: undefined,
    log: overwriting(before, upload.log ?? uploaded(upload.by, index)),
  }
}
