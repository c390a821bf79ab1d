import { ArchiveError } from './archive-error.ts'
import type { Pieces, RandomAccess } from './source.ts'

/** What the end of a ZIP archive says of its central directory. */
export interface ZipEnd {
  readonly entries: number
  /** Where the central directory really begins and ends: it stands right before the end records. */
  readonly start: number
  readonly end: number
  /** Bytes which stand in front of the archive and which its offsets do not count. */
  readonly shift: number
  /** Where the end record stands. */
  readonly at: number
  /** True when the records of zip64 stand in front of it. */
  readonly isWide: boolean
}

const endLength = 22
// What a field says when zip64 has its value.
const none = 0xffffffff
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
  const { entries, end } = said
  return { entries, start, end, shift: start - said.offset, at, isWide }
}

// Where end records stand whose comment reaches exactly to the end of the file.
const endRecordsIn = (tail: Buffer): number[] => {
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
  return fitting
}

// A comment may hold anything; an archive in which two records could be the end means different
// things to different readers (fault P11).
const endRecordIn = (tail: Buffer): number => {
  const [at, another] = endRecordsIn(tail)
  if (another !== undefined) throw new ArchiveError('it has two ends')
  if (at === undefined)
    throw new ArchiveError('the end of the ZIP archive is missing: it may be cut short')
  return at
}

/** True when a file ends like a ZIP archive, whatever it begins with (fault P13). */
export const endsLikeZip = async (source: RandomAccess): Promise<boolean> => {
  const length = Math.min(source.size, tailLength)
  return endRecordsIn(await source.read(source.size - length, length)).length > 0
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

/**
 * Refuses a ZIP archive whose end records leave room for another reading: those of zip64 and the
 * ordinary one must say the same, and nothing may stand between or behind them (fault P11).
 * @param end as `findZipEnd` found it in these pieces
 * @throws {ArchiveError} with what is ambiguous
 */
export const checkZipEnd = (pieces: Pieces, end: ZipEnd): void => {
  const record = pieces.slice(end.at, pieces.size)
  if (end.shift !== 0) throw new ArchiveError('something stands in front of the ZIP archive')
  // Python takes the last signature for the end, whether its comment fits or not.
  if (record.includes('PK\x05\x06', 4)) throw new ArchiveError('it has two ends')
  const onDisks = record.readUInt32LE(4)
  if (onDisks !== 0 || record.readUInt16LE(8) !== record.readUInt16LE(10))
    throw new ArchiveError('it is a part of a split ZIP archive')
  const said = shortEnd(record, end.at)
  const length = end.end - end.start
  const isMarked = said.entries === 0xffff || said.length === none || said.offset === none
  if (!end.isWide && isMarked) throw new ArchiveError('the zip64 end record is missing')
  if (!end.isWide) return
  checkWideEnd(pieces, end)
  const agrees =
    (said.entries === 0xffff || said.entries === end.entries) &&
    (said.length === none || said.length === length) &&
    (said.offset === none || said.offset === end.start)
  if (!agrees) throw new ArchiveError('its two end records disagree')
}

const checkWideEnd = (pieces: Pieces, end: ZipEnd): void => {
  const locator = pieces.slice(end.at - locatorLength, end.at)
  const record = pieces.slice(end.end, end.end + wideLength)
  const isPlain =
    end.end + wideLength === end.at - locatorLength &&
    record.readBigUInt64LE(4) === 44n &&
    record.readBigUInt64LE(16) === 0n &&
    record.readBigUInt64LE(24) === record.readBigUInt64LE(32) &&
    locator.readUInt32LE(4) === 0 &&
    locator.readUInt32LE(16) <= 1
  if (!isPlain) throw new ArchiveError('the zip64 end record is not a plain one')
}
