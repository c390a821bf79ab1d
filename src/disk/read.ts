import { constants, read } from 'node:fs'
import { borrowBuffer, returnBuffer } from './buffers.ts'

/** How a file is opened that anybody may have put there: no links, and no waiting for a FIFO (rule R12). */
export const asItLies = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Fills a buffer from a descriptor at a position.
 * @returns the bytes read; 0 at the end of the file
 */
export const readAt = (
  fd: number,
  buffer: Uint8Array,
  length: number,
  position: number,
): Promise<number> =>
  new Promise((resolve, reject) => {
    read(fd, buffer, 0, length, position, (error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })

/** Up to this many bytes are read at once into a buffer of their own. */
const single = 64 * 1024

/** The file is shorter than it was when it was opened. */
export class ShortFileError extends Error {}

/**
 * The bytes of an open file from `start` to `end`, read ahead by one buffer while the consumer
 * writes. A chunk may be used until the next is asked for.
 * @throws {ShortFileError} when the file ends before `end`
 */
export async function* readRange(
  fd: number,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void> {
  if (end - start <= single) {
    if (end > start) yield await readExactly(fd, start, end)
    return
  }
  const buffers = [borrowBuffer(), borrowBuffer()] as const
  let ahead: Promise<number> | undefined
  try {
    let position = start
    const fill = (buffer: Buffer) =>
      readAt(fd, buffer, Math.min(buffer.length, end - position), position)
    for (let turn = 0; position < end; turn ^= 1) {
      const count = await (ahead ?? fill(buffers[0]))
      if (count === 0) throw new ShortFileError(`the file ended at ${position} of ${end} bytes`)
      position += count
      ahead = position < end ? fill(buffers[turn === 0 ? 1 : 0]) : undefined
      yield buffers[turn === 0 ? 0 : 1].subarray(0, count)
    }
  } finally {
    // A read that is still under way writes into its buffer: it must end before that is lent again.
    await ahead?.catch(() => {})
    for (const buffer of buffers) returnBuffer(buffer)
  }
}

const readExactly = async (fd: number, start: number, end: number): Promise<Uint8Array> => {
  const buffer = Buffer.allocUnsafe(end - start)
  let done = 0
  while (done < buffer.length) {
    const count = await readAt(fd, buffer.subarray(done), buffer.length - done, start + done)
    if (count === 0) throw new ShortFileError(`the file ended at ${start + done} of ${end} bytes`)
    done += count
  }
  return buffer
}
