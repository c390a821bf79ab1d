import { projectName, type Name } from '../spec/project-name.ts'
import { ArchiveError } from './archive-error.ts'
import type { RandomAccess } from './source.ts'
import { openZip, type ZipMember } from './zip.ts'

/** Real ones have up to some hundred kilobytes. */
export const largestMetadata = 16 * 1024 * 1024

// Only a bomb is packed this well (fault P10): text becomes a tenth at best.
const bestRatio = 200

/**
 * The METADATA of a wheel, exactly as it is in the archive (PEP 427, PEP 658): the one of the only
 * `.dist-info` directory, which must bear the wheel's name. Undefined when that has none.
 *
 * For a far source this takes two reads as a rule, three when the archive has very many files.
 * @throws {ArchiveError} when the wheel is broken or hostile; whatever `source.read` throws
 */
export const wheelMetadata = async (
  source: RandomAccess,
  filename: string,
): Promise<Buffer | undefined> => {
  const name = projectName(filename.split('-')[0] ?? '')
  if (name === undefined) throw new ArchiveError('it is not named like a wheel')
  const zip = await openZip(source)
  const directories = new Set<string>()
  const found: ZipMember[] = []
  for await (const member of zip.members()) {
    const slash = member.path.indexOf('/')
    if (!member.path.slice(0, slash).endsWith('.dist-info')) continue
    directories.add(member.path.slice(0, slash))
    if (member.path.slice(slash + 1) === 'METADATA') found.push(member)
  }
  if (directories.size > 1 || found.length > 1)
    throw new ArchiveError('it has more than one .dist-info/METADATA')
  const [metadata] = found
  if (metadata === undefined) return undefined
  if (!isOf(name, metadata.path)) throw new ArchiveError(`its metadata is not of ${name}`)
  const { compressedSize, uncompressedSize } = metadata.entry
  if (uncompressedSize > 1024 * 1024 && uncompressedSize > bestRatio * compressedSize)
    throw new ArchiveError('its METADATA is packed like a bomb')
  return zip.bytes(metadata, largestMetadata)
}

// `{name}-{version}.dist-info`; old wheels spell both freely, so only the beginning is compared.
const isOf = (name: Name, path: string): boolean => {
  const stem = path.slice(0, path.indexOf('.dist-info/'))
  for (let at = stem.indexOf('-'); at > 0; at = stem.indexOf('-', at + 1))
    if (projectName(stem.slice(0, at)) === name) return true
  return false
}
