import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DurableOptions } from '../disk/durable.ts'
import { orAbsent } from '../disk/error-code.ts'
import { readObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { discard, replace, syncDirectory } from '../disk/write.ts'
import type { DocPlace } from './doc-places.ts'
import { readHistory, type History } from './log-entry.ts'

/** What is known of uploaded documentation and its bytes cannot tell. */
export interface DocFact {
  readonly sha256: string
  /** ISO time of the upload. */
  readonly at: string
  readonly by?: string | undefined
  readonly history: History
}

/** The facts about one index's documentation: a small file each, with the digest of the bytes in its name. */
export class DocFacts {
  readonly #layout: Layout

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** What is known of these bytes; undefined for what a person put there, and what is broken (fault S20). */
  async of({ name, version }: DocPlace, sha256: string): Promise<DocFact | undefined> {
    const record = await readObject(this.#layout.docsFact(name, version, sha256))
    if (record?.['sha256'] !== sha256) return undefined
    const { at, by, history } = record
    if (typeof at !== 'string') return undefined
    return { sha256, at, ...(typeof by === 'string' && { by }), history: readHistory(history) }
  }

  /** Keeps a fact, durably unless told; it means nothing before the bytes have their name. */
  write({ name, version }: DocPlace, fact: DocFact, options: DurableOptions = {}): Promise<void> {
    return replace(
      this.#layout,
      this.#layout.docsFact(name, version, fact.sha256),
      JSON.stringify(fact),
      options,
    )
  }

  /** Forgets the facts about all bytes but these. */
  async forget({ name, version }: DocPlace, but?: string): Promise<void> {
    const directory = this.#layout.docsFact(name)
    for (const entry of (await orAbsent(readdir(directory))) ?? []) {
      const [, of, digest] = /^(.+)\.([0-9a-f]{16})\.json$/.exec(entry) ?? []
      if (of === version && digest !== but?.slice(0, 16)) await discard(join(directory, entry))
    }
    await syncDirectory(directory)
  }
}
