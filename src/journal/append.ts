/**
 * Several processes append to one file. Each write is of whole lines and made with O_APPEND, so lines
 * never mix; what a killed process or a full disk has torn is ended by a line feed before more is added.
 */
import { closeSync, fdatasync, openSync, readSync, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { statsOf } from '../disk/stamp.ts'
import { inDirectory, syncDirectory } from '../disk/write.ts'

/** Bytes of one write: small enough for any file system to take it in one piece. */
const most = 64 * 1024

const lineFeed = 10

const sync = promisify(fdatasync)
const writeTo = promisify(write)

const isTorn = (descriptor: number, size: number): boolean => {
  if (size === 0) return false
  const buffer = Buffer.alloc(1)
  return readSync(descriptor, buffer, 0, 1, size - 1) === 1 && buffer[0] !== lineFeed
}

// Nearly always one turn: a regular file takes less than it is given only when the disk is full. What
// is collected may be much, and the disk behind with it.
const writeAll = async (descriptor: number, text: string, atOnce: boolean): Promise<void> => {
  for (let bytes = Buffer.from(text); bytes.length > 0;) {
    const written =
      atOnce ? writeSync(descriptor, bytes) : (await writeTo(descriptor, bytes)).bytesWritten
    bytes = bytes.subarray(written)
  }
}

/** The lines joined to texts of at most `most` characters; a longer line stands alone. */
const pieces = function* (lines: readonly string[], begin: string): Generator<string> {
  let text = begin
  for (const line of lines) {
    if (text.length > 0 && text.length + line.length > most) {
      yield text
      text = ''
    }
    text += line
  }
  yield text
}

/**
 * Appends lines, each ended by a line feed, to a file that only its owner may read.
 * @param durable returns only when they would survive a power cut
 * @throws the system's error when they cannot be written
 */
export const append = async (
  path: string,
  lines: readonly string[],
  durable: boolean,
): Promise<void> => {
  const descriptor = await inDirectory(dirname(path), () => openSync(path, 'a+', 0o600))
  try {
    const size = Number(statsOf(path)?.size ?? 0)
    const begin = isTorn(descriptor, size) ? '\n' : ''
    for (const piece of pieces(lines, begin)) await writeAll(descriptor, piece, durable)
    if (durable) await sync(descriptor)
    if (durable && size === 0) await syncDirectory(dirname(path))
  } finally {
    closeSync(descriptor)
  }
}
