import { setImmediate } from 'node:timers/promises'
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

/** Releases that are looked at without letting others work. */
const abreast = 50

const allVersions = async (
  { base }: DevpiRequest,
  shares: readonly Share[],
  name: Name,
): Promise<JsonObject> => {
  const versions = newestFirst(new Set(shares.flatMap(({ releases }) => [...releases.keys()])))
  const entries: [string, JsonObject | undefined][] = []
  for (const [at, version] of versions.entries()) {
    entries.push([version, await versionData(shares, name, version, base)])
    // Nothing of this waits for the disk as a rule, and others want to be answered, too.
    if (at % abreast === abreast - 1) await setImmediate()
  }
  return Object.fromEntries(entries)
}

const noProject = (name: Name): Refusal =>
  new Refusal(404, `no project '${name}'`, { shape: 'api' })

/** Asks all that the index inherits, and names what fails. Throws 404 when none has the project. */
const requireProject = async (index: Opened, name: Name): Promise<void> => {
  if ((await index.whole.project(name)) === undefined) throw noProject(name)
}

/** True when something that the index inherits has or holds the project; no upstream is asked. */
const isKnown = async (index: Opened, name: Name): Promise<boolean> => {
  for (const { own, copies, isMirror } of await index.members()) {
    const isThere = isMirror ? await copies?.has(name) : await own.project(name)
    if (isThere) return true
  }
  return false
}

const showOwn = (request: DevpiRequest, index: Opened, name: Name): Promise<Reply> =>
  reading(request, index, async () => {
    const share = await shareOf(index, name)
    if (share.releases.size > 0)
      return result(200, 'projectconfig', await allVersions(request, [share], name))
    return readingWhole(request, index, async () => {
      if (!(await isKnown(index, name))) throw noProject(name)
      return result(200, 'projectconfig', {})
    })
  })

const showWhole = (request: DevpiRequest, index: Opened, name: Name): Promise<Reply> =>
  readingWhole(request, index, async () => {
    await requireProject(index, name)
    const shares = await sharesOf(index, name)
    return result(200, 'projectconfig', await allVersions(request, shares, name))
  })

/**
 * `/USER/INDEX/PROJECT`: all releases of a project as JSON, with what is inherited unless
 * `ignore_bases` is in the query; its deletion (devpi-api 15).
 */
export const projectHandler: IndexHandler = (request, index, rest) => {
  const name = projectIn(rest[0] ?? '')
  if (request.exchange.method === 'DELETE') return removeProject(request, index, name)
  return hasFlag(request, 'ignore_bases') ?
      showOwn(request, index, name)
    : showWhole(request, index, name)
}
