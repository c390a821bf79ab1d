import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ArchiveError } from '../archive/archive-error.ts'
import { hasCode, orAbsent } from '../disk/error-code.ts'
import { readObject } from '../disk/json.ts'
import { ownDirectory, type Layout } from '../disk/layout.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { replace, syncDirectory } from '../disk/write.ts'
import { ArchiveReader, type ArchiveMember } from './archive-reader.ts'
import { memberPlace } from './member-place.ts'

/** What was imported. */
export interface Imported {
  readonly files: number
  readonly bytes: number
}

/** What may lie in our own part of a directory that counts as empty. */
const harmless = new Set(['work', 'run'])

/** So many files are synced at a time. */
const abreast = 16

const entriesOf = async (directory: string): Promise<string[]> =>
  ((await orAbsent(readdir(directory))) ?? []).toSorted()

// Nothing of the state may be there; a server may have been started or asked for once.
const refuseFilled = async (layout: Layout): Promise<void> => {
  const top = layout.root
  const others = (await entriesOf(top)).filter(name => name !== ownDirectory)
  const own = (await entriesOf(dirname(layout.keep))).filter(name => !harmless.has(name))
  const [found] = [...others, ...own.map(name => join(ownDirectory, name))]
  if (found !== undefined)
    throw new Error(`${top} is not empty, it has ${found}; import into an empty directory`)
}

const write = async (path: string, member: ArchiveMember): Promise<void> => {
  const isSecret = (member.mode & 0o077) === 0
  const handle = await open(path, 'wx', isSecret ? 0o600 : 0o644)
  try {
    for await (const bytes of member.data()) await handle.writeFile(bytes)
    await handle.utimes(member.modified, member.modified)
  } finally {
    await handle.close()
  }
}

const unpack = async (directory: string, member: ArchiveMember): Promise<void> => {
  const path = join(directory, ...memberPlace(member.path))
  const isSecret = (member.mode & 0o077) === 0
  try {
    await mkdir(dirname(path), { recursive: true })
    if (member.kind === 'directory') await mkdir(path, { mode: isSecret ? 0o700 : 0o755 })
    else await write(path, member)
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'ENOTDIR')) throw error
    throw new ArchiveError(`${member.path} comes twice, as different things`, { cause: error })
  }
}

// Everything before the mark that says it is all there.
const syncAll = async (directory: string): Promise<void> => {
  const entries = await readdir(directory, { withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(({ name }) => join(directory, name))
  const rest = paths[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (const path of rest) {
      const handle = await open(path, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    }
  }
  await Promise.all(Array.from({ length: abreast }, worker))
  for (const entry of entries) if (entry.isDirectory()) await syncAll(join(directory, entry.name))
  await syncDirectory(directory)
}

const refuseForeign = async (unpacked: string): Promise<void> => {
  const format = await readObject(join(unpacked, ownDirectory, 'layout'))
  const version = format?.['version']
  if (version !== undefined && version !== 1)
    throw new ArchiveError(
      `it holds a directory of a later version (layout ${JSON.stringify(version)})`,
    )
}

const moveAll = async (from: string, to: string): Promise<void> => {
  for (const name of await entriesOf(from)) await rename(join(from, name), join(to, name))
  await syncDirectory(to)
}

/**
 * Moves what was unpacked to its place, if an import got so far: all of it, also after it was
 * interrupted. What is known of files comes before them, since a file of which nothing is known would
 * be taken for one that a person put there.
 * @returns false when there is none
 */
export const finishImport = async (layout: Layout): Promise<boolean> => {
  if (linkStatsOf(layout.imported) === undefined) return false
  const unpacked = join(layout.importing, 'tree')
  await moveAll(join(unpacked, ownDirectory), dirname(layout.keep))
  await rm(join(unpacked, ownDirectory), { recursive: true, force: true })
  await moveAll(unpacked, layout.root)
  await rm(unpacked, { recursive: true, force: true })
  await rm(layout.importing, { recursive: true, force: true })
  return true
}

/**
 * Unpacks an export into an empty directory. Nothing of it is seen before all of it was checked and
 * is durable; when it was interrupted, the directory is as empty as before, or `finishImport` ends it.
 * @throws {ArchiveError} for an archive that is damaged, hostile, or no export
 */
export const importState = async (
  layout: Layout,
  chunks: AsyncIterable<Buffer>,
): Promise<Imported> => {
  await refuseFilled(layout)
  await rm(layout.importing, { recursive: true, force: true })
  const unpacked = join(layout.importing, 'tree')
  await mkdir(join(unpacked, ownDirectory), { recursive: true })
  let [files, bytes] = [0, 0]
  try {
    for await (const member of new ArchiveReader(chunks).members()) {
      await unpack(unpacked, member)
      if (member.kind === 'file') files += 1
      bytes += member.size
    }
    await refuseForeign(unpacked)
    await syncAll(layout.importing)
  } catch (error) {
    await rm(layout.importing, { recursive: true, force: true })
    throw error
  }
  await replace(layout, layout.imported, '')
  await finishImport(layout)
  return { files, bytes }
}
