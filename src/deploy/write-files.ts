import { lstat, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, orAbsent } from '../disk/error-code.ts'
import { discard, uniqueName } from '../disk/write.ts'
import type { GeneratedFile } from './deployment.ts'

const taken = (paths: readonly string[]): Error =>
  new Error(`${paths.join(', ')}: there already; --force writes anew`)

const writeOne = async (directory: string, file: GeneratedFile, force: boolean): Promise<void> => {
  const path = join(directory, file.name)
  if (!force) {
    await writeFile(path, file.text, { flag: 'wx' }).catch((error: unknown) => {
      throw hasCode(error, 'EEXIST') ? taken([path]) : error
    })
    return
  }
  const aside = join(directory, `.${file.name}.${uniqueName()}`)
  try {
    await writeFile(aside, file.text, { flag: 'wx' })
    await rename(aside, path)
  } finally {
    await discard(aside)
  }
}

/**
 * Writes files into a directory, which is made if need be.
 * @param force replaces those that are there; else nothing is written when one is
 * @throws naming them
 */
export const writeFiles = async (
  directory: string,
  files: readonly GeneratedFile[],
  force: boolean,
): Promise<void> => {
  await mkdir(directory, { recursive: true })
  const paths = files.map(({ name }) => join(directory, name))
  const stats = await Promise.all(paths.map(path => orAbsent(lstat(path))))
  const present = paths.filter((_, at) => stats[at] !== undefined)
  if (present.length > 0 && !force) throw taken(present)
  for (const file of files) await writeOne(directory, file, force)
}
