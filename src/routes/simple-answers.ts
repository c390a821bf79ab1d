import { Batch } from '../flight.ts'
import { matches } from '../http/conditions.ts'
import { encoding, simpleFormat, type Format } from '../http/negotiate.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Reply } from '../http/reply.ts'
import type { Index, Project } from '../index/index.ts'
import { etagOf, type PageCache, type Variant } from '../pages/cache.ts'
import { compress, compressChunks } from '../pages/gzip.ts'
import { commonHeaders, pageHeaders } from '../pages/headers.ts'
import { renderList } from '../pages/list.ts'
import type { Name } from '../spec/project-name.ts'

/** Characters up to which a list of projects gets a tag and a length; a longer one, as PyPI's, is streamed. */
const held = 1024 * 1024

const wholeList = async (index: Index, format: Format): Promise<Buffer | undefined> => {
  let text = ''
  for await (const chunk of renderList(index.projects(), format)) {
    text += chunk
    if (text.length > held) return undefined
  }
  return Buffer.from(text)
}

/** The pages of an `Index` as a client wants them, wherever they are asked for. */
export class SimpleAnswers {
  readonly #index: Index
  readonly #cache: PageCache
  readonly #looks = new Batch<Project | undefined>()
  readonly #lists = new Batch<Buffer | undefined>()

  constructor(index: Index, cache: PageCache) {
    this.#index = index
    this.#cache = cache
  }

  /** The list of projects. */
  async list(exchange: Exchange): Promise<Reply> {
    const { format, coding } = variantOf(exchange)
    const bytes = await this.#lists.run(format, () => wholeList(this.#index, format))
    if (bytes !== undefined) {
      const etag = etagOf(bytes, { format, coding })
      if (matches(exchange.header('if-none-match') ?? '', etag))
        return { status: 304, headers: commonHeaders(etag) }
      const body = coding === 'gzip' ? await compress(bytes) : bytes
      return { status: 200, headers: pageHeaders(format, coding, etag), body }
    }
    const chunks = renderList(this.#index.projects(), format)
    const body = coding === 'gzip' ? compressChunks(chunks) : chunks
    return { status: 200, headers: pageHeaders(format, coding), body }
  }

  /**
   * The page of a project; undefined when there is no such project.
   * @param prefix what stands before the files' paths: the way from this page to our root, or its URL
   */
  async page(exchange: Exchange, name: Name, prefix: string): Promise<Reply | undefined> {
    const { confirm } = exchange
    const project = await this.#looks.run(confirm ? `${name} confirm` : name, () =>
      this.#index.project(name, { confirm }),
    )
    return project && this.answer(exchange, project, prefix)
  }

  /** The page of a project that was looked up for this request; `prefix` as for `page`. */
  answer(exchange: Exchange, project: Project, prefix: string): Reply | Promise<Reply> {
    const variant = { index: this.#index.name, prefix, ...variantOf(exchange) }
    return this.#cache.answer(project, variant, exchange.header('if-none-match'))
  }
}

const variantOf = (exchange: Exchange): Pick<Variant, 'format' | 'coding'> => ({
  format: simpleFormat(exchange.header('accept'), exchange.parameter('format')),
  coding: encoding(exchange.header('accept-encoding')),
})
