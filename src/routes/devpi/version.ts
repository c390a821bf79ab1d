import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import type { Name } from '../../spec/project-name.ts'
import { Refusal, result } from './envelope.ts'
import { readingWhole } from './reading.ts'
import { removeVersion } from './remove-release.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'
import { projectIn } from './simple.ts'
import { sharesOf, versionData } from './version-data.ts'

const showVersion = (
  request: DevpiRequest,
  index: Opened,
  name: Name,
  version: string,
): Promise<Reply> =>
  readingWhole(request, index, async () => {
    // All that the index inherits is asked, and named when it fails.
    const isThere = (await index.whole.project(name)) !== undefined
    const shares = isThere ? await sharesOf(index, name) : []
    const data = await versionData(shares, name, version, request.base)
    if (data !== undefined) return result(200, 'versiondata', data)
    const asked = version.slice(0, 100)
    throw new Refusal(404, `The version ${asked} of project ${name} does not exist.`, {
      shape: 'mixed',
    })
  })

/** `/USER/INDEX/PROJECT/VERSION`: a release as JSON, with what is inherited; its deletion (devpi-api 15). */
export const versionHandler: IndexHandler = (request, index, rest) => {
  const name = projectIn(rest[0] ?? '')
  const version = rest[1] ?? ''
  return request.exchange.method === 'DELETE' ?
      removeVersion(request, index, name, version)
    : showVersion(request, index, name, version)
}
