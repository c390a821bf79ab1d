import type { Right } from '../../accounts/rights.ts'
import { HttpError } from '../../http/error.ts'
import type { Reply } from '../../http/reply.ts'
import { eraseIndex } from '../../index/erase-index.ts'
import {
  changedIndexConfig,
  newIndexConfig,
  shownIndexConfig,
  type IndexConfig,
} from '../../spec/index-config.ts'
import { indexName, indexNameRule, rootIndex, type IndexName } from '../../spec/index-name.ts'
import { InputError } from '../../spec/input-error.ts'
import { userName } from '../../spec/user-name.ts'
import { noIndex } from './api.ts'
import { jsonBody, objectBody } from './body.ts'
import { noteChange } from './changed.ts'
import { effective } from './effective.ts'
import { forbidden, message, result } from './envelope.ts'
import { withProjects } from './index-projects.ts'
import type { Place } from './place.ts'
import { hasFlag, type DevpiRequest, type DevpiSources } from './request.ts'

/** Characters of a name that is repeated to its sender. */
const longestShown = 150

const shownName = ({ user = '', index = '' }: Place): string =>
  `${user}/${index}`.slice(0, longestShown)

const nameIn = ({ user = '', index = '' }: Place): IndexName | undefined => indexName(user, index)

/** `GET /USER/INDEX`: its settings, and its own projects unless `no_projects` is asked for. */
export const indexAnswer = async (request: DevpiRequest, place: Place): Promise<Reply> => {
  const { sources, visitor } = request
  sources.access.requireRead(visitor)
  const name = nameIn(place)
  const config = name === undefined ? undefined : await sources.configs.get(name)
  if (name === undefined || config === undefined) throw noIndex(place)
  const inEffect = effective(sources, name, config)
  const shown = shownIndexConfig(inEffect)
  if (hasFlag(request, 'no_projects')) return result(200, 'indexconfig', shown)
  const opened = await sources.registry.open(name)
  if (opened === undefined) throw noIndex(place)
  // A mirror of nothing as yet has settings to be looked at; devpi's client shows no error here.
  const hasProjects = inEffect.type === 'stage' || inEffect.mirror_url !== undefined
  const isReadable = sources.access.may('pkg_read', visitor, { index: name, config })
  return isReadable && hasProjects ?
      withProjects(shown, () => opened.own.projects())
    : result(200, 'indexconfig', { ...shown, projects: [] })
}

/** `PUT /USER/INDEX`: a new index (devpi-api 7.3). */
export const createIndex = async (request: DevpiRequest, place: Place): Promise<Reply> => {
  const { sources, visitor, exchange } = request
  const owner = userName(place.user ?? '')
  // Before the right is asked for, as devpi does.
  if (owner === undefined || (await sources.accounts.users.get(owner)) === undefined)
    throw new HttpError(404, `user '${place.user}' does not exist`)
  if (!sources.access.may('index_create', visitor, { user: owner }))
    throw forbidden(`no permission to create index ${shownName(place)}`, 'api')
  const name = nameIn(place)
  if (name === undefined)
    throw new HttpError(400, `index name ${shownName(place)} is not allowed: use ${indexNameRule}`)
  const config = newIndexConfig(owner, await objectBody(exchange))
  const { configs, layout } = sources
  const isNew = await configs.create(name, config, index => eraseIndex(layout.of(index)))
  if (!isNew) throw new HttpError(409, `index '${name}' exists`)
  await noteChange(request, { event: 'index', index: name, change: 'index added' })
  return result(200, 'indexconfig', shownIndexConfig(config))
}

const requireRight = async (
  { sources, visitor }: DevpiRequest,
  right: Right,
  place: Place,
): Promise<IndexName | undefined> => {
  const name = nameIn(place)
  const config = name === undefined ? undefined : await sources.configs.get(name)
  const subject = { user: userName(place.user ?? ''), index: name, config }
  if (!sources.access.may(right, visitor, subject)) {
    const verb = right.slice('index_'.length)
    throw forbidden(`no permission to ${verb} index ${shownName(place)}`)
  }
  return config === undefined ? undefined : name
}

// What would have no effect is not taken; who sends back what was shown means no change.
const requireSameUpstream = (
  { rootUrl }: DevpiSources,
  name: IndexName,
  before: IndexConfig,
  after: IndexConfig,
): void => {
  if (name !== rootIndex || rootUrl === undefined || after.type !== 'mirror') return
  const given = after.mirror_url
  if (given !== rootUrl && (before.type !== 'mirror' || given !== before.mirror_url))
    throw new InputError(
      `the upstream of ${name} is a setting of the server, index-url: change it there`,
    )
}

/** `PATCH /USER/INDEX` with any of devpi's three bodies (devpi-api 7.4). */
export const changeIndex = async (request: DevpiRequest, place: Place): Promise<Reply> => {
  const { sources, exchange } = request
  const name = await requireRight(request, 'index_modify', place)
  if (name === undefined) throw noIndex(place)
  const patch = await jsonBody(exchange)
  const change = await sources.configs.change(name, config => {
    const after = changedIndexConfig(config, patch)
    requireSameUpstream(sources, name, config, after)
    return after
  })
  if (change === undefined) throw noIndex(place)
  const { before, after } = change
  if (before !== after)
    await noteChange(request, { event: 'index', index: name, change: 'settings changed' })
  else if (hasFlag(request, 'error_on_noop'))
    throw new HttpError(400, 'The requested modifications resulted in no changes')
  return result(200, 'indexconfig', shownIndexConfig(effective(sources, name, after)))
}

/**
 * `DELETE /USER/INDEX` with all that lies in it, if it is volatile; also to go on with a deletion that
 * was broken off, after which there is no such index any more for anything else.
 */
export const deleteIndex = async (request: DevpiRequest, place: Place): Promise<Reply> => {
  const { configs, layout } = request.sources
  await requireRight(request, 'index_delete', place)
  const name = nameIn(place)
  const isRemoved =
    name !== undefined && (await configs.remove(name, index => eraseIndex(layout.of(index))))
  // In devpi's words and with its status.
  if (!isRemoved) throw new HttpError(403, `index ${shownName(place)} does not exist`)
  await noteChange(request, { event: 'index', index: name, change: 'index removed' })
  return message(201, `index ${name} deleted`)
}
