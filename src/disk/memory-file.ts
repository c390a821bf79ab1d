import type { Resource } from './resource.ts'

/** A few bytes in memory as a resource. */
export class MemoryFile implements Resource {
  readonly bytes: Buffer
  readonly etag: string
  readonly modified: Date
  readonly whole = true
  readonly isLasting: boolean

  constructor(bytes: Buffer, etag: string, modified: Date, isLasting = false) {
    this.bytes = bytes
    this.etag = etag
    this.modified = modified
    this.isLasting = isLasting
  }

  get size(): number {
    return this.bytes.length
  }

  async *read(start: number, end: number = this.bytes.length): AsyncGenerator<Uint8Array, void> {
    yield this.bytes.subarray(start, end)
  }
}
