import { spare } from '../spare.ts'

/**
 * Buffers for reading files. Large reads make Node as fast as sendfile, but a client that stops
 * reading pins the buffer it was given: so there are few large ones, and small ones for the rest.
 */
const large = 512 * 1024
const small = 64 * 1024
const most = 24

let made = 0

const free = spare({
  buffers: [] as Buffer[],
  clear(): void {
    made -= this.buffers.length
    this.buffers = []
  },
})

/** A buffer to read into, of 512 KiB while there are such, else of 64 KiB. Give it back. */
export const borrowBuffer = (): Buffer => {
  const buffer = free.buffers.pop()
  if (buffer !== undefined) return buffer
  if (made >= most) return Buffer.allocUnsafeSlow(small)
  made += 1
  return Buffer.allocUnsafeSlow(large)
}

/** Gives a borrowed buffer back; nobody may use it any more. */
export const returnBuffer = (buffer: Buffer): void => {
  if (buffer.length === large) free.buffers.push(buffer)
}
