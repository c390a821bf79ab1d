import { Batch } from '../flight.ts'
import type { Exchange } from '../http/exchange.ts'
import { encoding } from '../http/negotiate.ts'
import { json, redirect, type Reply } from '../http/reply.ts'
import type { Handler, Reading } from '../http/router.ts'
import type { Ask, Index, Project } from '../index/index.ts'
import { releaseMetadata } from '../index/release-metadata.ts'
import type { UpstreamApi } from '../index/upstream-api.ts'
import { JsonCache, type Rendering } from '../pages/json-cache.ts'
import { projectJson, releaseJson } from '../pages/project-json.ts'
import { readUpstreamJson, type UpstreamJson } from '../pages/upstream-json.ts'
import type { CoreMetadata } from '../spec/core-metadata.ts'
import type { File } from '../spec/page.ts'
import { projectName } from '../spec/project-name.ts'
import { normalVersion } from '../spec/version.ts'
import type { HeldDocument } from '../upstream/document-store.ts'
import { UpstreamError } from '../upstream/client.ts'
import { baseUrl } from './base-url.ts'

const notFound: Reply = json(404, { message: 'Not Found' })
const missing: Reply = {
  ...notFound,
  headers: [...notFound.headers, 'Access-Control-Allow-Origin', '*'],
}

// Without upstream's own answer one is made of the page.
const unlessFailed = (document: Promise<HeldDocument | undefined>) =>
  document.catch((error: unknown) => {
    if (error instanceof UpstreamError) return undefined
    throw error
  })

interface Documents {
  readonly project: HeldDocument | undefined
  readonly release: HeldDocument | undefined
}

/** What upstream's own JSON API tells: of a release, else of the project. */
const documentsOf = async (
  { name, api }: Project,
  version: string | undefined,
  ask: Ask,
): Promise<Documents> => {
  const normal = version === undefined ? undefined : normalVersion(version)
  const release =
    api === undefined || normal === undefined ?
      undefined
    : await unlessFailed(api.json(name, normal, ask))
  const project =
    api === undefined || release !== undefined ?
      undefined
    : await unlessFailed(api.json(name, undefined, ask))
  return { project, release }
}

const read = async (
  document: HeldDocument | undefined,
  { name, api }: Project,
  root: string,
): Promise<UpstreamJson | undefined> => {
  const place: UpstreamApi['path'] = (...file) => api?.path(...file)
  return document === undefined ? undefined : (
      readUpstreamJson(await document.text(), (filename, url) => place(name, filename, url), root)
    )
}

/**
 * PyPI's JSON API below one path: `/pypi/P/json` and `/pypi/P/V/json` for private, cached and
 * upstream's projects.
 * @param fallback our URL for clients that do not say how they call us
 */
export const projectJsonRoute = (index: Index, fallback: string): Reading => {
  const looks = new Batch<Project | undefined>()
  const cache = new JsonCache()

  const rendering = async (
    project: Project,
    version: string | undefined,
    ask: Ask,
  ): Promise<Rendering> => {
    const documents = await documentsOf(project, version, ask)
    const of = [documents.project, documents.release].map(one => one?.head.sha256 ?? '-')
    return {
      key: `${project.name} ${version ?? ''}`,
      revision: `${project.revision} ${of.join(' ')}`,
      source: project.source,
      make: async root => {
        let isLasting = true
        const metadata = (files: readonly File[]): Promise<Partial<CoreMetadata>> =>
          releaseMetadata(index, project.name, files).catch((error: unknown) => {
            if (!(error instanceof UpstreamError)) throw error
            isLasting = false
            return {}
          })
        const parts = {
          page: await project.page(),
          project: await read(documents.project, project, root),
          release: await read(documents.release, project, root),
          isWhole: index.limits === undefined,
          root,
          metadata,
        }
        const value = await (version === undefined ?
          projectJson(parts)
        : releaseJson(parts, version))
        return { value, isLasting }
      },
    }
  }

  const answer = async (
    exchange: Exchange,
    asked: string,
    version: string | undefined,
  ): Promise<Reply> => {
    const name = projectName(asked)
    if (name === undefined || (version?.length ?? 0) > 200) return missing
    if (asked !== name || exchange.slash) {
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
      root: baseUrl(exchange, fallback),
      coding: encoding(exchange.header('accept-encoding')),
      ifNoneMatch: exchange.header('if-none-match'),
    }
    return (await cache.answer(await rendering(project, version, { confirm }), wanting)) ?? missing
  }

  const get: Handler = (exchange, rest) => {
    const [asked, version] = rest
    if (asked === undefined || rest.at(-1) !== 'json') return missing
    if (rest.length === 2) return answer(exchange, asked, undefined)
    return rest.length === 3 ? answer(exchange, asked, version) : missing
  }
  return { GET: get }
}
