import { LRUCache } from 'lru-cache'
import type { Opened } from '../../index/registry.ts'
import type { Name } from '../../spec/project-name.ts'
import { found, Refusal } from './envelope.ts'
import { requireRead } from './reading.ts'
import type { IndexHandler } from './request.ts'
import { projectIn } from './simple.ts'

/** Milliseconds for which a project that was asked for upstream is not asked for again. */
const pause = 3000

const asked = new WeakMap<Opened, LRUCache<Name, true>>()

// Anybody may ask, since devpi's client says no name here: so not all too often.
const isDue = (mirror: Opened, name: Name): boolean => {
  const recent = asked.get(mirror) ?? new LRUCache({ max: 1000, ttl: pause })
  asked.set(mirror, recent)
  if (recent.has(name)) return false
  recent.set(name, true)
  return true
}

/**
 * `POST +simple/PROJECT/refresh`: every mirror that the index inherits looks at its upstream now;
 * then the client is sent to the project's page (devpi-api 10.6).
 */
export const refreshHandler: IndexHandler = async (request, index, rest) => {
  const [, project = '', verb] = rest
  if (verb !== 'refresh' || rest.length > 3)
    throw new Refusal(404, 'not found: no such path', { shape: 'page' })
  const name = projectIn(project)
  const members = await index.members()
  for (const member of [index, ...members]) requireRead(request, member)
  const mirrors = members.filter(({ config }) => config.type === 'mirror')
  await Promise.all(
    mirrors
      .filter(mirror => isDue(mirror, name))
      .map(mirror => mirror.own.project(name, { confirm: true })),
  )
  return found(`../${name}/`)
}
