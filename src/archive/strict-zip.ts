import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { crc32, inflateRaw, type Inflate } from 'node:zlib'
import { ArchiveError } from './archive-error.ts'
import { shownPath, zipPath } from './member-path.ts'
import { Pieces, type RandomAccess } from './source.ts'
import { checkZipEnd, findZipEnd, type ZipEnd } from './zip-end.ts'
import {
  agrees,
  centralRecord,
  descriptorLength,
  isStreamed,
  localEnd,
  localLength,
  localRecord,
  longestDescriptor,
  type CentralRecord,
} from './zip-record.ts'

const mostEntries = 100_000
const largestDirectory = 16 * 1024 * 1024

// What PyPI refuses as a bomb (fault P10).
const bestRatio = 50
const leastBomb = 64 * 1024 * 1024

// Bytes that are read at once on the way from header to header.
const stride = 16 * 1024

/** What is let pass: members with their sizes behind them, as in an archive that was packed into a pipe. */
export type Leniency = { readonly mayStream?: boolean }

/** A member of a ZIP archive that was found to be in order. */
export interface StrictMember {
  readonly path: string
  readonly record: CentralRecord
}

/** What it takes to read such a member. */
export interface PackedMember {
  readonly path: string
  readonly record: Pick<CentralRecord, 'offset' | 'method' | 'packed' | 'size' | 'crc'>
}

/**
 * The members of a ZIP archive which everybody reads alike, whether by the central directory or from
 * the front (fault P11, PyPI's rules since 2025): each has the same header in both places, they stand
 * one behind the other, and nothing else is in the file. Nothing is unpacked.
 * @throws {ArchiveError} for all other archives, and those beyond our limits
 */
export const strictMembers = async (source: RandomAccess, leniency?: Leniency) => {
  const { members, end } = await listedMembers(source, leniency)
  await checkHeaders(source, members, end)
  return members
}

/**
 * The same without a look at the members' own headers: quick, for an archive that `strictMembers` has
 * found to be in order before.
 * @returns also where the members end and the central directory begins
 * @throws {ArchiveError} for what the central directory alone shows
 */
export const listedMembers = async (
  source: RandomAccess,
  leniency: Leniency = {},
): Promise<{ readonly members: StrictMember[]; readonly end: number }> => {
  const pieces = new Pieces(source)
  const end = await findZipEnd(pieces)
  checkZipEnd(pieces, end)
  const members = await readDirectory(pieces, end, leniency)
  const total = members.reduce((sum, { record }) => sum + record.size, 0)
  if (total > leastBomb && total > bestRatio * source.size)
    throw new ArchiveError(`it unpacks to ${bestRatio} times its size: it looks like a bomb`)
  return { members, end: end.start }
}

const readDirectory = async (
  pieces: Pieces,
  end: ZipEnd,
  leniency: Leniency,
): Promise<StrictMember[]> => {
  if (end.entries > mostEntries) throw new ArchiveError(`it has more than ${mostEntries} members`)
  if (end.end - end.start > largestDirectory)
    throw new ArchiveError(`its central directory is larger than ${largestDirectory} bytes`)
  await pieces.fetch(end.start, end.end)
  const directory = pieces.slice(end.start, end.end)
  const members: StrictMember[] = []
  const seen = new Set<string>()
  let at = 0
  while (members.length < end.entries) {
    const record = centralRecord(directory, at)
    const path = zipPath(record.name)
    checkRecord(path, record, leniency)
    const key = path.endsWith('/') ? path.slice(0, -1) : path
    if (seen.has(key)) throw new ArchiveError(`${shownPath(path)} is there twice`)
    seen.add(key)
    members.push({ path, record })
    at += record.length
    // Nothing here waits for the disk: without this a long directory would hold up everybody.
    if (members.length % 1000 === 0) await setImmediate()
  }
  if (at !== directory.length) throw new ArchiveError('the central directory is damaged')
  return members
}

