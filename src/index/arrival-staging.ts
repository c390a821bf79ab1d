import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { sha256Of } from '../disk/digest.ts'
import type { Layout } from '../disk/layout.ts'
import { copyAside, linkAside } from '../disk/link-aside.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard, inDirectory, uniqueName } from '../disk/write.ts'
import { HttpError } from '../http/error.ts'
import { isWheel } from '../spec/filename.ts'
import { metadataDigest } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { noneIn } from './archives.ts'
import type { ArrivingFile } from './arrival.ts'
import type { CoreMetadata } from './core-metadata.ts'
import { isSameFile } from './doc-places.ts'
import { unlessChanged } from './unless-changed.ts'

/** A file that waits aside, on the file system of the index that it comes to. */
export interface Staged {
  readonly file: ArrivingFile
  readonly aside: string
  readonly inode: bigint
  /** sha256 of a wheel's METADATA. */
  readonly metadata: string | undefined
}

/**
 * Puts the files of a release aside, all that takes long among it: copies where there are no links.
 * @throws {HttpError} 503 when one of them is no longer there
 */
export const stageArrival = async (
  layout: Layout,
  metadata: CoreMetadata,
  name: Name,
  files: readonly ArrivingFile[],
): Promise<Staged[]> => {
  const staged: Staged[] = []
  try {
    // In the order of their names, so that of several pushes of the same files one wins them all.
    for (const file of files.toSorted((a, b) => (a.filename < b.filename ? -1 : 1)))
      staged.push(await stageFile(layout, metadata, name, file))
  } catch (error) {
    await unstage(staged)
    throw error
  }
  return staged
}

/** Removes what was put aside. */
export const unstage = async (staged: readonly Staged[]): Promise<void> => {
  for (const { aside } of staged) await discard(aside)
}

const stageFile = async (
  layout: Layout,
  metadata: CoreMetadata,
  name: Name,
  file: ArrivingFile,
): Promise<Staged> => {
  const { path } = file
  const putting = file.isForeign ? copied(layout, path) : linkAside(layout, path)
  const aside = await unlessChanged(putting)
  const stats = aside === undefined ? undefined : linkStatsOf(aside)
  try {
    if (aside === undefined || stats === undefined || !(await isWhole(aside, stats, file)))
      throw new HttpError(503, `${file.filename} was changed meanwhile: push it again`)
    const told = await metadataOf(metadata, name, file, aside)
    return { file, aside, inode: stats.ino, metadata: told }
  } catch (error) {
    if (aside !== undefined) await discard(aside)
    throw error
  }
}

// A copy is looked at byte for byte, since what it was made of may have changed under it.
const isWhole = async (
  path: string,
  stats: BigIntStats,
  { size, sha256, stats: before }: ArrivingFile,
): Promise<boolean> =>
  isSameFile(stats, before) ||
  (Number(stats.size) === size && (await sha256Of(path, size)) === sha256)

const metadataOf = async (
  metadata: CoreMetadata,
  name: Name,
  { filename, file, size, sha256 }: ArrivingFile,
  path: string,
): Promise<string | undefined> => {
  const listed = metadataDigest(file)
  if (listed !== undefined) return listed
  if (!isWheel(filename)) return undefined
  const found = await metadata.fromWheel(name, filename, path, size, sha256).catch(noneIn)
  return found?.etag.slice(1, -1)
}

const copied = async (layout: Layout, path: string): Promise<string> => {
  const aside = join(layout.temporary, uniqueName())
  await inDirectory(layout.temporary, () => copyAside(path, aside), { durable: false })
  return aside
}
