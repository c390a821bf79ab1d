import { Batch } from '../flight.ts'
import { matches } from '../http/conditions.ts'
import { encoding, formatType, simpleFormat, type Format } from '../http/negotiate.ts'
import type { Exchange } from '../http/exchange.ts'
import { redirect, text, type Reply } from '../http/reply.ts'
import type { Handler, Reading } from '../http/router.ts'
import type { Index, Project } from '../index/index.ts'
import { etagOf, type PageCache } from '../pages/cache.ts'
import { compress, compressChunks } from '../pages/gzip.ts'
import { commonHeaders, pageHeaders } from '../pages/headers.ts'
import { renderList } from '../pages/list.ts'
import { projectName } from '../spec/project-name.ts'
import { missing } from './missing.ts'

// What is kept of a query is the form that was asked for (SA-3).
const formOf = (exchange: Exchange): string => {
  const type = formatType(exchange.parameter('format'))
  return type === undefined ? '' : `?format=${encodeURIComponent(type)}`
}

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

/**
 * The simple index of an `Index` under one path: the list of projects and their pages.
 * @param depth segments of the route's own path, from which the links to files are made relative
 */
export const simpleRoute = (index: Index, cache: PageCache, depth: number): Reading => {
  const looks = new Batch<Project | undefined>()
  const lists = new Batch<Buffer | undefined>()
  const prefix = '../'.repeat(depth + 1)
  const variant = (exchange: Exchange) => ({
    index: index.name,
    format: simpleFormat(exchange.header('accept'), exchange.parameter('format')),
    coding: encoding(exchange.header('accept-encoding')),
    prefix,
  })

  const list = async (exchange: Exchange): Promise<Reply> => {
    const { format, coding } = variant(exchange)
    const bytes = await lists.run(format, () => wholeList(index, format))
    if (bytes !== undefined) {
      const etag = etagOf(bytes, { format, coding })
      if (matches(exchange.header('if-none-match') ?? '', etag))
        return { status: 304, headers: commonHeaders(etag) }
      const body = coding === 'gzip' ? await compress(bytes) : bytes
      return { status: 200, headers: pageHeaders(format, coding, etag), body }
    }
    const chunks = renderList(index.projects(), format)
    const body = coding === 'gzip' ? compressChunks(chunks) : chunks
    return { status: 200, headers: pageHeaders(format, coding), body }
  }

  const page = async (exchange: Exchange, asked: string): Promise<Reply> => {
    const name = projectName(asked)
    if (name === undefined) return text(404, 'not found: this is no project name')
    // Relative, so that it is right behind any reverse proxy.
    if (asked !== name || !exchange.slash)
      return redirect(`${exchange.slash ? '../' : ''}${name}/${formOf(exchange)}`)
    const { confirm } = exchange
    const project = await looks.run(confirm ? `${name} confirm` : name, () =>
      index.project(name, { confirm }),
    )
    if (project === undefined) return missing(index, `no project ${name} here`)
    return cache.answer(project, variant(exchange), exchange.header('if-none-match'))
  }

  const get: Handler = (exchange, rest) => {
    const [asked] = rest
    if (rest.length > 1) return text(404, 'not found: no such path')
    if (asked !== undefined) return page(exchange, asked)
    if (exchange.slash) return list(exchange)
    return redirect(`${exchange.segments.at(-1)}/${formOf(exchange)}`)
  }
  return { GET: get }
}
