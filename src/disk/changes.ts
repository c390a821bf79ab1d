import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { orAbsent } from './error-code.ts'
import type { Layout } from './layout.ts'
import { statsOf } from './stamp.ts'
import { create, inDirectory } from './write.ts'

const shape = /^[0-9a-f]{32}$/

/**
 * Counts the changes that devpi's clients can see, for all processes over one directory: each adds a
 * byte to a file, whose size is the serial. After a power cut the last ones may count anew, which
 * nobody relies on.
 */
export class Changes {
  readonly #layout: Layout
  #uuid: Promise<string> | undefined

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** The number of changes so far. */
  serial(): number {
    return Number(statsOf(this.#layout.changes)?.size ?? 0)
  }

  /** When the latest change was, in milliseconds since 1970; undefined while there was none. */
  latest(): number | undefined {
    const stats = statsOf(this.#layout.changes)
    return stats === undefined ? undefined : Number(stats.mtimeNs / 1_000_000n)
  }

  /** Notes one change, once it is durable; gives the serial from then on. */
  async note(): Promise<number> {
    const path = this.#layout.changes
    await inDirectory(dirname(path), () => appendFileSync(path, '.'))
    return this.serial()
  }

  /**
   * 32 hex digits, the same for the life of the directory. Where they cannot be kept they last as
   * long as this process.
   */
  uuid(): Promise<string> {
    return (this.#uuid ??= this.#read())
  }

  async #read(): Promise<string> {
    const made = randomUUID().replaceAll('-', '')
    try {
      const known = await this.#known()
      if (known !== undefined) return known
      if (await create(this.#layout, this.#layout.uuid, `${made}\n`)) return made
      return (await this.#known()) ?? made
    } catch {
      return made
    }
  }

  async #known(): Promise<string | undefined> {
    const text = (await orAbsent(readFile(this.#layout.uuid, 'utf8')))?.trim()
    return text !== undefined && shape.test(text) ? text : undefined
  }
}
