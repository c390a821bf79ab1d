import type { Ask, Index, Project } from '../index/index.ts'
import { releaseMetadata } from '../index/release-metadata.ts'
import type { Rendering } from '../pages/json-cache.ts'
import { projectJson, releaseJson } from '../pages/project-json.ts'
import { readUpstreamJson, type Place, type UpstreamJson } from '../pages/upstream-json.ts'
import type { File } from '../spec/page.ts'
import { normalVersion } from '../spec/version.ts'
import { UpstreamError } from '../upstream/client.ts'
import type { HeldDocument } from '../upstream/document-store.ts'

/** What upstream's own JSON API tells: of a release, else of the project. */
interface Documents {
  readonly project?: HeldDocument | undefined
  readonly release?: HeldDocument | undefined
}

const documentsOf = async (
  { name, api }: Project,
  version: string | undefined,
  ask: Ask,
): Promise<Documents> => {
  if (api === undefined) return {}
  // Without upstream's own answer one is made of the page.
  const get = (of: string | undefined) =>
    api.json(name, of, ask).catch((error: unknown) => {
      if (error instanceof UpstreamError) return undefined
      throw error
    })
  const normal = version === undefined ? undefined : normalVersion(version)
  const release = normal === undefined ? undefined : await get(normal)
  return release === undefined ? { project: await get(undefined) } : { release }
}

const make = async (
  index: Index,
  project: Project,
  version: string | undefined,
  documents: Documents,
  root: string,
): ReturnType<Rendering['make']> => {
  const { name, api } = project
  let isLasting = true
  const place: Place = (filename, url) => api?.path(name, filename, url)
  const read = async (document: HeldDocument | undefined): Promise<UpstreamJson | undefined> => {
    const text = await document?.text().catch(() => {
      // It was broken and is removed: the next time it is asked for again.
      isLasting = false
    })
    return typeof text === 'string' ? readUpstreamJson(text, place, root) : undefined
  }
  const metadata = async (files: readonly File[]) => {
    try {
      return await releaseMetadata(index, name, files)
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      isLasting = false
      return {}
    }
  }
  const parts = {
    page: await project.page(),
    project: await read(documents.project),
    release: await read(documents.release),
    isWhole: index.limits === undefined,
    root,
    metadata,
  }
  const value = await (version === undefined ? projectJson(parts) : releaseJson(parts, version))
  return { value, isLasting }
}

/** How the JSON of a project, or of one of its releases, is made, and when it must be made again. */
export const jsonRendering = async (
  index: Index,
  project: Project,
  version: string | undefined,
  ask: Ask,
): Promise<Rendering> => {
  const documents = await documentsOf(project, version, ask)
  const { project: whole, release } = documents
  return {
    key: `${project.name} ${version ?? ''}`,
    revision: [project.revision, whole?.head.sha256, release?.head.sha256].join(' '),
    source: project.source,
    make: root => make(index, project, version, documents, root),
  }
}
