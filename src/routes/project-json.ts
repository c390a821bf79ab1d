import { Batch } from '../flight.ts'
import type { Exchange } from '../http/exchange.ts'
import { encoding } from '../http/negotiate.ts'
import { json, redirect, type Reply } from '../http/reply.ts'
import type { Handler, Reading } from '../http/router.ts'
import type { Index, Project } from '../index/index.ts'
import { JsonCache } from '../pages/json-cache.ts'
import { projectName } from '../spec/project-name.ts'
import { baseUrl, type OwnUrl } from './base-url.ts'
import { jsonRendering } from './json-rendering.ts'

const notFound: Reply = json(404, { message: 'Not Found' })
const missing: Reply = {
  ...notFound,
  headers: [...notFound.headers, 'Access-Control-Allow-Origin', '*'],
}

/** No version is longer. */
const longest = 200

/**
 * PyPI's JSON API below one path: `/pypi/P/json` and `/pypi/P/V/json` for private, cached and
 * upstream's projects.
 */
export const projectJsonRoute = (index: Index, own: OwnUrl): Reading => {
  const looks = new Batch<Project | undefined>()
  const cache = new JsonCache()

  const answer = async (exchange: Exchange, asked: string, version?: string): Promise<Reply> => {
    const name = projectName(asked)
    if (name === undefined || (version?.length ?? 0) > longest) return missing
    if (asked !== name || exchange.slash) {
      // Relative, so that it is right behind any reverse proxy.
      const up = '../'.repeat((version === undefined ? 1 : 2) + (exchange.slash ? 1 : 0))
      const of = version === undefined ? '' : `${encodeURIComponent(version)}/`
      return redirect(`${up}${name}/${of}json`)
    }
    const { confirm } = exchange
    const project = await looks.run(confirm ? `${name} confirm` : name, () =>
      index.project(name, { confirm }),
    )
    if (project === undefined) return missing
    const wanting = {
      root: baseUrl(exchange, own),
      coding: encoding(exchange.header('accept-encoding')),
      ifNoneMatch: exchange.header('if-none-match'),
    }
    const rendering = await jsonRendering(index, project, version, { confirm })
    return (await cache.answer(rendering, wanting)) ?? missing
  }

  const get: Handler = (exchange, rest) => {
    const [asked, version] = rest
    if (asked === undefined || rest.at(-1) !== 'json') return missing
    if (rest.length === 2) return answer(exchange, asked)
    return rest.length === 3 ? answer(exchange, asked, version) : missing
  }
  return { GET: get }
}
