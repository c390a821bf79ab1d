import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { orAbsent } from '../disk/error-code.ts'
import { isAbandoned } from '../disk/sweep.ts'
import { uniqueName } from '../disk/write.ts'

/** Another process's download under way. */
export interface ForeignPart {
  readonly path: string
  /** Bytes that have arrived. */
  readonly length: number
  /** Bytes in all, once upstream said so. */
  readonly size: number | undefined
  readonly inode: bigint
  /** The process on this host that wrote it is no more. */
  readonly ownerIsDead: boolean
}

/** The name of a part of this process: its size in all (`x` while unknown), host, pid and a number. */
export const partName = (size: number | undefined): string => `${size ?? 'x'}.${uniqueName()}`

const shape = /^(x|\d{1,15})\.(.+)-(\d+)-\d+$/

/** The part that is furthest, of those whose leaders live if there are such. */
export const newestPart = async (directory: string): Promise<ForeignPart | undefined> => {
  let best: ForeignPart | undefined
  for (const name of (await orAbsent(readdir(directory))) ?? []) {
    const [, size] = shape.exec(name) ?? []
    if (size === undefined) continue
    const path = join(directory, name)
    const stats = await orAbsent(stat(path, { bigint: true }))
    if (stats === undefined) continue
    const part: ForeignPart = {
      path,
      length: Number(stats.size),
      inode: stats.ino,
      size: size === 'x' ? undefined : Number(size),
      ownerIsDead: isAbandoned(name),
    }
    if (best === undefined || rank(part) > rank(best)) best = part
  }
  return best
}

const rank = (part: ForeignPart): number =>
  part.ownerIsDead ? part.length - Number.MAX_SAFE_INTEGER : part.length
