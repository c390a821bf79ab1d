import type { Filename } from './filename.ts'
import { packageType } from './package-type.ts'

const inName = /-py(\d{1,3}(?:\.\d{1,3})?)(?=[.-])/

/**
 * The `pyversion` of the upload form: the Python tags of a wheel, `source` for an sdist, the Python of
 * an egg or an installer, and `any` where the name does not tell.
 */
export const pythonVersion = (filename: Filename): string => {
  const type = packageType(filename)
  if (type === 'sdist') return 'source'
  const told = type === 'bdist_wheel' ? filename.split('-').at(-3) : inName.exec(filename)?.[1]
  return told ?? 'any'
}
