import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { Flight } from '../flight.ts'
import { matches } from '../http/conditions.ts'
import type { Coding, Format } from '../http/negotiate.ts'
import { octetsOf, type Octets, type Reply } from '../http/reply.ts'
import type { Project } from '../index/index.ts'
import { compress } from './gzip.ts'
import { commonHeaders, pageHeaders } from './headers.ts'
import { renderPage } from './simple.ts'

/** Which of the many appearances of a project's page is wanted. */
export interface Variant {
  /** Keeps apart what different indexes say of a project of one name. */
  readonly index: string
  readonly format: Format
  readonly coding: Coding
  /** The way from the page's URL to the server's root: `../../`. */
  readonly prefix: string
}

/** Enough to answer "not modified", kept for longer than the body. */
interface Tag {
  readonly revision: string
  readonly etag: string
  /** The 304. */
  reply: Reply
}

/** A page ready to be sent. */
interface Entry {
  readonly revision: string
  reply: Reply & { readonly body: Octets | Buffer }
}

// What an entry weighs besides its body.
const overhead = 1024

const mostTags = 20_000

// Node sends a short string together with its head faster than a buffer behind it.
const short = 8 * 1024

const keyOf = (project: Project, { index, format, coding, prefix }: Variant): string =>
  `${project.name} ${format} ${coding} ${prefix} ${index}`

/** A strong entity tag, the same in every process: made from the bytes, the type and the coding (SA-43, SA-45). */
export const etagOf = (
  bytes: Buffer,
  { format, coding }: Pick<Variant, 'format' | 'coding'>,
): string => {
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 27)
  return `"${digest}-${format}${coding === 'gzip' ? '-gzip' : ''}"`
}

/** Project pages as bytes: rendered and compressed once for each revision, the least used dropped. */
export class PageCache {
  readonly #entries: LRUCache<string, Entry>
  readonly #tags = new LRUCache<string, Tag>({ max: mostTags })
  readonly #flight = new Flight<Entry>()

  /** @param maxSize bytes of bodies to keep */
  constructor(maxSize = 48 * 1024 * 1024) {
    this.#entries = new LRUCache({
      maxSize,
      sizeCalculation: ({ reply }) => reply.body.length + overhead,
    })
  }

  /**
   * The page of a project as a client wants it, or 304 when it has it. At once when it is known;
   * otherwise `project.page()` is rendered, once however many ask.
   * @param ifNoneMatch the header of that name
   * @throws what `project.page()` throws
   */
  answer(project: Project, variant: Variant, ifNoneMatch?: string): Reply | Promise<Reply> {
    const key = keyOf(project, variant)
    const unchanged = this.#unchanged(key, project, ifNoneMatch)
    if (unchanged !== undefined) return unchanged
    const entry = this.#entries.get(key)
    return entry?.revision === project.revision ?
        replyOf(entry, project)
      : this.#render(key, project, variant, ifNoneMatch)
  }

  #unchanged(key: string, project: Project, ifNoneMatch: string | undefined): Reply | undefined {
    if (ifNoneMatch === undefined) return undefined
    const tag = this.#tags.get(key)
    if (tag?.revision !== project.revision || !matches(ifNoneMatch, tag.etag)) return undefined
    return replyOf(tag, project)
  }

  async #render(
    key: string,
    project: Project,
    variant: Variant,
    ifNoneMatch: string | undefined,
  ): Promise<Reply> {
    const entry = await this.#flight.run(`${key} ${project.revision}`, () =>
      this.#make(key, project, variant),
    )
    return this.#unchanged(key, project, ifNoneMatch) ?? replyOf(entry, project)
  }

  async #make(key: string, project: Project, variant: Variant): Promise<Entry> {
    const { revision } = project
    const page = await project.page()
    const { format, coding, prefix } = variant
    const bytes = Buffer.from(renderPage(page, format, prefix))
    const etag = etagOf(bytes, variant)
    const serial = page.meta['_last-serial']
    const body = coding === 'gzip' ? await compress(bytes) : bytes
    const entry: Entry = {
      revision,
      reply: {
        status: 200,
        headers: pageHeaders(format, coding, etag, serial),
        body: body.length <= short ? octetsOf(body) : body,
      },
    }
    this.#tags.set(key, {
      revision,
      etag,
      reply: { status: 304, headers: commonHeaders(etag, serial) },
    })
    this.#entries.set(key, entry)
    return entry
  }
}

// One object for as long as it says the same, so that what was made of it can be known again.
const replyOf = <R extends Reply>(kept: { reply: R }, { source }: Project): R => {
  if (kept.reply.cache !== source) kept.reply = { ...kept.reply, cache: source }
  return kept.reply
}
