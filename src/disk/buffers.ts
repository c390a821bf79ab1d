/**
 * Buffers for reading files. Large reads make Node as fast as sendfile, but a client that stops
 * reading pins the buffer it was given: so there are few large ones, and small ones for the rest.
 */
const large = 512 * 1024
const small = 64 * 1024
const most = 24

const free: Buffer[] = []
let made = 0

/** A buffer to read into, of 512 KiB while there are such, else of 64 KiB. Give it back. */
export const borrowBuffer = (): Buffer => {
  const buffer = free.pop()
  if (buffer !== undefined) return buffer
  if (made >= most) return Buffer.allocUnsafeSlow(small)
  made += 1
  return Buffer.allocUnsafeSlow(large)
}

/** Gives a borrowed buffer back; nobody may use it any more. */
export const returnBuffer = (buffer: Buffer): void => {
  if (buffer.length === large) free.push(buffer)
}
