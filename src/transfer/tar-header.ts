import { blockSize } from '../archive/tar-header.ts'

/** A member of a tar archive as it is written. */
export interface Member {
  /** With `/`; that of a directory ends in one. */
  readonly path: string
  readonly size: number
  readonly mode: number
  /** Seconds since 1970. */
  readonly modified: number
}

/** What the twelve octal digits of a size can say. */
export const largest = 8 ** 12 - 1

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')

const block = (member: Member, type: string): Buffer => {
  const bytes = Buffer.alloc(blockSize)
  bytes.write(member.path, 0, 100)
  bytes.write(octal(member.mode, 7), 100)
  bytes.write(octal(0, 7), 108)
  bytes.write(octal(0, 7), 116)
  bytes.write(octal(member.size, 11), 124)
  bytes.write(octal(member.modified, 11), 136)
  bytes.write(' '.repeat(8), 148)
  bytes.write(type, 156)
  bytes.write('ustar\u000000', 257, 'latin1')
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${octal(sum, 6)}\0 `, 148)
  return bytes
}

/** Bytes that fill up the last block behind so many. */
export const padding = (size: number): Buffer =>
  Buffer.alloc((blockSize - (size % blockSize)) % blockSize)

// The length of a record counts its own digits.
const paxRecord = (key: string, value: string): Buffer => {
  const rest = ` ${key}=${value}\n`
  const length = Buffer.byteLength(rest)
  let whole = length + String(length).length
  if (String(whole).length > String(length).length) whole += 1
  return Buffer.from(`${whole}${rest}`)
}

/**
 * The header of a member (POSIX pax interchange format); the same for the same member, whoever
 * writes it. Behind it come `size` bytes and their padding.
 */
export const memberHeader = (member: Member): Buffer => {
  const type = member.path.endsWith('/') ? '5' : '0'
  const isPlain = Buffer.byteLength(member.path) <= 100
  if (isPlain) return block(member, type)
  const record = paxRecord('path', member.path)
  const extension = { path: 'pax_header', size: record.length, mode: 0o644, modified: 0 }
  const cut = { ...member, path: Buffer.from(member.path).toString('latin1', 0, 90) }
  return Buffer.concat([
    block(extension, 'x'),
    record,
    padding(record.length),
    block({ ...cut, path: cut.path.replace(/[^ -~]/g, '_') }, type),
  ])
}
