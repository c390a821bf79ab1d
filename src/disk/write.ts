/**
 * Everything that gets a final name is written aside, made durable and renamed. This relies on
 * `rename` and `link` within one file system being atomic, and on nothing else: no lock.
 */
import { closeSync, fsync, linkSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { renameFile, unlinkFile, writeInto } from './at-once.ts'
import { secure, syncDirectory, type DurableOptions } from './durable.ts'
import { hasCode } from './error-code.ts'
import { host, type Layout } from './layout.ts'
import { linkStatsOf, statsOf } from './stamp.ts'

// What its callers write with.
export { syncDirectory } from './durable.ts'

const sync = promisify(fsync)

let counter = 0

/** A file name which no other process on any host uses at the same time. */
export const uniqueName = (): string => `${host}-${process.pid}-${(counter += 1)}`

/** How often a directory is made that somebody else removes at the same time. */
const attempts = 3

/**
 * Runs an action that needs a directory, and again after making it if it was missing.
 * @param durable the new directory must survive a power cut; not needed for what is made again, and
 * a sync costs as much as all the rest
 */
export const inDirectory = async <T>(
  directory: string,
  action: () => Promise<T> | T,
  { durable = true }: DurableOptions = {},
): Promise<T> => {
  if (statsOf(directory) === undefined) await secure(makeDirectory(directory), durable)
  for (let attempt = 1; ; attempt += 1)
    try {
      return await action()
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || attempt > attempts) throw error
      await secure(makeDirectory(directory), durable)
    }
}

/** Makes a directory; gives those that it and the parents made with it are new in. */
const makeDirectory = (directory: string): string[] => {
  const first = mkdirSync(directory, { recursive: true, mode: 0o755 })
  const parents: string[] = []
  if (first === undefined) return parents
  let made = directory
  do {
    made = dirname(made)
    parents.push(made)
  } while (made !== dirname(first) && made !== dirname(made))
  return parents
}

/** Writes a small file under a temporary name, which the caller publishes or discards; synced unless told. */
export const writeAside = async (
  layout: Layout,
  data: string | Uint8Array,
  { durable = true, mode = 0o644 }: WriteOptions = {},
): Promise<string> => {
  const aside = join(layout.temporary, uniqueName())
  const openAside = () => openSync(aside, 'wx', mode)
  const descriptor = await inDirectory(layout.temporary, openAside, { durable: false })
  try {
    await writeInto(descriptor, data)
    if (durable !== false) await sync(descriptor)
  } catch (error) {
    await discard(aside)
    throw error
  } finally {
    closeSync(descriptor)
  }
  return aside
}

export interface WriteOptions extends DurableOptions {
  readonly mode?: number
}

/** Writes a whole small file under a final name, whatever was there before. */
export const replace = async (
  layout: Layout,
  path: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> => {
  const aside = await writeAside(layout, data, options)
  await publish(aside, path, options)
}

/**
 * Gives a finished file that was written aside its final name. Its bytes must be synced already.
 * On failure the file aside is gone.
 */
export const publish = async (
  aside: string,
  path: string,
  { durable = true }: DurableOptions = {},
): Promise<void> => {
  const directory = dirname(path)
  try {
    await inDirectory(directory, () => renameFile(aside, path), { durable })
  } catch (error) {
    await discard(aside)
    throw error
  }
  await secure([directory], durable)
}

/**
 * Writes a whole small file under a name that must be new: of several writers exactly one wins.
 * @returns false when the name was taken
 */
export const create = async (
  layout: Layout,
  path: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): Promise<boolean> => {
  const aside = await writeAside(layout, data, options)
  let isNew = false
  try {
    isNew = await publishNew(aside, path, options)
  } finally {
    if (!isNew) await discard(aside)
  }
  return isNew
}

/**
 * Gives a finished file that was written aside, or lies elsewhere, a final name that must be new: of
 * several writers exactly one wins. Its bytes must be synced already. On failure it stays aside.
 * @returns false when the name was taken, and it is still aside
 */
export const publishNew = async (
  aside: string,
  path: string,
  { durable = true }: DurableOptions = {},
): Promise<boolean> => {
  try {
    await inDirectory(dirname(path), () => linkOrClaim(aside, path), { durable })
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
  await discard(aside)
  await secure([dirname(path)], durable)
  return true
}

/** Moves a finished file elsewhere, durably, whatever was there before. On failure it stays. */
export const move = async (from: string, to: string): Promise<void> => {
  await inDirectory(dirname(to), () => renameFile(from, to))
  await syncDirectory(dirname(to))
  await syncDirectory(dirname(from))
}

// Where there are no hard links the name is claimed by an empty file, for an instant.
const linkOrClaim = (aside: string, path: string): void => {
  try {
    linkSync(aside, path)
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error
    closeSync(openSync(path, 'wx'))
    renameSync(aside, path)
  }
}

/** As `discard`, and it stays removed after a power cut. */
export const forget = async (path: string): Promise<void> => {
  await discard(path)
  await syncDirectory(dirname(path))
}

/** Removes a file; one that is not there is as good as removed. */
export const discard = async (path: string): Promise<void> => {
  // What was given its name already is no more, as nearly always, and a look costs next to nothing.
  if (linkStatsOf(path) === undefined) return
  await unlinkFile(path).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error
  })
}
