/**
 * Which process something belongs to that several of them see: a name that no other process has, had
 * or will have, and whether that one still runs.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hasCode } from './error-code.ts'
import { host } from './layout.ts'

/** Milliseconds after which what cannot be told any better counts as left behind. */
const old = 600_000

const shape = /^(.+)-(\d{1,10})-([0-9a-f]{12}|x)$/

/** When a process started, as a few digits; `x` where the system does not tell, undefined when it is no more. */
const startOf = async (pid: number): Promise<string | undefined> => {
  if (process.platform !== 'linux') return 'x'
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything, so fields are counted from its end: state, then 18 more.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
    return createHash('sha256')
      .update(`${boot}${fields[19] ?? ''}`)
      .digest('hex')
      .slice(0, 12)
  } catch (error) {
    return hasCode(error, 'ENOENT', 'ESRCH') ? undefined : 'x'
  }
}

let own: Promise<string> | undefined

/** This process, as a part of a file name: `HOST-PID-START`. */
export const ownerName = (): Promise<string> =>
  (own ??= startOf(process.pid).then(start => `${host}-${process.pid}-${start ?? 'x'}`))

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

/**
 * True when a process is no more, so that others may tidy up after it. Of another host's, and where
 * a number alone tells, that is believed after ten minutes.
 * @param since milliseconds since 1970 at which it was last heard of
 */
export const isGone = async (owner: string, since: number): Promise<boolean> => {
  const [, home, number, start] = shape.exec(owner) ?? []
  const isOld = Math.abs(Date.now() - since) > old
  if (home !== host || number === undefined) return isOld
  const pid = Number(number)
  if (!isAlive(pid)) return true
  const now = await startOf(pid)
  if (now === undefined) return true
  return now === 'x' || start === 'x' ? isOld : now !== start
}