// The level of compression, sizes behind the data, and UTF-8: all others change how a member is read.
const harmless = 0x0002 | 0x0004 | 0x0008 | 0x0800
const plainFile = 0x8000
const folder = 0x4000

const checkRecord = (path: string, record: CentralRecord, { mayStream }: Leniency): void => {
  const { flags, method, type, packed, size } = record
  const refuse = (why: string) => {
    throw new ArchiveError(`${shownPath(path)} ${why}`)
  }
  if (isStreamed(record) && mayStream !== true)
    refuse('has its size behind it: pack the archive into a plain file')
  if ((flags & ~harmless) !== 0) refuse('is encrypted or packed in a strange way')
  if (method !== 0 && method !== 8) refuse('is packed by an unknown method: use deflate')
  if (type !== 0 && type !== plainFile && type !== folder)
    refuse('is neither a plain file nor a directory')
  if (method === 0 && packed !== size) refuse('has two sizes')
  if ((path.endsWith('/') || type === folder) && size > 0) refuse('is a directory with content')
}

/** The members' own headers, from the front to the central directory without a gap. */
const checkHeaders = async (
  source: RandomAccess,
  members: readonly StrictMember[],
  end: number,
): Promise<void> => {
  const read = inStrides(source)
  let at = 0
  for (const { path, record } of members.toSorted((a, b) => a.record.offset - b.record.offset)) {
    if (record.offset !== at) throw new ArchiveError(`${shownPath(path)} does not follow another`)
    const length = localEnd(await read(at, localLength))
    if (length === undefined) throw new ArchiveError(`${shownPath(path)} has no header of its own`)
    const header = await read(at, length)
    if (header.length < length || !agrees(record, localRecord(header)))
      throw new ArchiveError(`${shownPath(path)} is another by its own header`)
    at += length + record.packed
    if (!isStreamed(record)) continue
    const descriptor = descriptorLength(await read(at, longestDescriptor), record)
    if (descriptor === undefined)
      throw new ArchiveError(`${shownPath(path)} has another size behind it`)
    at += descriptor
  }
  if (at !== end) throw new ArchiveError('something stands between its members and its directory')
}

// Small members stand close together: one read serves many of their headers.
const inStrides = (source: RandomAccess) => {
  let start = 0
  let bytes: Buffer = Buffer.alloc(0)
  return async (at: number, length: number): Promise<Buffer> => {
    if (at < start || at + length > start + bytes.length) {
      bytes = await source.read(at, Math.max(length, stride))
      start = at
    }
    return bytes.subarray(at - start, at - start + length)
  }
}

/**
 * What a member unpacks to, in bounded memory whatever its header claims.
 * @param member one of `strictMembers` of the same source
 * @throws {ArchiveError} when it is larger than `most` bytes, or not what its header says
 */
export const memberBytes = async (
  source: RandomAccess,
  { path, record }: PackedMember,
  most: number,
): Promise<Buffer> => {
  const { offset, method, packed, size, crc } = record
  if (size > most || packed > most)
    throw new ArchiveError(`${shownPath(path)} has more than ${most} bytes`)
  const header = localEnd(await source.read(offset, localLength)) ?? 0
  const data = await source.read(offset + header, packed)
  const bytes = method === 0 ? data : await unpacked(data, size)
  if (data.length !== packed || bytes?.length !== size || crc32(bytes) !== crc)
    throw new ArchiveError(`${shownPath(path)} is damaged`)
  return bytes
}

const inflate = promisify(inflateRaw) as unknown as (
  data: Buffer,
  options: { maxOutputLength: number; info: true },
) => Promise<{ buffer: Buffer; engine: Inflate }>

// Undefined when it is damaged, unpacks to more, or ends before the data does.
const unpacked = async (data: Buffer, size: number): Promise<Buffer | undefined> => {
  try {
    const options = { maxOutputLength: Math.max(1, size), info: true } as const
    const { buffer, engine } = await inflate(data, options)
    return engine.bytesWritten === data.length ? buffer : undefined
  } catch {
    return undefined
  }
}
