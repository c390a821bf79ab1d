import { ArchiveError } from './archive-error.ts'

/** What a header says of a ZIP member: one of the central directory, or the member's own (APPNOTE 4.3). */
export interface ZipRecord {
  readonly name: Buffer
  readonly flags: number
  readonly method: number
  readonly crc: number
  /** Bytes of the packed data, and of what it unpacks to. */
  readonly packed: number
  readonly size: number
}

/** A header of the central directory, and what only that has. */
export interface CentralRecord extends ZipRecord {
  /** Where the member's own header begins. */
  readonly offset: number
  /** The type of the file as Unix writes it in its mode; 0 when it is not said. */
  readonly type: number
  /** Bytes of the whole record. */
  readonly length: number
}

const centralLength = 46

/** Bytes of a member's own header without its name and extra fields. */
export const localLength = 30

// What a field says when an extra field of zip64 has its value.
const none = 0xffffffff

const damaged = () => new ArchiveError('the central directory is damaged')

/**
 * Reads the record that begins at `at` of the central directory.
 * @throws {ArchiveError} when it is damaged, has a comment, or can be read in two ways
 */
export const centralRecord = (directory: Buffer, at: number): CentralRecord => {
  if (at + centralLength > directory.length || directory.readUInt32LE(at) !== 0x02014b50)
    throw damaged()
  const nameEnd = at + centralLength + directory.readUInt16LE(at + 28)
  const end = nameEnd + directory.readUInt16LE(at + 30)
  if (end > directory.length) throw damaged()
  if (directory.readUInt16LE(at + 32) !== 0) throw new ArchiveError('a member has a comment')
  const name = directory.subarray(at + centralLength, nameEnd)
  const wide = wideValues(directory.subarray(nameEnd, end), name)
  const widened = (value: number) => (value === none ? wide.shift() : value)
  const size = widened(directory.readUInt32LE(at + 24))
  const packed = widened(directory.readUInt32LE(at + 20))
  const offset = widened(directory.readUInt32LE(at + 42))
  // Values beyond the marked ones are read by some and not by others.
  if (size === undefined || packed === undefined || offset === undefined || wide.length > 0)
    throw new ArchiveError('an extra field of zip64 does not fit its header')
  return {
    name,
    flags: directory.readUInt16LE(at + 8),
    method: directory.readUInt16LE(at + 10),
    crc: directory.readUInt32LE(at + 16),
    packed,
    size,
    offset,
    type: directory.readUInt16LE(at + 40) & 0xf000,
    length: end - at,
  }
}

/** Bytes of a member's own header, by its first 30; undefined when none begins there. */
export const localEnd = (header: Buffer): number | undefined =>
  header.length >= localLength && header.readUInt32LE(0) === 0x04034b50 ?
    localLength + header.readUInt16LE(26) + header.readUInt16LE(28)
  : undefined

const resolved = (value: number, wide: number | undefined): number => {
  // Some readers take the wide value in any case, so it must be the same.
  if (value === none ? wide === undefined : wide !== undefined && wide !== value)
    throw new ArchiveError('an extra field of zip64 does not fit its header')
  return wide ?? value
}

/**
 * Reads a member's own header, whole as `localEnd` says.
 * @throws {ArchiveError} when it can be read in two ways
 */
export const localRecord = (header: Buffer): ZipRecord => {
  const nameEnd = localLength + header.readUInt16LE(26)
  const name = header.subarray(localLength, nameEnd)
  const wide = wideValues(header.subarray(nameEnd), name)
  return {
    name,
    flags: header.readUInt16LE(6),
    method: header.readUInt16LE(8),
    crc: header.readUInt32LE(14),
    packed: resolved(header.readUInt32LE(18), wide[1]),
    size: resolved(header.readUInt32LE(22), wide[0]),
  }
}

// The 64 bit values of the zip64 extra field; none without one.
const wideValues = (extra: Buffer, name: Buffer): number[] => {
  const values: number[] = []
  const seen = new Set<number>()
  for (let at = 0; at < extra.length;) {
    const end = at + 4 <= extra.length ? at + 4 + extra.readUInt16LE(at + 2) : Infinity
    if (end > extra.length) throw new ArchiveError('the extra field of a member is damaged')
    const id = extra.readUInt16LE(at)
    const data = extra.subarray(at + 4, end)
    if (seen.has(id) && (id === zip64 || id === unicodePath))
      throw new ArchiveError('a member has an extra field twice')
    seen.add(id)
    if (id === unicodePath && !data.subarray(5).equals(name))
      throw new ArchiveError('a member has two names')
    if (id === zip64)
      for (let value = 0; value + 8 <= data.length; value += 8)
        values.push(Number(data.readBigUInt64LE(value)))
    at = end
  }
  return values
}

/** True when a member's own header says what the central directory does, as far as it says it. */
export const agrees = (central: CentralRecord, local: ZipRecord): boolean =>
  central.name.equals(local.name) &&
  central.flags === local.flags &&
  central.method === local.method &&
  (hasSame(central, local) || (isStreamed(central) && hasSame(unknown, local)))

type Sizes = Pick<ZipRecord, 'crc' | 'packed' | 'size'>

const hasSame = (one: Sizes, two: Sizes): boolean =>
  one.crc === two.crc && one.packed === two.packed && one.size === two.size

// What a header says of what is only told behind the data.
const unknown: Sizes = { crc: 0, packed: 0, size: 0 }

/** True for a member whose sizes stand behind its data. */
export const isStreamed = ({ flags }: ZipRecord): boolean => (flags & 0x0008) !== 0

/** Bytes of the longest descriptor behind a member. */
export const longestDescriptor = 24

/**
 * The length of what stands behind the data of a member whose sizes are told there (APPNOTE 4.3.9):
 * with or without a signature, narrow or wide; undefined when it does not say what the central
 * directory does.
 */
export const descriptorLength = (
  bytes: Buffer,
  { crc, packed, size }: Pick<ZipRecord, 'crc' | 'packed' | 'size'>,
): number | undefined => {
  const start = bytes.length >= 4 && bytes.readUInt32LE(0) === 0x08074b50 ? 4 : 0
  for (const from of start === 0 ? [0] : [start, 0]) {
    if (bytes.length < from + 12 || bytes.readUInt32LE(from) !== crc) continue
    const isNarrow =
      bytes.readUInt32LE(from + 4) === packed && bytes.readUInt32LE(from + 8) === size
    if (isNarrow) return from + 12
    const isWide =
      bytes.length >= from + 20 &&
      bytes.readBigUInt64LE(from + 4) === BigInt(packed) &&
      bytes.readBigUInt64LE(from + 12) === BigInt(size)
    if (isWide) return from + 20
  }
  return undefined
}

const zip64 = 0x0001
const unicodePath = 0x7075
