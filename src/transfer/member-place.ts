import { isUtf8 } from 'node:buffer'
import { ArchiveError } from '../archive/archive-error.ts'
import { shownPath } from '../archive/member-path.ts'
import { ownDirectory } from '../disk/layout.ts'

/** What of our own directory an export may hold. */
const own = new Set(['keep', 'cache', 'layout'])

const isPlain = (part: string): boolean =>
  part !== '' &&
  part !== '.' &&
  part !== '..' &&
  Buffer.byteLength(part) <= 255 &&
  isUtf8(Buffer.from(part)) &&
  !/[\p{Cc}\\\ufffd]/u.test(part)

/**
 * The parts of the path of an export's member below the cache directory.
 * @throws {ArchiveError} for one that leads elsewhere, means something else on another system, or
 *   that no export has: a hidden file, or what belongs to a running server
 */
export const memberPlace = (path: string): readonly string[] => {
  const parts = path.replace(/\/$/, '').split('/')
  if (!parts.every(isPlain) || /^[A-Za-z]:/.test(path))
    throw new ArchiveError(`${shownPath(path)} is no path that an export has`)
  const [top = '', second] = parts
  const isOurs = top === ownDirectory && second !== undefined && own.has(second)
  if (!isOurs && parts.some(part => part.startsWith('.')))
    throw new ArchiveError(`${shownPath(path)} is no path that an export has`)
  return parts
}
