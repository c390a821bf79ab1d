/**
 * Names are changed and small files written at once: through the thread pool each step takes five
 * times as much processor time, and whoever takes many waits for each in turn. The price is that a
 * push or an upload runs for a few milliseconds in a row: measured with forty of them a second, the
 * slowest hundredth of others' pages came one or two milliseconds later. What waits for the disk goes
 * through the pool all the same: syncs, large contents, and whatever takes the last name from a file,
 * since that stands still while the file system writes its journal.
 */
import { renameSync, unlinkSync, writeFile, writeFileSync } from 'node:fs'
import { rename, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { linkStatsOf } from './stamp.ts'

const writeLarge = promisify(writeFile)

/** Bytes, or characters, that are small. */
const small = 64 * 1024

const isLastName = (path: string): boolean => linkStatsOf(path)?.nlink === 1n

/** Renames a file, whatever had the name before. */
export const renameFile = async (from: string, to: string): Promise<void> => {
  if (isLastName(to)) await rename(from, to)
  else renameSync(from, to)
}

/** Takes a name from a file. */
export const unlinkFile = async (path: string): Promise<void> => {
  if (isLastName(path)) await unlink(path)
  else unlinkSync(path)
}

/** Writes into a new file. */
export const writeInto = async (descriptor: number, data: string | Uint8Array): Promise<void> => {
  if (data.length > small) await writeLarge(descriptor, data)
  else writeFileSync(descriptor, data)
}
