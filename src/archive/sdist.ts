import { sdistMembers } from './sdist-members.ts'
import { largestMetadata } from './wheel.ts'

const isPkgInfo = (path: string): boolean => /^[^/]+\/PKG-INFO$/.test(path)

/**
 * The PKG-INFO in the top directory of a source distribution, a `.tar.gz`, `.tgz` or `.zip` by its
 * name. Undefined when it has none, and for other kinds. Nothing is unpacked to the disk.
 * @throws {ArchiveError} when the archive is broken or beyond our limits; system errors as they come
 */
export const sdistMetadata = async (path: string): Promise<Buffer | undefined> => {
  const wanted = { matches: isPkgInfo, most: 1, largest: largestMetadata }
  const found = await sdistMembers(path, path, wanted)
  return found === undefined ? undefined : [...found.values()][0]
}
