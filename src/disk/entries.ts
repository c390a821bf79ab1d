import { readdirSync, type BigIntStats, type Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { hasCode } from './error-code.ts'

/** The size of a directory whose entries fit into a block or two; it says nothing on some file systems. */
const small = 4096n

const unlessGone = async <T>(look: () => T[] | Promise<T[]>): Promise<T[]> => {
  try {
    return await look()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

/**
 * The names in a directory, none if it is gone. A small one is looked at as it is stat-ed (see
 * `stamp.ts`).
 * @param stats its state at an earlier look
 */
export const namesIn = (directory: string, { size }: BigIntStats): Promise<string[]> =>
  unlessGone(() => (size <= small ? readdirSync(directory) : readdir(directory)))

/** As `namesIn`, with what each of them is. */
export const entriesIn = (directory: string, { size }: BigIntStats): Promise<Dirent[]> => {
  const typed = { withFileTypes: true } as const
  return unlessGone(() =>
    size <= small ? readdirSync(directory, typed) : readdir(directory, typed),
  )
}
