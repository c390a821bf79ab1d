import { extensionOf, type Filename } from './filename.ts'

const types = [
  'sdist',
  'bdist_wheel',
  'bdist_egg',
  'bdist_wininst',
  'bdist_msi',
  'bdist_rpm',
  'bdist_dumb',
  'bdist_dmg',
] as const

/** What kind of distribution a file is, in the words of the upload form and of PyPI's JSON API. */
export type PackageType = (typeof types)[number]

/** True for the name of a package type. */
export const isPackageType = (text: string): text is PackageType =>
  (types as readonly string[]).includes(text)

const byExtension: ReadonlyMap<string, PackageType> = new Map([
  ['.whl', 'bdist_wheel'],
  ['.egg', 'bdist_egg'],
  ['.exe', 'bdist_wininst'],
  ['.msi', 'bdist_msi'],
  ['.rpm', 'bdist_rpm'],
  ['.deb', 'bdist_dumb'],
  ['.dmg', 'bdist_dmg'],
])

/**
 * The kind of a distribution by its file name. An archive that is named for a platform
 * (`foo-1.0.linux-x86_64.tar.gz`) is a `bdist_dumb`, any other an sdist (FN-21).
 */
export const packageType = (filename: Filename): PackageType =>
  byExtension.get(extensionOf(filename)?.toLowerCase() ?? '') ??
  (/\.(?:linux|macosx|win)(?:-|32)/.test(filename) ? 'bdist_dumb' : 'sdist')
