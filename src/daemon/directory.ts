import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { hasCode } from '../disk/error-code.ts'
import { Layout } from '../disk/layout.ts'
import { statsOf } from '../disk/stamp.ts'
import type { Settings } from '../settings.ts'

const me = (): string => `uid ${process.getuid?.() ?? '?'}`

/** Makes the cache directory if need be. Throws one line when it is none or cannot be written; offline, reading is enough. */
export const prepareDirectory = async ({ directory, offline }: Settings): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true })
  } catch (error) {
    if (hasCode(error, 'EEXIST', 'ENOTDIR')) {
      throw new Error(`cache ${directory} is not a directory; choose one with --cache`, {
        cause: error,
      })
    }
    const { code } = error as NodeJS.ErrnoException
    const reason = `cache ${directory} cannot be made by ${me()} (${code})`
    throw new Error(`${reason}; choose another with --cache`, { cause: error })
  }
  if (!(await stat(directory)).isDirectory()) {
    throw new Error(`cache ${directory} is not a directory; choose one with --cache`)
  }
  if (statsOf(new Layout(directory).imported) !== undefined)
    throw new Error(`an import into ${directory} was interrupted; give the same command again`)
  const needed = constants.R_OK | constants.X_OK | (offline ? 0 : constants.W_OK)
  await access(directory, needed).catch((error: unknown) => {
    const verb = offline ? 'readable' : 'writable'
    const { code } = error as NodeJS.ErrnoException
    const reason = `cache ${directory} is not ${verb} by ${me()} (${code})`
    throw new Error(`${reason}; change its owner or choose another with --cache`, { cause: error })
  })
}
