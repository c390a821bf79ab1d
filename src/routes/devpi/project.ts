import type { JsonObject } from '../../disk/json.ts'
import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import { newestFirst } from '../../spec/newest-first.ts'
import type { Name } from '../../spec/project-name.ts'
import { Refusal, result } from './envelope.ts'
import { reading, readingWhole } from './reading.ts'
import { removeProject } from './remove-release.ts'
import { hasFlag, type DevpiRequest, type IndexHandler } from './request.ts'
import { projectIn } from './simple.ts'
import { shareOf, sharesOf, versionData, type Share } from './version-data.ts'

const allVersions = async (
  { base }: DevpiRequest,
  shares: readonly Share[],
  name: Name,
): Promise<JsonObject> => {
  const versions = newestFirst(new Set(shares.flatMap(({ releases }) => [...releases.keys()])))
  const entries: [string, JsonObject | undefined][] = []
  for (const version of versions)
    entries.push([version, await versionData(shares, name, version, base)])
  return Object.fromEntries(entries)
}

const showProject = async (request: DevpiRequest, index: Opened, name: Name): Promise<Reply> => {
  if (hasFlag(request, 'ignore_bases'))
    return reading(request, index, async () => {
      const share = await shareOf(index, name)
      if (share.releases.size === 0 && (await index.whole.project(name)) === undefined)
        throw noProject(name)
      return result(200, 'projectconfig', await allVersions(request, [share], name))
    })
  return readingWhole(request, index, async () => {
    const shares = await sharesOf(index, name)
    if (shares.length === 0 && (await index.whole.project(name)) === undefined)
      throw noProject(name)
    return result(200, 'projectconfig', await allVersions(request, shares, name))
  })
}

const noProject = (name: Name): Refusal =>
  new Refusal(404, `no project '${name}'`, { shape: 'api' })

/**
 * `/USER/INDEX/PROJECT`: all releases of a project as JSON, with what is inherited unless
 * `ignore_bases` is in the query; its deletion (devpi-api 15).
 */
export const projectHandler: IndexHandler = (request, index, rest) => {
  const name = projectIn(rest[0] ?? '')
  return request.exchange.method === 'DELETE' ?
      removeProject(request, index, name)
    : showProject(request, index, name)
}
