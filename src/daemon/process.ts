import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { hasCode, orAbsent } from '../disk/error-code.ts'

const run = promisify(execFile)

const bootId = async (): Promise<string> =>
  (await orAbsent(readFile('/proc/sys/kernel/random/boot_id', 'utf8')))?.trim() ?? ''

/** True when there is a process with this number, whoever it belongs to. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

const fromProc = async (pid: number): Promise<string | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined
    throw error
  })
  if (stat === undefined) return undefined
  // The name in parentheses may hold anything, so fields are counted from its end: state, then 18 more.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return `${await bootId()}:${fields[19] ?? ''}`
}

const fromPs = async (pid: number): Promise<string | undefined> => {
  const args = ['-o', 'state=', '-o', 'lstart=', '-p', String(pid)]
  const { stdout } = await run('ps', args).catch(() => ({ stdout: '' }))
  const [state = '', ...started] = stdout.trim().split(/\s+/)
  return state === '' || state.startsWith('Z') ? undefined : started.join(' ')
}

/**
 * What tells a process from every other that had or will have its number: the moment it started.
 * Undefined when there is no such process.
 */
export const processIdentity = async (pid: number): Promise<string | undefined> => {
  if (!isAlive(pid)) return undefined
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
}

/** The command line of a process, shortened; undefined when it cannot be seen. */
export const commandOf = async (pid: number): Promise<string | undefined> => {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const command = text.replaceAll('\0', ' ').trim()
  return command === '' ? undefined : command.slice(0, 80)
}
