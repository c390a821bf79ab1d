import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { asItLies, readRange } from './read.ts'

/** A hash that clients and indexes use; `blake2b_256` is BLAKE2b with a digest of 32 bytes. */
export type HashName = 'md5' | 'sha256' | 'blake2b_256'

/** A hash that is being computed. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** Lower-case hex; the hasher is used up. */
  digest(): string
}

/** A hash of nothing yet. */
export const createHasher = async (name: HashName): Promise<Hasher> => {
  // Node's own crypto has BLAKE2b with digests of 64 bytes only. Two megabytes, loaded when needed.
  if (name === 'blake2b_256') {
    const { createBLAKE2b } = await import('hash-wasm')
    return (await createBLAKE2b(256)).init()
  }
  const hash = createHash(name)
  return { update: bytes => void hash.update(bytes), digest: () => hash.digest('hex') }
}

/**
 * A digest of a file on disk, as lower-case hex. The file must not change meanwhile.
 * @throws {ShortFileError} when it has become shorter; system errors
 */
export const hashFile = async (path: string, size: number, name: HashName): Promise<string> => {
  const hasher = await createHasher(name)
  const handle = await open(path, asItLies)
  try {
    for await (const chunk of readRange(handle.fd, 0, size)) hasher.update(chunk)
    return hasher.digest()
  } finally {
    await handle.close()
  }
}
