/**
 * Several processes append to one file. Each write is of whole lines and made with O_APPEND, so lines
 * never mix; what a killed process or a full disk has torn is ended by a line feed before more is added.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { statsOf } from '../disk/stamp.ts'
import { inDirectory, syncDirectory } from '../disk/write.ts'

/** Bytes of one write: small enough for any file system to take it in one piece. */
const most = 64 * 1024

const lineFeed = 10

const isTorn = async (handle: FileHandle, size: number): Promise<boolean> => {
  if (size === 0) return false
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return bytesRead === 1 && buffer[0] !== lineFeed
}

// Nearly always one turn: a regular file takes less than it is given only when the disk is full.
const writeAll = async (handle: FileHandle, text: string): Promise<void> => {
  for (let bytes = Buffer.from(text); bytes.length > 0;) {
    const { bytesWritten } = await handle.write(bytes)
    bytes = bytes.subarray(bytesWritten)
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
  const handle = await inDirectory(dirname(path), () => open(path, 'a+', 0o600))
  try {
    const size = Number(statsOf(path)?.size ?? 0)
    const begin = (await isTorn(handle, size)) ? '\n' : ''
    for (const piece of pieces(lines, begin)) await writeAll(handle, piece)
    if (durable) await handle.datasync()
    if (durable && size === 0) await syncDirectory(dirname(path))
  } finally {
    await handle.close()
  }
}
