/** The archive readers, loaded when there is something to read: a server that serves cached pages never needs them. */
import { ArchiveError } from '../archive/archive-error.ts'
import type { Filename } from '../spec/filename.ts'
import type { RandomAccess } from '../archive/source.ts'

/** As `archive/wheel.ts`. */
export const wheelMetadata = async (
  source: RandomAccess,
  filename: Filename,
): Promise<Buffer | undefined> =>
  (await import('../archive/wheel.ts')).wheelMetadata(source, filename)

/** As `archive/sdist.ts`. */
export const sdistMetadata = async (path: string): Promise<Buffer | undefined> =>
  (await import('../archive/sdist.ts')).sdistMetadata(path)

/** As `archive/complete.ts`. */
export const isComplete = async (path: string, filename: Filename): Promise<boolean> =>
  (await import('../archive/complete.ts')).isComplete(path, filename)

/** For `catch`: a broken archive has no metadata. Whatever else went wrong is thrown on. */
export const noneIn = (error: unknown): undefined => {
  if (!(error instanceof ArchiveError)) throw error
  return undefined
}
