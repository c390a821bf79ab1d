/**
 * Noticing changes by looking: a stat for each question. No watchers: they do not work on network
 * file systems and drop events.
 *
 * They are synchronous, as are a few more file calls of a running server (see `at-once.ts`). A stat
 * takes 2 µs that way and ten times as much processor time through the thread pool, and every
 * request asks for some.
 *
 * Assumes that adding, removing or renaming an entry changes its directory's mtime, and that nobody
 * writes into a finished file without changing its mtime or ctime.
 */
import { lstatSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { hasCode } from './error-code.ts'

const exact = { bigint: true, throwIfNoEntry: false } as const

const unlessTooLong = (look: () => BigIntStats | undefined): BigIntStats | undefined => {
  try {
    return look()
  } catch (error) {
    if (hasCode(error, 'ENOTDIR', 'ENAMETOOLONG')) return undefined
    throw error
  }
}

/** What is at this path now, links followed; undefined when nothing is. */
export const statsOf = (path: string): BigIntStats | undefined =>
  unlessTooLong(() => statSync(path, exact))

/** As `statsOf`, but of a link itself. */
export const linkStatsOf = (path: string): BigIntStats | undefined =>
  unlessTooLong(() => lstatSync(path, exact))

/**
 * Changes whenever entries come or go in this directory; `-` while there is none. The ctime is part
 * of it since copying programs set mtimes back.
 */
export const stampOf = (stats: BigIntStats | undefined): string =>
  stats === undefined ? '-' : `${stats.ino}.${stats.mtimeNs}.${stats.ctimeNs}`

/** Which file this is and in what state: changes with any write, rename or replacement of it. */
export const identityOf = (stats: BigIntStats): string =>
  `${stats.ino}.${stats.size}.${stats.mtimeNs}.${stats.ctimeNs}`

const second = 1_000_000_000n
const fineGrain = 50_000_000n

/**
 * True when a listing of a directory that was begun at `now` (milliseconds) and found it in this
 * state may be remembered. Just after a change a second one could hide behind the same mtime: for
 * some milliseconds where the file system keeps fractions of a second, for two seconds elsewhere.
 * An mtime in the future never settles.
 */
export const isSettled = (stats: BigIntStats, now: number = Date.now()): boolean => {
  const { mtimeNs, ctimeNs } = stats
  const changed = mtimeNs > ctimeNs ? mtimeNs : ctimeNs
  const age = BigInt(now) * 1_000_000n - changed
  return age > (changed % second === 0n ? 2n * second : fineGrain)
}
