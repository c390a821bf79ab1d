import { ArchiveError } from './archive-error.ts'
import type { RandomAccess } from './source.ts'

// What files begin with that are not unpacked here, by their extension.
const beginnings: ReadonlyMap<string, readonly Buffer[]> = new Map([
  ['.tar.bz2', [Buffer.from('BZh')]],
  ['.tbz', [Buffer.from('BZh')]],
  ['.tar.xz', [Buffer.from('\xfd7zXZ\0', 'latin1')]],
  ['.txz', [Buffer.from('\xfd7zXZ\0', 'latin1')]],
  ['.tar.z', [Buffer.from('1f9d', 'hex'), Buffer.from('1fa0', 'hex')]],
  ['.tar.lz', [Buffer.from('LZIP')]],
  ['.tlz', [Buffer.from('LZIP'), Buffer.from('5d0000', 'hex')]],
  ['.tar.lzma', [Buffer.from('5d0000', 'hex')]],
  ['.tar.zst', [Buffer.from('28b52ffd', 'hex')]],
  ['.exe', [Buffer.from('MZ')]],
  ['.msi', [Buffer.from('d0cf11e0a1b11ae1', 'hex')]],
  ['.rpm', [Buffer.from('edabeedb', 'hex')]],
  ['.deb', [Buffer.from('!<arch>\n')]],
])

/**
 * Refuses a file that does not begin as files of its extension do; one of an extension without such
 * a beginning must have some content.
 * @param extension in lower case
 * @throws {ArchiveError}; whatever `source.read` throws
 */
export const checkMagic = async (source: RandomAccess, extension: string): Promise<void> => {
  if (source.size === 0) throw new ArchiveError('it is empty')
  const begins = beginnings.get(extension)
  const start = await source.read(0, 16)
  if (begins?.every(bytes => !start.subarray(0, bytes.length).equals(bytes)) === true)
    throw new ArchiveError(`it does not begin like a ${extension} file`)
}
