import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { orAbsent } from './error-code.ts'
import { host, type Layout } from './layout.ts'

/** Milliseconds after which what another host left behind is nobody's. */
const old = 3_600_000

const shape = /^(?:(?:x|\d{1,15})\.)?(?:ready-)?(.+)-(\d+)-\d+$/

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** True for a part or temporary file whose process on this host is no more. */
export const isAbandoned = (name: string): boolean => {
  const [, owner, pid] = shape.exec(name) ?? []
  return owner === host && pid !== undefined && !isAlive(Number(pid))
}

/** Removes what crashed processes left under `work`: parts, temporary files. What lives is left alone. */
export const sweep = async (layout: Layout): Promise<void> => {
  await sweepDirectory(layout.temporary)
  await sweepParts(layout.allParts)
  // Those of other indexes than the root index lie one level deeper.
  for (const name of await entries(layout.allParts))
    if (name.startsWith('@')) await sweepParts(join(layout.allParts, name))
}

const sweepParts = async (parts: string): Promise<void> => {
  for (const project of await entries(parts)) {
    if (project.startsWith('@')) continue
    for (const file of await entries(join(parts, project))) {
      const directory = join(parts, project, file)
      await sweepDirectory(directory)
      // Only an empty one goes: another process may be beginning a part in it.
      await rmdir(directory).catch(() => {})
    }
  }
}

const sweepDirectory = async (directory: string): Promise<void> => {
  for (const name of await entries(directory)) {
    const path = join(directory, name)
    const stats = await orAbsent(stat(path))
    if (stats !== undefined && (isAbandoned(name) || Date.now() - stats.mtimeMs > old))
      await rm(path, { recursive: true, force: true })
  }
}

const entries = async (directory: string): Promise<string[]> =>
  (await orAbsent(readdir(directory))) ?? []
