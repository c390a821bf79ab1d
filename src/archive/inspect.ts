import { extensionOf, type Filename } from '../spec/filename.ts'
import { packageType } from '../spec/package-type.ts'
import { ArchiveError } from './archive-error.ts'
import { inspectTar } from './inspect-tar.ts'
import { inspectZip } from './inspect-zip.ts'
import { checkMagic } from './magic.ts'
import { withFile, type RandomAccess } from './source.ts'
import { endsLikeZip } from './zip-end.ts'

/** What a file about to be published is. */
export interface Inspected {
  readonly kind: 'wheel' | 'sdist' | 'other'
  /** METADATA of a wheel; PKG-INFO of an sdist or egg if it can be read and is there. */
  readonly metadata?: Buffer
}

/**
 * Checks that a file about to be published is what its name says, whole, and hostile in no way
 * (UP-20, UP-21; faults P10 to P13), in bounded time and memory. Nothing is unpacked to the disk.
 * Wheels, eggs and `.zip`, `.tar.gz`, `.tgz` and `.tar` are read; all others only have to begin
 * like what they should be.
 * @param size of the file in bytes, as it was received
 * @param takesAnySources an archive of sources need not be laid out as an sdist is, and then tells no
 * metadata
 * @throws {ArchiveError} with the reason; system errors as they come
 */
export const inspect = async (
  path: string,
  filename: Filename,
  size: number,
  takesAnySources = false,
): Promise<Inspected> => {
  const type = packageType(filename)
  const isSdist = type === 'sdist' && !takesAnySources
  const metadata = await withFile(path, async source => {
    if (source.size !== size) throw new ArchiveError(`it does not have its ${size} bytes any more`)
    return read(source, path, filename, isSdist)
  })
  return {
    kind:
      type === 'bdist_wheel' ? 'wheel'
      : type === 'sdist' ? 'sdist'
      : 'other',
    ...(metadata !== undefined && { metadata }),
  }
}

const read = async (
  source: RandomAccess,
  path: string,
  filename: Filename,
  isSdist: boolean,
): Promise<Buffer | undefined> => {
  const extension = extensionOf(filename)?.toLowerCase() ?? ''
  switch (extension) {
    case '.whl':
    case '.zip':
    case '.egg':
      return inspectZip(source, filename, isSdist)
    case '.exe':
      await checkMagic(source, extension)
      return undefined
  }
  if (await endsLikeZip(source)) throw new ArchiveError('it is a ZIP archive as well')
  switch (extension) {
    case '.tar.gz':
    case '.tgz':
    case '.tar':
      return inspectTar(path, source.size, { isPacked: extension !== '.tar', isSdist })
    default:
      await checkMagic(source, extension)
      return undefined
  }
}
