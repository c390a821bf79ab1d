import { distFilename, type Filename } from './filename.ts'
import { projectName, type Name } from './project-name.ts'

/** A development build, which pypicache let be uploaded again and again. */
const development = /-(?:dev|SNAPSHOT)\.(?:zip|tar\.gz|tar\.bz2)$/

/** What pypicache took a file name for. */
export interface LegacyName {
  readonly name: Name
  readonly filename: Filename
  /** Other bytes may take its place. */
  readonly isDevelopment: boolean
}

/**
 * Reads a file name as pypicache did (promises 2.3): the project is everything before the first
 * hyphen that a digit follows. Undefined for what is no distribution of any project.
 */
export const readLegacyName = (text: string): LegacyName | undefined => {
  const filename = distFilename(text)
  const at = text.search(/-\d/)
  const name = at < 1 ? undefined : projectName(text.slice(0, at))
  if (filename === undefined || name === undefined) return undefined
  return { name, filename, isDevelopment: development.test(filename) }
}
