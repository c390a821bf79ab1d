import { createHash } from 'node:crypto'
import { utimes } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import { bounded } from '../bounded.ts'
import { hasCode } from '../disk/error-code.ts'
import { parseObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, statsOf } from '../disk/stamp.ts'
import { replaceKnown } from '../disk/replace-known.ts'
import { discard } from '../disk/write.ts'
import type { Log } from '../log.ts'
import { spare } from '../spare.ts'
import type { Page } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { headed, readBody, readHead } from './headed-file.ts'

/** What stands above a page in its file. */
export interface Head {
  /** The project's URL at the upstream; a page of another index under the same name is not ours. */
  readonly url: string
  readonly etag?: string
  readonly lastModified?: string
  /** Seconds that upstream allows, if it says. */
  readonly maxAge?: number
  readonly serial?: number
  /** Of the second line: names the content, whenever it was confirmed. */
  readonly sha256: string
  /** Of the second line, in bytes; a file of another length is torn. */
  readonly bytes: number
  /** Upstream answered 404 for what had a page. */
  readonly gone?: true
  /** Upstream says that the project is malware (PEP 792). */
  readonly quarantined?: true
}

/** An upstream's page as it is kept. */
export interface HeldPage {
  readonly head: Head
  /** When upstream last confirmed it, in milliseconds since 1970. */
  readonly confirmed: number
  /** The page, its file URLs as upstream gave them. */
  page(): Promise<Page>
}

/** Bytes of page text whose parsed form is kept in memory, and the longest single one. */
const parsedBytes = 16 * 1024 * 1024
const longestParsed = 8 * 1024 * 1024

/**
 * The pages of one upstream on disk: a file of two lines each, head and page, whose mtime is the
 * moment upstream last confirmed it. A confirmation is a `utimes`, a new page a rename, and every
 * process sees both by a stat. What is torn or broken counts as missing (fault S20).
 */
export class PageStore {
  readonly #layout: Layout
  readonly #log: Log
  readonly #upstream: string
  readonly #heads = bounded<Name, { identity: string; head: Head }>(20_000)
  readonly #parsed = spare(
    new LRUCache<string, { page: Page; size: number }>({
      maxSize: parsedBytes,
      maxEntrySize: longestParsed,
      sizeCalculation: ({ size }) => size,
    }),
  )
  /** Pages that could not be written (disk full, read-only): served from memory. */
  readonly #unsaved = new LRUCache<Name, HeldPage>({ max: 100 })

  constructor(layout: Layout, log: Log, upstream: string) {
    this.#layout = layout
    this.#log = log
    this.#upstream = upstream
  }

  /** The page that is kept, however old; undefined when there is none. */
  async held(name: Name): Promise<HeldPage | undefined> {
    const path = this.#layout.page(this.#upstream, name)
    const stats = statsOf(path)
    if (stats === undefined) return this.#unsaved.get(name)
    const identity = identityOf(stats)
    const known = this.#heads.get(name)
    if (known?.identity === identity) return this.#page(name, known.head, Number(stats.mtimeMs))
    const head = (await readHead(path, Number(stats.size))) as Head | undefined
    if (head === undefined) return this.#unsaved.get(name)
    this.#heads.set(name, { identity, head })
    return this.#page(name, head, Number(stats.mtimeMs))
  }

  /** Keeps a page. When it cannot be written it is kept in memory and the log says why. */
  async keep(name: Name, head: Omit<Head, 'sha256' | 'bytes'>, page: Page): Promise<HeldPage> {
    const text = JSON.stringify(page)
    const sha256 = createHash('sha256').update(text).digest('hex')
    const complete: Head = { ...head, sha256, bytes: Buffer.byteLength(text) }
    this.#parsed.set(complete.sha256, { page, size: text.length })
    const held = { head: complete, confirmed: Date.now(), page: () => Promise.resolve(page) }
    try {
      // A power cut may tear it, which its length and hash then tell; it is asked again.
      const path = this.#layout.page(this.#upstream, name)
      const options = { durable: false }
      const identity = await replaceKnown(this.#layout, path, headed(complete, text), options)
      if (identity !== undefined) this.#heads.set(name, { identity, head: complete })
      this.#unsaved.delete(name)
    } catch (error) {
      this.#log.warn('page not kept', { project: name, reason: (error as Error).message })
      this.#unsaved.set(name, held)
    }
    return held
  }

  /** Notes that upstream confirmed a page just now. */
  async confirm(name: Name, held: HeldPage): Promise<HeldPage> {
    const now = new Date()
    const confirmed = { ...held, confirmed: now.getTime() }
    try {
      await utimes(this.#layout.page(this.#upstream, name), now, now)
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'EROFS', 'EACCES', 'EPERM')) throw error
      this.#unsaved.set(name, confirmed)
    }
    return confirmed
  }

  /** Forgets a page; one that is not kept is as good as forgotten. */
  async forget(name: Name): Promise<void> {
    this.#heads.delete(name)
    this.#unsaved.delete(name)
    await discard(this.#layout.page(this.#upstream, name))
  }

  #page(name: Name, head: Head, confirmed: number): HeldPage {
    return { head, confirmed, page: () => this.#read(name, head) }
  }

  async #read(name: Name, head: Head): Promise<Page> {
    const known = this.#parsed.get(head.sha256)
    if (known !== undefined) return known.page
    const text = await readBody(this.#layout.page(this.#upstream, name))
    const page = text === undefined ? undefined : parseObject(text.body)
    if (text === undefined || page === undefined) {
      await discard(this.#layout.page(this.#upstream, name))
      throw new Error(`the kept page of ${name} was broken and is removed: ask again`)
    }
    // It may have been replaced since its head was read; then this is the newer one, which is as good.
    this.#parsed.set(text.sha256, { page: page as unknown as Page, size: text.body.length })
    return page as unknown as Page
  }
}
