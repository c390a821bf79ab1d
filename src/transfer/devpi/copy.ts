import { createHash } from 'node:crypto'
import { open, realpath, type FileHandle } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { hasCode } from '../../disk/error-code.ts'
import { asItLies, readRange } from '../../disk/read.ts'
import type { Layout } from '../../disk/layout.ts'
import { Spool } from '../../disk/spool.ts'
import type { DumpedFile } from './dumped-file.ts'

/** A file of an export, copied aside and durable; whoever gets it removes it. */
export interface Copy {
  readonly path: string
  readonly size: number
  readonly sha256: string
  readonly md5: string
}

/** Something is wrong with the export itself, so nothing more is taken from it. */
export class DumpError extends Error {}

/**
 * Where a file of an export really lies.
 * @throws {DumpError} when it is missing, or leads out of the export
 */
export const findFile = async (directory: string, place: string): Promise<string> => {
  // Whoever wrote the description may have written any path.
  const parts = place.split('/')
  const isPlain = parts.every(part => part !== '' && part !== '.' && part !== '..')
  if (!isPlain || /[\0\\]|^[A-Za-z]:/.test(place))
    throw new DumpError(`${JSON.stringify(place)} leads out of the export`)
  const path = join(directory, ...parts)
  const [real, top] = await Promise.all([realpath(path), realpath(directory)]).catch(
    (error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG'))
        throw new DumpError(`the export has no file ${place}`, { cause: error })
      throw error
    },
  )
  if (!real.startsWith(top + sep)) throw new DumpError(`${place} leads out of the export`)
  return real
}

/**
 * Copies a file of an export aside, and compares every digest that it tells.
 * @throws {DumpError} when it is missing, or not what was exported
 */
export const copyAside = async (
  layout: Layout,
  directory: string,
  file: Pick<DumpedFile, 'place' | 'digests'>,
): Promise<Copy> => {
  const handle = await open(await findFile(directory, file.place), asItLies)
  try {
    return await copied(layout, handle, file)
  } finally {
    await handle.close()
  }
}

const copied = async (
  layout: Layout,
  handle: FileHandle,
  { place, digests }: Pick<DumpedFile, 'place' | 'digests'>,
): Promise<Copy> => {
  const spool = await Spool.open(layout.temporary, ['md5', 'sha256'])
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new DumpError(`${place} is no plain file`)
    const hashers = [...digests].map(([name, digest]) => ({ name, digest, hash: createHash(name) }))
    for await (const chunk of readRange(handle.fd, 0, stats.size)) {
      for (const { hash } of hashers) hash.update(chunk)
      await spool.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    }
    for (const { name, digest, hash } of hashers) {
      const found = hash.digest('hex')
      if (found !== digest)
        throw new DumpError(`${place} has ${name} ${found}, but ${digest} was exported`)
    }
    const own = await spool.finish()
    const [sha256 = '', md5 = ''] = [own.get('sha256'), own.get('md5')]
    return { path: spool.path, size: spool.size, sha256, md5 }
  } catch (error) {
    await spool.discard()
    throw error
  }
}
