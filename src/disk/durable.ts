import { closeSync, fsync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { hasCode } from './error-code.ts'

const sync = promisify(fsync)

/** Makes what was renamed or linked in a directory survive a power cut; file systems without it are tolerated. */
export const syncDirectory = async (directory: string): Promise<void> => {
  let descriptor: number | undefined
  try {
    // Like a look (see `stamp.ts`): a directory that was just written to waits for no disk.
    descriptor = openSync(directory, 'r')
    await sync(descriptor)
  } catch (error) {
    if (!hasCode(error, 'EINVAL', 'EACCES', 'EPERM', 'EISDIR', 'ENOTSUP', 'ENOENT')) throw error
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/**
 * Directories whose new entries are to survive a power cut, once all of them are made. They are
 * synced together and each once: one commit of a file system's journal then serves them all.
 */
export class Wave {
  readonly #directories = new Set<string>()

  /** Something in these was given a name, or lost it. */
  add(...directories: readonly string[]): void {
    for (const directory of directories) this.#directories.add(directory)
  }

  /** Returns when all that was added since the last time would survive. */
  async sync(): Promise<void> {
    const directories = [...this.#directories]
    this.#directories.clear()
    await Promise.all(directories.map(directory => syncDirectory(directory)))
  }
}

/**
 * Sync file and directory, so that it survives a power cut. Not needed where a torn file counts as
 * missing; a wave: not the directory yet, which is synced with the wave; `content`: no directory at
 * all, so that what has the name is whole, but the name may be lost.
 */
export type Durable = boolean | 'content' | Wave

export interface DurableOptions {
  /** True unless told. */
  readonly durable?: Durable
}

/** Has new entries of directories survive a power cut as far as wanted. */
export const secure = async (directories: readonly string[], durable: Durable): Promise<void> => {
  if (typeof durable === 'object') durable.add(...directories)
  else if (durable === true) await Promise.all(directories.map(path => syncDirectory(path)))
}
