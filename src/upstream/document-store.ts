import { createHash } from 'node:crypto'
import { utimes } from 'node:fs/promises'
import { bounded } from '../bounded.ts'
import { hasCode } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, statsOf } from '../disk/stamp.ts'
import { discard, replace } from '../disk/write.ts'
import type { Log } from '../log.ts'
import type { Name } from '../spec/project-name.ts'
import { headed, readBody, readHead, type BodyHead } from './headed-file.ts'
import type { Validators } from './validators.ts'

/** What stands above a document in its file. */
export interface DocumentHead extends BodyHead, Validators {
  /** Seconds that upstream allows, if it says. */
  readonly maxAge?: number
}

/** A document as it is kept. */
export interface HeldDocument {
  readonly head: DocumentHead
  /** When upstream last confirmed it, in milliseconds since 1970. */
  readonly confirmed: number
  /** The text as upstream sent it. */
  text(): Promise<string>
}

/**
 * What one upstream answered at some URLs, on disk as pages are: a file of two lines each, whose mtime
 * is the moment of the last confirmation. What is torn or broken counts as missing (fault S20).
 */
export class DocumentStore {
  readonly #layout: Layout
  readonly #log: Log
  readonly #upstream: string
  readonly #heads = bounded<string, { identity: string; head: DocumentHead }>(5000)

  constructor(layout: Layout, log: Log, upstream: string) {
    this.#layout = layout
    this.#log = log
    this.#upstream = upstream
  }

  /** The document of a project at a URL, however old; undefined when there is none. */
  async held(name: Name, url: URL): Promise<HeldDocument | undefined> {
    const path = this.#layout.document(this.#upstream, name, url.href)
    const stats = statsOf(path)
    if (stats === undefined) return undefined
    const identity = identityOf(stats)
    const known = this.#heads.get(path)
    const head =
      known?.identity === identity ? known.head : await readHead(path, Number(stats.size))
    if (head?.url !== url.href) return undefined
    this.#heads.set(path, { identity, head })
    return { head, confirmed: Number(stats.mtimeMs), text: () => read(path) }
  }

  /** Keeps a document. When it cannot be written it is served all the same, and the log says why. */
  async keep(
    name: Name,
    head: Omit<DocumentHead, 'sha256' | 'bytes'>,
    text: string,
  ): Promise<HeldDocument> {
    const sha256 = createHash('sha256').update(text).digest('hex')
    const complete: DocumentHead = { ...head, sha256, bytes: Buffer.byteLength(text) }
    const path = this.#layout.document(this.#upstream, name, head.url)
    try {
      await replace(this.#layout, path, headed(complete, text), { durable: false })
    } catch (error) {
      this.#log.warn('document not kept', { project: name, reason: (error as Error).message })
    }
    return { head: complete, confirmed: Date.now(), text: () => Promise.resolve(text) }
  }

  /** Notes that upstream confirmed a document just now. */
  async confirm(name: Name, held: HeldDocument): Promise<HeldDocument> {
    const now = new Date()
    await utimes(this.#layout.document(this.#upstream, name, held.head.url), now, now).catch(
      (error: unknown) => {
        if (!hasCode(error, 'ENOENT', 'EROFS', 'EACCES', 'EPERM')) throw error
      },
    )
    return { ...held, confirmed: now.getTime() }
  }
}

const read = async (path: string): Promise<string> => {
  const found = await readBody(path)
  if (found !== undefined) return found.body
  await discard(path)
  throw new Error('a kept document was broken and is removed: ask again')
}
