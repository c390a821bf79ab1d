/** True for a system error with one of these codes (`ENOENT`, `EEXIST`, ...). */
export const hasCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(error.code as string)

/** The result of a look at the disk, or undefined where there is nothing of that name. */
export const orAbsent = <T>(looking: Promise<T>): Promise<T | undefined> =>
  looking.catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  })
