import { ArchiveError } from './archive-error.ts'
import type { Pieces } from './source.ts'

/** What the end of a ZIP archive says of its central directory. */
export interface ZipEnd {
  readonly entries: number
  /** Where the central directory really begins and ends: it stands right before the end records. */
  readonly start: number
  readonly end: number
  /** Bytes which stand in front of the archive and which its offsets do not count. */
  readonly shift: number
}

const endLength = 22
const locatorLength = 20
const wideLength = 56

// An end record, its longest comment, and the two records of zip64: one read finds them all, and for
// most wheels the central directory and METADATA as well.
const tailLength = 72 * 1024

/**
 * Finds the end of a ZIP archive, and fetches the tail of the file for it.
 * @throws {ArchiveError} when there is none, more than one fit, or it does not fit the file
 */
export const findZipEnd = async (pieces: Pieces): Promise<ZipEnd> => {
  const { size } = pieces
  if (size < endLength) throw new ArchiveError('it is too short for a ZIP archive')
  const begin = Math.max(0, size - tailLength)
  await pieces.fetch(begin, size)
  const at = begin + endRecordIn(pieces.slice(begin, size))
  const record = pieces.slice(at, at + endLength)
  const isWide =
    at - locatorLength >= begin &&
    pieces.slice(at - locatorLength, at).readUInt32LE(0) === 0x07064b50
  const said = isWide ? await wideEnd(pieces, at - locatorLength) : shortEnd(record, at)
  const start = said.end - said.length
  if (!(start >= 0 && said.offset <= start))
    throw new ArchiveError('the central directory does not fit into the file')
  return { entries: said.entries, start, end: said.end, shift: start - said.offset }
}

// A comment may hold anything; an archive in which two records could be the end means different
// things to different readers (fault P11).
const endRecordIn = (tail: Buffer): number => {
  const signature = Buffer.from('PK\x05\x06')
  const fitting: number[] = []
  for (
    let at = tail.lastIndexOf(signature);
    at >= 0;
    at = at === 0 ? -1 : tail.lastIndexOf(signature, at - 1)
  ) {
    const rest = tail.length - at - endLength
    if (rest >= 0 && tail.readUInt16LE(at + 20) === rest) fitting.push(at)
  }
  if (fitting.length > 1) throw new ArchiveError('it has two ends')
  if (fitting[0] === undefined)
    throw new ArchiveError('the end of the ZIP archive is missing: it may be cut short')
  return fitting[0]
}

const shortEnd = (record: Buffer, at: number) => ({
  entries: record.readUInt16LE(10),
  length: record.readUInt32LE(12),
  offset: record.readUInt32LE(16),
  end: at,
})

const wideEnd = async (pieces: Pieces, locator: number) => {
  const at = Number(pieces.slice(locator, locator + locatorLength).readBigUInt64LE(8))
  // A record in front of a shifted archive is not where its locator says; nobody makes those.
  if (!(at + wideLength <= locator)) throw new ArchiveError('the zip64 end record does not fit')
  await pieces.fetch(at, at + wideLength)
  const record = pieces.slice(at, at + wideLength)
  if (record.readUInt32LE(0) !== 0x06064b50)
    throw new ArchiveError('the zip64 end record is missing')
  return {
    entries: Number(record.readBigUInt64LE(32)),
    length: Number(record.readBigUInt64LE(40)),
    offset: Number(record.readBigUInt64LE(48)),
    end: at,
  }
}
