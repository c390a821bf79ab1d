import { projectName, type Name } from './project-name.ts'
import { isVersion } from './version.ts'

declare const filename: unique symbol

/** The name of a distribution file, safe as one path segment. Only `distFilename` makes one. */
export type Filename = string & { readonly [filename]: true }

// Longest first, so that `.tar.gz` is found before `.gz`-like endings.
const extensions = [
  '.tar.lzma',
  '.tar.bz2',
  '.tar.zst',
  '.tar.gz',
  '.tar.xz',
  '.tar.lz',
  '.tar.z',
  '.tgz',
  '.tbz',
  '.txz',
  '.tlz',
  '.tar',
  '.zip',
  '.whl',
  '.egg',
  '.exe',
  '.msi',
  '.rpm',
  '.deb',
  '.dmg',
]

// Documentation that was uploaded lies beside the distributions.
const documentation = '.doc.zip'

// Room for a digest and `.metadata` behind it within the 255 bytes of a directory entry.
const longest = 220
const safe = /^[A-Za-z0-9_][A-Za-z0-9._+!~-]*$/

/** The known archive extension of a file name as it is spelled there, or undefined. */
export const extensionOf = (text: string): string | undefined => {
  const lower = text.toLowerCase()
  const found = extensions.find(extension => lower.endsWith(extension))
  return found === undefined ? undefined : text.slice(text.length - found.length)
}

/**
 * A distribution's file name, or undefined when it is none or could not safely be a path segment:
 * letters, digits and `._+!~-` only, a known archive extension, at most 220 bytes. Documentation
 * (`NAME-VERSION.doc.zip`) is no distribution.
 */
export const distFilename = (text: string): Filename | undefined => {
  if (text.length > longest || !safe.test(text)) return undefined
  if (text.toLowerCase().endsWith(documentation)) return undefined
  const extension = extensionOf(text)
  return extension !== undefined && text.length > extension.length ? (text as Filename) : undefined
}

/** True for a wheel, by its extension. */
export const isWheel = (filename: string): boolean => filename.endsWith('.whl')

const stemOf = (filename: string) =>
  filename.slice(0, filename.length - (extensionOf(filename)?.length ?? 0))

// What stands behind the version in the names of old platform-specific distributions.
const withoutPlatform = (rest: string, extension: string): string => {
  switch (extension) {
    case '.egg':
      return rest.replace(/-.*$/s, '')
    case '.exe':
    case '.msi':
      return rest.replace(/\.(?:win32|win-amd64).*$/s, '')
    case '.rpm':
      return rest.replace(/-[^-]*$/s, '')
    default:
      return rest.replace(/\.(?:linux|macosx|win)(?:-|32).*$/s, '').replace(/-py\d(?:\.?\d+)?$/, '')
  }
}

const isSeparator = (char: string | undefined) => char === '-' || char === '_' || char === '.'

// Where the first `-` stands that ends this project's name in some spelling (FN-30), else -1.
const endOfName = (stem: string, project: Name): number => {
  let at = 0
  for (const char of project) {
    if (char !== '-') {
      if (stem[at]?.toLowerCase() !== char) return -1
      at++
    } else {
      if (!isSeparator(stem[at])) return -1
      while (isSeparator(stem[at])) at++
    }
  }
  return stem[at] === '-' ? at : -1
}

// What stands behind a project's name, read as a version; undefined when it cannot be one.
const versionIn = (behind: string, extension: string): string | undefined => {
  const rest = withoutPlatform(behind, extension)
  if (isVersion(rest)) return rest
  const unescaped = rest.replaceAll('_', '-')
  if (isVersion(unescaped)) return unescaped
  return /^\d[^-]*$/.test(rest) ? rest : undefined
}

/**
 * The version in a file name of a known project (binary and source distribution format, and the
 * older kinds): the raw spelling, undefined when the file is not named like one of this project's.
 */
export const fileVersion = (project: Name, filename: string): string | undefined => {
  const extension = extensionOf(filename)?.toLowerCase() ?? ''
  const stem = stemOf(filename)
  const at = endOfName(stem, project)
  if (at < 0) return undefined
  if (extension !== '.whl') return versionIn(stem.slice(at + 1), extension)
  const parts = stem.split('-')
  return parts.length >= 5 && at === parts[0]?.length ?
      versionIn(parts[1] ?? '', extension)
    : undefined
}

/**
 * The projects which a file name may belong to, most likely first; at most four, so that a strange
 * name costs little. A wheel names its project; an older sdist may be split at several places
 * (`foo-1.0-1.tar.gz` is of `foo`), tried from the longest version that is one.
 */
export const projectsOf = (filename: Filename): Name[] => {
  const extension = extensionOf(filename)?.toLowerCase() ?? ''
  const stem = stemOf(filename)
  const names = new Set<Name>()
  const add = (text: string) => {
    const name = projectName(text)
    if (name !== undefined) names.add(name)
  }
  if (extension === '.whl') {
    add(stem.split('-')[0] ?? '')
    return [...names]
  }
  for (let at = stem.indexOf('-'); at > 0 && names.size < 4; at = stem.indexOf('-', at + 1))
    if (versionIn(stem.slice(at + 1), extension) !== undefined) add(stem.slice(0, at))
  if (names.size === 0) add(stem.replace(/-\d.*$/s, ''))
  return [...names]
}

/** True when a file found in a directory that all projects share is this project's own. */
export const belongsTo = (project: Name, filename: Filename): boolean =>
  projectsOf(filename)[0] === project
