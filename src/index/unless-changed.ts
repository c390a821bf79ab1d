import { hasCode } from '../disk/error-code.ts'
import { ShortFileError } from '../disk/read.ts'

/** What reading a file gave; what went away or became shorter meanwhile is not there. */
export const unlessChanged = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((error: unknown) => {
    if (error instanceof ShortFileError || hasCode(error, 'ENOENT', 'ELOOP')) return undefined
    throw error
  })
