import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { asItLies, readRange } from './read.ts'

/**
 * BLAKE2b of a file on disk in its full length of 64 bytes, as lower-case hex. The file must not
 * change meanwhile.
 * @throws {ShortFileError} when it has become shorter; system errors
 */
export const hashBlake2b = async (path: string, size: number): Promise<string> => {
  const hash = createHash('blake2b512')
  const handle = await open(path, asItLies)
  try {
    for await (const chunk of readRange(handle.fd, 0, size)) hash.update(chunk)
    return hash.digest('hex')
  } finally {
    await handle.close()
  }
}
