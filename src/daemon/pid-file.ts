/**
 * Who is running here. The file is only ever linked or renamed into place, so it is never half
 * written, and of several that claim it one wins. A record counts only if the process that it names
 * has the start time that it names: neither a left-over file nor a reused pid fools it (fault S32).
 */
import { constants } from 'node:fs'
import { copyFile, link, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { hasCode, orAbsent } from '../disk/error-code.ts'
import { parseObject } from '../disk/json.ts'
import { discard, uniqueName } from '../disk/write.ts'
import { isAlive, processIdentity } from './process.ts'

/** A daemon as its PID file describes it. */
export interface Daemon {
  readonly pid: number
  /** ISO time. */
  readonly started: string
  /** See `processIdentity`. */
  readonly identity: string
  /** Its options, paths absolute, without credentials. */
  readonly argv: readonly string[]
  readonly version: string
  /** Where it listens, once it does. */
  readonly url?: string | undefined
}

/** What a PID file tells. `unknown`: neither running nor stopped can be said, so nothing is signalled. */
export type Found =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly daemon: Daemon }
  | { readonly state: 'stale'; readonly daemon: Daemon | undefined; readonly text: string }
  | { readonly state: 'unknown'; readonly reason: string }

const recordOf = (pid: number, line: string): Daemon | undefined => {
  const record = parseObject(line)
  if (record === undefined) return undefined
  const { started, identity, argv, version, url } = record
  if (typeof started !== 'string' || typeof identity !== 'string') return undefined
  if (!Array.isArray(argv) || !argv.every(item => typeof item === 'string')) return undefined
  return {
    pid,
    started,
    identity,
    argv,
    version: String(version),
    url: typeof url === 'string' ? url : undefined,
  }
}

const judge = async (path: string, text: string): Promise<Found> => {
  const [first = '', second = ''] = text.split('\n')
  const pid = Number(first.trim())
  const stale = { state: 'stale', daemon: undefined, text } as const
  // After a power cut the file may be empty.
  if (text.trim() === '') return stale
  if (!/^\s*\d{1,10}\s*$/.test(first) || pid === 0) {
    return { state: 'unknown', reason: `${path} is no PID file: it does not begin with a number` }
  }
  const daemon = recordOf(pid, second)
  const identity = await processIdentity(pid)
  if (identity === undefined) return { ...stale, daemon }
  if (daemon === undefined) {
    const reason = `${path} names pid ${pid}, which runs, but does not say whether it is the daemon`
    return { state: 'unknown', reason: `${reason}; remove the file if it is not` }
  }
  return daemon.identity === identity ? { state: 'running', daemon } : { ...stale, daemon }
}

/** Looks who is running. Throws only for what makes no sense at all. */
export const readPidFile = async (path: string): Promise<Found> => {
  try {
    const text = await orAbsent(readFile(path, 'utf8'))
    return text === undefined ? { state: 'none' } : await judge(path, text)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    return { state: 'unknown', reason: `${path} cannot be read (${String(error.code)})` }
  }
}

/** Milliseconds after which whoever removes a stale file has died over it. */
const abandoned = 10_000

/**
 * Removes a PID file of which `readPidFile` said that it is stale; one written meanwhile stays. One
 * process at a time does so: what it has read cannot become another file before it is removed,
 * since a new one is linked only where there is none. Whoever comes second finds that out by looking again.
 */
export const removeStale = async (path: string, text: string): Promise<void> => {
  const guard = join(dirname(path), `.${basename(path)}.stale`)
  try {
    await writeFile(guard, '', { flag: 'wx' })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    const stats = await orAbsent(stat(guard))
    if (stats !== undefined && Date.now() - stats.mtimeMs > abandoned) await discard(guard)
    await pause(10)
    return
  }
  try {
    if ((await orAbsent(readFile(path, 'utf8'))) === text) await discard(path)
  } finally {
    await discard(guard)
  }
}

const write = async (
  path: string,
  daemon: Daemon,
  publish: (aside: string) => Promise<void>,
): Promise<void> => {
  const { pid, ...rest } = daemon
  await mkdir(dirname(path), { recursive: true })
  const aside = join(dirname(path), `.${basename(path)}.${uniqueName()}`)
  try {
    await writeFile(aside, `${pid}\n${JSON.stringify(rest)}\n`, { flag: 'wx', mode: 0o644 })
    await publish(aside)
  } finally {
    await discard(aside)
  }
}

// Some file systems know no hard links; there an exclusive copy is as good, but for a torn one after a crash.
const linkOrCopy = (aside: string, path: string): Promise<void> =>
  link(aside, path).catch((error: unknown) => {
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error
    return copyFile(aside, path, constants.COPYFILE_EXCL)
  })

/** Makes this process the one that runs. Returns what stands in the way, or undefined: it is ours. */
export const claimPidFile = async (path: string, daemon: Daemon): Promise<Found | undefined> => {
  for (;;) {
    try {
      await write(path, daemon, aside => linkOrCopy(aside, path))
      return undefined
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    const found = await readPidFile(path)
    if (found.state === 'running' || found.state === 'unknown') return found
    if (found.state === 'stale') await removeStale(path, found.text)
  }
}

/** Writes more into a PID file that is ours. */
export const updatePidFile = (path: string, daemon: Daemon): Promise<void> =>
  write(path, daemon, aside => rename(aside, path))

/** Removes a PID file if it is still this daemon's. */
export const releasePidFile = async (path: string, daemon: Daemon): Promise<void> => {
  const text = await orAbsent(readFile(path, 'utf8'))
  if (text === undefined) return
  const [first = '', second = ''] = text.split('\n')
  const found = recordOf(Number(first), second)
  if (found?.pid === daemon.pid && found.identity === daemon.identity) await discard(path)
}

/** Sends a signal to a daemon, never to another process that got its number. Returns false when it runs no more. Throws EPERM. */
export const signalDaemon = async (daemon: Daemon, signal: NodeJS.Signals): Promise<boolean> => {
  if ((await processIdentity(daemon.pid)) !== daemon.identity) return false
  try {
    process.kill(daemon.pid, signal)
    return true
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false
    throw error
  }
}

/** Waits until a daemon runs no more, for at most so many milliseconds. Returns whether it ended. */
export const daemonEnded = async (daemon: Daemon, milliseconds: number): Promise<boolean> => {
  const end = performance.now() + milliseconds
  for (;;) {
    if (!isAlive(daemon.pid) || (await processIdentity(daemon.pid)) !== daemon.identity) return true
    if (performance.now() >= end) return false
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
