import { isUtf8 } from 'node:buffer'
import { ArchiveError } from './archive-error.ts'

/**
 * The path of an archive's member for a message of one line: in quotes when it is short and plain,
 * else only `a member`, since a path from outside may hold anything.
 */
export const shownPath = (path: string): string =>
  /^[\x21-\x7e]{1,100}$/.test(path) ? `'${path}'` : 'a member'

const hasDrive = /^[A-Za-z]:/

/**
 * Refuses a member's path that some system would take out of the directory it is unpacked to:
 * absolute ones, `..` between slashes of either kind, drive letters, NUL (faults P11 and P12).
 * @throws {ArchiveError}
 */
export const checkPath = (path: string): void => {
  const isOutside =
    path === '' ||
    path.includes('\0') ||
    hasDrive.test(path) ||
    /^[/\\]/.test(path) ||
    path.split(/[/\\]/).includes('..')
  if (isOutside) throw new ArchiveError(`${shownPath(path)} leads out of the archive`)
}

/**
 * The path of a ZIP member, from the bytes of its name: UTF-8, without control characters,
 * backslashes and empty or `.` parts, so that it means the same to everybody (fault P11).
 * @throws {ArchiveError} for all others
 */
export const zipPath = (name: Buffer): string => {
  if (!isUtf8(name)) throw new ArchiveError('the name of a member is not UTF-8')
  const path = name.toString('utf8')
  checkPath(path)
  const parts = path.split('/')
  if (parts.at(-1) === '') parts.pop()
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\x00-\x1f\x7f\\]/.test(path) || parts.some(part => part === '' || part === '.'))
    throw new ArchiveError(`${shownPath(path)} is no portable path`)
  return path
}

/** The parts of a path without those that say nothing: `./foo//bar/` has `foo` and `bar`. */
export const partsOf = (path: string): string[] =>
  path.split('/').filter(part => part !== '' && part !== '.')
