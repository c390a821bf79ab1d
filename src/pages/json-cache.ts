import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { JsonObject } from '../disk/json.ts'
import { Flight } from '../flight.ts'
import { matches } from '../http/conditions.ts'
import type { Coding } from '../http/negotiate.ts'
import type { Reply } from '../http/reply.ts'
import { etagOf } from './cache.ts'
import { compress } from './gzip.ts'
import { commonHeaders } from './headers.ts'

/** An answer of the JSON API before anybody's URL is in it. */
export interface Rendering {
  /** Which answer this is. */
  readonly key: string
  /** Changes whenever `make` would give something else. */
  readonly revision: string
  readonly source: Reply['cache']
  /**
   * @param root stands for our URL
   * @returns undefined when there is no such release; `isLasting` false for what must be made again
   */
  readonly make: (root: string) => Promise<{ value: JsonObject | undefined; isLasting: boolean }>
}

interface Template {
  readonly revision: string
  /** Undefined: there is no such release. */
  readonly text: string | undefined
  readonly serial: number | undefined
}

interface Entry {
  readonly revision: string
  readonly etag: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** Who wants an answer, and how. */
export interface Wanting {
  /** Our URL as this client sees it, ending in a slash; without characters that JSON escapes. */
  readonly root: string
  readonly coding: Coding
  readonly ifNoneMatch: string | undefined
}

const overhead = 512

// Nobody can know it, so nothing from outside can pose as it.
const placeholder = `http://${randomUUID()}.invalid/`

const headersOf = (etag: string, serial: number | undefined, coding: Coding): string[] => [
  'Content-Type',
  'application/json',
  ...commonHeaders(etag, serial),
  ...(coding === 'gzip' ? ['Content-Encoding', 'gzip'] : []),
]

/**
 * Answers of the JSON API as bytes. Their URLs are absolute, since clients resolve none, and made of
 * what the client's own request says of us: so the answer is made once for each revision, and its
 * bytes once for each URL, which is part of their key and of their tag (fault X03).
 */
export class JsonCache {
  readonly #templates: LRUCache<string, Template>
  readonly #entries: LRUCache<string, Entry>
  readonly #making = new Flight<Template>()
  readonly #filling = new Flight<Entry>()

  /** @param maxSize bytes of answers to keep, and of what they are made of once more */
  constructor(maxSize = 24 * 1024 * 1024) {
    this.#templates = new LRUCache({
      maxSize,
      sizeCalculation: ({ text = '' }) => text.length + overhead,
    })
    this.#entries = new LRUCache({ maxSize, sizeCalculation: ({ body }) => body.length + overhead })
  }

  /** The answer for one client, 304 when it has it; undefined when there is no such release. */
  async answer(rendering: Rendering, wanting: Wanting): Promise<Reply | undefined> {
    const { source: cache, revision } = rendering
    const { root, coding, ifNoneMatch } = wanting
    const key = `${rendering.key} ${coding} ${root}`
    let entry = this.#entries.get(key)
    if (entry?.revision !== revision) {
      const template = await this.#template(rendering)
      const { text } = template
      if (text === undefined) return undefined
      entry = await this.#filling.run(`${key} ${revision}`, async () => {
        const made = await fill({ ...template, text }, root, coding)
        if (this.#templates.has(rendering.key)) this.#entries.set(key, made)
        return made
      })
    }
    if (ifNoneMatch !== undefined && matches(ifNoneMatch, entry.etag))
      return { status: 304, headers: withoutBody(entry.headers), cache }
    return { status: 200, headers: entry.headers, body: entry.body, cache }
  }

  async #template({ key, revision, make }: Rendering): Promise<Template> {
    const known = this.#templates.get(key)
    if (known?.revision === revision) return known
    return this.#making.run(`${key} ${revision}`, async () => {
      const { value, isLasting } = await make(placeholder)
      const serial = value?.['last_serial']
      const template = {
        revision,
        text: value === undefined ? undefined : JSON.stringify(value),
        serial: typeof serial === 'number' && serial >= 0 ? serial : undefined,
      }
      if (isLasting) this.#templates.set(key, template)
      else this.#templates.delete(key)
      return template
    })
  }
}

const fill = async (
  { revision, text, serial }: Template & { readonly text: string },
  root: string,
  coding: Coding,
): Promise<Entry> => {
  const bytes = Buffer.from(text.replaceAll(placeholder, root))
  const etag = etagOf(bytes, { format: 'json', coding })
  const body = coding === 'gzip' ? await compress(bytes) : bytes
  return { revision, etag, headers: headersOf(etag, serial, coding), body }
}

// What describes the body is left out of a 304.
const withoutBody = (headers: readonly string[]): string[] =>
  headers.filter((_, at) => !(headers[at - (at % 2)] ?? '').startsWith('Content-'))
