import { ArchiveError } from './archive-error.ts'

/** Everything in a tar archive comes in blocks of this many bytes. */
export const blockSize = 512

/** The header of a tar member as it is written, before extended headers change it. */
export interface TarHeader {
  readonly path: string
  readonly linkPath: string
  /** The type flag; `0` for files of the oldest kind too. */
  readonly type: string
  /** Bytes of data behind the header; 0 for links and directories, which have none. */
  readonly size: number
}

/**
 * Reads a header block (POSIX ustar and the older ones); undefined for the block of zeros that ends
 * an archive.
 * @throws {ArchiveError} when it is none, or one that readers would understand differently
 */
export const tarHeader = (block: Buffer): TarHeader | undefined => {
  if (isZero(block)) return undefined
  if (!hasChecksum(block)) throw new ArchiveError('the header of a member is damaged')
  const flag = String.fromCharCode(block[156] ?? 0)
  const name = text(block, 0, 100)
  const prefix = text(block, 345, 155)
  // Python puts any prefix in front, others only one of a POSIX header.
  if (prefix !== '' && !block.toString('latin1', 257, 263).startsWith('ustar\0'))
    throw new ArchiveError('the header of a member can be read in two ways')
  const path = prefix === '' ? name : `${prefix}/${name}`
  const isOld = flag === '\0'
  const type =
    isOld && path.endsWith('/') ? '5'
    : isOld ? '0'
    : flag
  const size = /^[1-6]$/.test(type) ? 0 : octal(block.subarray(124, 136))
  return { path, linkPath: text(block, 157, 100), type, size }
}

/** True when a block begins like a tar archive. */
export const isTar = (block: Buffer): boolean =>
  block.length >= blockSize && !isZero(block) && hasChecksum(block)

const isZero = (block: Buffer): boolean => block[0] === 0 && block.every(byte => byte === 0)

const hasChecksum = (block: Buffer): boolean => {
  let sum = 8 * 0x20
  for (let at = 0; at < blockSize; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0
  const said = block.toString('latin1', 148, 156).replace(/[ \0].*$/s, '')
  return /^[0-7]+$/.test(said) && Number.parseInt(said, 8) === sum
}

const text = (block: Buffer, start: number, length: number): string => {
  const field = block.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? length : end)
}

// Sizes from 8 GiB on are binary; nothing that large is ours to read.
const octal = (field: Buffer): number => {
  const digits = field
    .toString('latin1')
    .replace(/^[ 0]*/, '')
    .replace(/[ \0]+$/, '')
  if (!/^[0-7]*$/.test(digits)) throw new ArchiveError('a member says no size, or an absurd one')
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}
