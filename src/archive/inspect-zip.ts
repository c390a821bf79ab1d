import { extensionOf, fileVersion, isWheel, type Filename } from '../spec/filename.ts'
import { projectName } from '../spec/project-name.ts'
import { isSameVersion } from '../spec/same-version.ts'
import { ArchiveError } from './archive-error.ts'
import { partsOf } from './member-path.ts'
import type { RandomAccess } from './source.ts'
import { memberBytes, strictMembers, type StrictMember } from './strict-zip.ts'
import { isTar } from './tar-header.ts'
import { largestMetadata } from './wheel.ts'

/**
 * The core metadata of a wheel, an egg, or another distribution that is a ZIP archive, after
 * everything in it was found to be harmless; undefined where the kind does without.
 * @param isSdist there must be one top directory, and a PKG-INFO in it
 * @throws {ArchiveError} as `strictMembers` does, and when something belonging to the kind is missing
 */
export const inspectZip = async (
  source: RandomAccess,
  filename: Filename,
  isSdist: boolean,
): Promise<Buffer | undefined> => {
  const members = await strictMembers(source)
  if (isTar(await source.read(0, 512))) throw new ArchiveError('it is a tar archive as well')
  const metadata =
    isWheel(filename) ? wheelMember(members, filename)
    : isSdist ? sdistMember(members)
    : members.find(({ path }) => isEgg(filename) && path === 'EGG-INFO/PKG-INFO')
  return metadata === undefined ? undefined : memberBytes(source, metadata, largestMetadata)
}

const isEgg = (filename: string): boolean => extensionOf(filename)?.toLowerCase() === '.egg'

// As PyPI demands: installers need all three, in the only directory of that kind (PEP 427).
const wheelMember = (members: readonly StrictMember[], filename: string): StrictMember => {
  const directories = new Set(
    members.map(({ path }) => path.slice(0, path.indexOf('/') + 1)).filter(isInfo),
  )
  const [directory, another] = directories
  if (directory === undefined) throw new ArchiveError('it has no .dist-info directory')
  if (another !== undefined) throw new ArchiveError('it has more than one .dist-info directory')
  if (!isNamedFor(directory, filename))
    throw new ArchiveError('its .dist-info directory is of another project or version')
  const find = (name: string): StrictMember => {
    const found = members.find(({ path }) => path === `${directory}${name}`)
    if (found === undefined) throw new ArchiveError(`it has no .dist-info/${name}`)
    return found
  }
  find('WHEEL')
  find('RECORD')
  return find('METADATA')
}

const isInfo = (directory: string): boolean => directory.endsWith('.dist-info/')

const isNamedFor = (directory: string, filename: string): boolean => {
  const stem = directory.slice(0, -'.dist-info/'.length)
  const name = projectName(filename.split('-')[0] ?? '')
  const version = name === undefined ? undefined : fileVersion(name, filename)
  if (version === undefined) throw new ArchiveError('it is not named like a wheel')
  for (let at = stem.indexOf('-'); at > 0; at = stem.indexOf('-', at + 1))
    if (projectName(stem.slice(0, at)) === name && isSameVersion(stem.slice(at + 1), version))
      return true
  return false
}

const sdistMember = (members: readonly StrictMember[]): StrictMember => {
  if (new Set(members.map(({ path }) => partsOf(path)[0])).size > 1)
    throw new ArchiveError('it has more than one top directory')
  const found = members.find(({ path }) => /^[^/]+\/PKG-INFO$/.test(path))
  if (found === undefined) throw new ArchiveError('it has no PKG-INFO in its top directory')
  return found
}
