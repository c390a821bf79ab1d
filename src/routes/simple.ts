import { formatType } from '../http/negotiate.ts'
import type { Exchange } from '../http/exchange.ts'
import { redirect, text, type Reply } from '../http/reply.ts'
import type { Handler, Reading } from '../http/router.ts'
import type { Index } from '../index/index.ts'
import type { PageCache } from '../pages/cache.ts'
import { projectName } from '../spec/project-name.ts'
import { missing } from './missing.ts'
import { SimpleAnswers } from './simple-answers.ts'

// What is kept of a query is the form that was asked for (SA-3).
const formOf = (exchange: Exchange): string => {
  const type = formatType(exchange.parameter('format'))
  return type === undefined ? '' : `?format=${encodeURIComponent(type)}`
}

/**
 * The simple index of an `Index` under one path: the list of projects and their pages.
 * @param depth segments of the route's own path, from which the links to files are made relative
 */
export const simpleRoute = (index: Index, cache: PageCache, depth: number): Reading => {
  const answers = new SimpleAnswers(index, cache)
  const prefix = '../'.repeat(depth + 1)

  const page = async (exchange: Exchange, asked: string): Promise<Reply> => {
    const name = projectName(asked)
    if (name === undefined) return text(404, 'not found: this is no project name')
    // Relative, so that it is right behind any reverse proxy.
    if (asked !== name || !exchange.slash)
      return redirect(`${exchange.slash ? '../' : ''}${name}/${formOf(exchange)}`)
    return (await answers.page(exchange, name, prefix)) ?? missing(index, `no project ${name} here`)
  }

  const get: Handler = (exchange, rest) => {
    const [asked] = rest
    if (rest.length > 1) return text(404, 'not found: no such path')
    if (asked !== undefined) return page(exchange, asked)
    if (exchange.slash) return answers.list(exchange)
    return redirect(`${exchange.segments.at(-1)}/${formOf(exchange)}`)
  }
  return { GET: get }
}
