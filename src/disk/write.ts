/**
 * Everything that gets a final name is written aside, made durable and renamed. This relies on
 * `rename` and `link` within one file system being atomic, and on nothing else: no lock.
 */
import { open, link, mkdir, rename, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from './error-code.ts'
import { host, type Layout } from './layout.ts'

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
  action: () => Promise<T>,
  { durable = true }: Pick<WriteOptions, 'durable'> = {},
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await action()
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || attempt > attempts) throw error
      await makeDirectory(directory, durable === true || durable === 'file')
    }
}

// A new directory survives a power cut once its parent is synced, and so do the parents made with it.
const makeDirectory = async (directory: string, durable: boolean): Promise<void> => {
  const first = await mkdir(directory, { recursive: true, mode: 0o755 })
  if (first === undefined || !durable) return
  let made = directory
  do {
    made = dirname(made)
    await syncDirectory(made)
  } while (made !== dirname(first) && made !== dirname(made))
}

/** Makes what was renamed or linked in a directory survive a power cut; file systems without it are tolerated. */
export const syncDirectory = async (directory: string): Promise<void> => {
  let handle: FileHandle | undefined
  try {
    handle = await open(directory, 'r')
    await handle.sync()
  } catch (error) {
    if (!hasCode(error, 'EINVAL', 'EACCES', 'EPERM', 'EISDIR', 'ENOTSUP', 'ENOENT')) throw error
  } finally {
    await handle?.close()
  }
}

const writeAside = async (
  layout: Layout,
  data: string | Uint8Array,
  { durable, mode }: Required<WriteOptions>,
): Promise<string> => {
  const aside = join(layout.temporary, uniqueName())
  const openAside = () => open(aside, 'wx', mode)
  const handle = await inDirectory(layout.temporary, openAside, { durable: false })
  try {
    await handle.writeFile(data)
    if (durable !== false) await handle.sync()
  } catch (error) {
    await handle.close().catch(() => {})
    await discard(aside)
    throw error
  }
  await handle.close()
  return aside
}

export interface WriteOptions {
  /**
   * Sync file and directory, so that it survives a power cut. Not needed where a torn file counts as
   * missing; `file`: not the directory yet, which the caller syncs; `content`: no directory at all, so
   * that what has the name is whole, but the name may be lost.
   */
  readonly durable?: boolean | 'file' | 'content'
  readonly mode?: number
}

/** Writes a whole small file under a final name, whatever was there before. */
export const replace = async (
  layout: Layout,
  path: string,
  data: string | Uint8Array,
  { durable = true, mode = 0o644 }: WriteOptions = {},
): Promise<void> => {
  const aside = await writeAside(layout, data, { durable, mode })
  await publish(aside, path, { durable })
}

/**
 * Gives a finished file that was written aside its final name. Its bytes must be synced already.
 * On failure the file aside is gone.
 */
export const publish = async (
  aside: string,
  path: string,
  { durable = true }: Pick<WriteOptions, 'durable'> = {},
): Promise<void> => {
  const directory = dirname(path)
  try {
    await inDirectory(directory, () => rename(aside, path), { durable })
  } catch (error) {
    await discard(aside)
    throw error
  }
  if (durable === true) await syncDirectory(directory)
}

/**
 * Writes a whole small file under a name that must be new: of several writers exactly one wins.
 * @returns false when the name was taken
 */
export const create = async (
  layout: Layout,
  path: string,
  data: string | Uint8Array,
  { durable = true, mode = 0o644 }: WriteOptions = {},
): Promise<boolean> => {
  const aside = await writeAside(layout, data, { durable, mode })
  try {
    return await publishNew(aside, path, { durable })
  } finally {
    await discard(aside)
  }
}

/**
 * Gives a finished file that was written aside, or lies elsewhere, a final name that must be new: of
 * several writers exactly one wins. Its bytes must be synced already. On failure it stays aside.
 * @returns false when the name was taken, and it is still aside
 */
export const publishNew = async (
  aside: string,
  path: string,
  { durable = true }: Pick<WriteOptions, 'durable'> = {},
): Promise<boolean> => {
  try {
    await inDirectory(dirname(path), () => linkOrClaim(aside, path), { durable })
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
  await discard(aside)
  if (durable === true) await syncDirectory(dirname(path))
  return true
}

/** Moves a finished file elsewhere, durably, whatever was there before. On failure it stays. */
export const move = async (from: string, to: string): Promise<void> => {
  await inDirectory(dirname(to), () => rename(from, to))
  await syncDirectory(dirname(to))
  await syncDirectory(dirname(from))
}

// Where there are no hard links the name is claimed by an empty file, for an instant.
const linkOrClaim = async (aside: string, path: string): Promise<void> => {
  try {
    await link(aside, path)
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error
    await (await open(path, 'wx')).close()
    await rename(aside, path)
  }
}

/** As `discard`, and it stays removed after a power cut. */
export const forget = async (path: string): Promise<void> => {
  await discard(path)
  await syncDirectory(dirname(path))
}

/** Removes a file; one that is not there is as good as removed. */
export const discard = (path: string): Promise<void> =>
  unlink(path).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error
  })
