import { hasCode } from '../disk/error-code.ts'
import { extensionOf } from '../spec/filename.ts'
import { ArchiveError } from './archive-error.ts'
import { gunzipped } from './gunzipped.ts'
import { Pieces, withFile } from './source.ts'
import { findZipEnd } from './zip-end.ts'

// Unpacking this much takes some seconds of one thread; what is larger is believed from there on.
const mostUnpacked = 1024 * 1024 * 1024
const largestDirectory = 16 * 1024 * 1024

/**
 * True when a file has the structure of a whole archive of its kind, so that it cannot be one which
 * is still being copied (fault S22, rule R13): a ZIP, wheel or egg ends with a central directory
 * that fits it, a `.tar.gz` or `.tgz` unpacks to its end. Always true for other kinds, which cannot
 * be told cheaply; false for a file that is gone.
 * @throws system errors other than its absence
 */
export const isComplete = async (path: string, filename: string): Promise<boolean> => {
  try {
    switch (extensionOf(filename)?.toLowerCase() ?? '') {
      case '.whl':
      case '.zip':
      case '.egg':
        await withFile(path, source => checkZip(new Pieces(source)))
        return true
      case '.tar.gz':
      case '.tgz':
        return await unpacks(path)
      default:
        return true
    }
  } catch (error) {
    if (error instanceof ArchiveError || hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return false
    throw error
  }
}

// Looser than the reading of metadata: a self-extracting archive has something in front.
const checkZip = async (pieces: Pieces): Promise<void> => {
  const { entries, start, end, shift } = await findZipEnd(pieces)
  if (end - start > largestDirectory) return
  await pieces.fetch(start, end)
  const directory = pieces.slice(start, end)
  let at = 0
  for (let count = 0; count < entries; count++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50)
      throw new ArchiveError('the central directory is damaged')
    const offset = directory.readUInt32LE(at + 42)
    if (offset !== 0xffffffff && offset + shift >= start)
      throw new ArchiveError('a file lies outside the archive')
    const name = directory.readUInt16LE(at + 28)
    const extra = directory.readUInt16LE(at + 30)
    at += 46 + name + extra + directory.readUInt16LE(at + 32)
  }
  if (at > directory.length) throw new ArchiveError('the central directory is damaged')
}

const unpacks = async (path: string): Promise<boolean> => {
  let unpacked = 0
  for await (const chunk of gunzipped(path)) {
    unpacked += chunk.length
    if (unpacked > mostUnpacked) break
  }
  return unpacked > 0
}
