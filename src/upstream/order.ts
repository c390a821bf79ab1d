import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import type { UpstreamClient } from './client.ts'

/** Bytes that can be read at any place. */
export interface RandomAccess {
  /** Bytes in all. */
  readonly size: number
  read(start: number, length: number): Promise<Buffer>
}

/** What is to be fetched and what must be true of it. */
export interface Order {
  readonly name: Name
  /** The page's object; `url` is upstream's. */
  readonly file: File
  readonly client: UpstreamClient
  /** Not wanted when it turns out to be larger, in bytes. */
  readonly most?: number
  /** The core metadata in the finished file, undefined when it has none or nobody needs it. */
  readonly metadata: (source: RandomAccess) => Promise<Buffer | undefined>
  /** Notes what is known of the file, durably, just before it gets its final name. */
  readonly record: (verified: Verified) => Promise<void>
  /** Called when it has its final name, with the state of the file whose hash this is. */
  readonly published: (sha256: string, stats: BigIntStats) => Promise<void>
}

/** What the leader found out about a download. */
export interface Verified {
  readonly sha256: string
  readonly size: number
  /** sha256 of a wheel's METADATA; undefined when it has none that can be read, or nobody needs it. */
  readonly metadata: string | undefined
}

/** Upstream says that there is no such file. */
export class AbsentError extends Error {}

/** It is larger than whoever ordered it wants, which upstream's answer told before its first byte. */
export class TooLargeError extends Error {
  /** Bytes. */
  readonly size: number

  constructor(size: number) {
    super(`it has ${size} bytes`)
    this.size = size
  }
}

/** The entity tag of a mirrored file: its sha256, or until that is known one of where it comes from. */
export const etagOf = (file: File): string =>
  `"${file.hashes['sha256'] ?? createHash('sha256').update(file.url).digest('hex')}"`
