import { appendFile, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { bounded } from '../bounded.ts'
import { orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, statsOf } from '../disk/stamp.ts'
import { inDirectory } from '../disk/write.ts'
import type { Filename } from '../spec/filename.ts'
import { rootIndex } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'

/** Bytes that had a name. */
export interface Former {
  readonly filename: Filename
  readonly sha256: string
}

/** As many digits of the digest are in a file's URL. */
const digits = 16

/**
 * Which bytes were deleted or replaced here, so that their URLs say so (410) and not merely that there
 * is nothing. A file of appended lines for each project, which outlives the project. The URLs of the
 * root index do not name bytes, so nothing is noted of it.
 */
export class Gone {
  readonly #layout: Layout
  readonly #read = bounded<Name, { identity: string; lines: ReadonlySet<string> }>(100)

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** Notes bytes that are no more. */
  async note(name: Name, former: readonly Former[]): Promise<void> {
    if (former.length === 0 || this.#layout.index === rootIndex) return
    const path = this.#layout.gone(name)
    const text = former.map(one => `${lineOf(one)}\n`).join('')
    await inDirectory(dirname(path), () => appendFile(path, text), { durable: false })
  }

  /**
   * True when a file was here whose digest begins so. That it is here again is not looked at.
   * @param digest at least 16 digits of the sha256
   */
  async has(name: Name, filename: Filename, digest: string): Promise<boolean> {
    const path = this.#layout.gone(name)
    const stats = statsOf(path)
    if (stats === undefined) return false
    const identity = identityOf(stats)
    let known = this.#read.get(name)
    if (known?.identity !== identity) {
      const text = (await orAbsent(readFile(path, 'utf8'))) ?? ''
      known = { identity, lines: new Set(text.split('\n')) }
      this.#read.set(name, known)
    }
    return known.lines.has(lineOf({ filename, sha256: digest }))
  }
}

const lineOf = ({ filename, sha256 }: Former): string => `${sha256.slice(0, digits)} ${filename}`
