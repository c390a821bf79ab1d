import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import { indexName } from '../../spec/index-name.ts'
import { apiAnswer, noIndex } from './api.ts'
import { authcheckAnswer } from './authcheck.ts'
import { textBody } from './body.ts'
import { docsHandler } from './docs.ts'
import { Refusal, type ErrorShape } from './envelope.ts'
import { errorAnswer } from './error-answer.ts'
import { fileHandler } from './files.ts'
import { changeIndex, createIndex, deleteIndex, indexAnswer } from './indexes.ts'
import { loginAnswer } from './login.ts'
import type { Place, PlaceKind } from './place.ts'
import { projectHandler } from './project.ts'
import { provenanceHandler } from './provenance.ts'
import { pushHandler } from './push.ts'
import { refreshHandler } from './refresh.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'
import { isInstaller, simpleHandler } from './simple.ts'
import { statusAnswer } from './status.ts'
import { toxHandler } from './toxresult.ts'
import { uploadHandler } from './upload.ts'
import { changeUser, createUser, deleteUser, userAnswer, usersAnswer } from './users.ts'
import { versionHandler } from './version.ts'
import {
  admitsJson,
  namesJson,
  namesSimpleJson,
  prefersPage,
  toNormalName,
  toSimple,
} from './views.ts'

/** Answers at a place, whatever its names. */
type Answer = (request: DevpiRequest, place: Place) => Reply | Promise<Reply>

/** What a method does at a kind of place. */
export interface Action {
  readonly answer: Answer
  /** How its errors are told. */
  readonly shape: ErrorShape
}

/** By method; HEAD is asked as GET. */
export type Actions = Readonly<Partial<Record<string, Action>>>

const nothing = (): Refusal => new Refusal(404, 'not found: no such path', { shape: 'page' })

const openAt = async ({ sources }: DevpiRequest, place: Place): Promise<Opened> => {
  const { user = '', index = '' } = place
  const name = indexName(user, index)
  const opened = name === undefined ? undefined : await sources.registry.open(name)
  if (opened === undefined) throw noIndex(place)
  return opened
}

const within =
  (handler: IndexHandler): Answer =>
  async (request, place) =>
    handler(request, await openAt(request, place), place.rest)

// What devpi gives to programs alone.
const forPrograms =
  (answer: Answer): Answer =>
  (request, place) => {
    if (!admitsJson(request.exchange)) throw nothing()
    return answer(request, place)
  }

const simple = within(simpleHandler)

const indexView: Answer = (request, place) => {
  const { exchange } = request
  if (isInstaller(exchange) || namesSimpleJson(exchange)) return simple(request, place)
  return prefersPage(exchange) ? toSimple(request, place) : indexAnswer(request, place)
}

const projectView: Answer = async (request, place) => {
  const { exchange } = request
  const index = await openAt(request, place)
  if (isInstaller(exchange)) return simpleHandler(request, index, place.rest)
  const other = toNormalName(request, place)
  if (other !== undefined) return other
  if (namesJson(exchange)) return projectHandler(request, index, place.rest)
  if (prefersPage(exchange)) return toSimple(request, place)
  throw new Refusal(415, 'ask for it with Accept: application/json', { shape: 'page' })
}

const versionView: Answer = async (request, place) => {
  const index = await openAt(request, place)
  const other = toNormalName(request, place)
  if (other !== undefined) return other
  return prefersPage(request.exchange) ?
      toSimple(request, place)
    : versionHandler(request, index, place.rest)
}

const docsView: Answer = async (request, place) => {
  const index = await openAt(request, place)
  return toNormalName(request, place) ?? docsHandler(request, index, place.rest)
}

const upload = within(uploadHandler)
const push = within(pushHandler)

// Push requests come under the type of a form, too, since curl calls everything so.
const isForm = async ({ exchange }: DevpiRequest): Promise<boolean> => {
  const type = exchange.header('content-type')?.toLowerCase() ?? ''
  if (type.startsWith('multipart/')) return true
  if (!type.startsWith('application/x-www-form-urlencoded')) return false
  return !(await textBody(exchange)).trimStart().startsWith('{')
}

const submit: Answer = async (request, place) => {
  const { exchange, sources } = request
  if (!(await isForm(request))) return push(request, place)
  try {
    return await upload(request, place)
  } catch (error) {
    return errorAnswer(exchange, error, 'upload', sources.log)
  }
}

const api = (answer: Answer): Action => ({ answer, shape: 'api' })
const mixed = (answer: Answer): Action => ({ answer, shape: 'mixed' })

/** All that devpi's interface does (devpi-api 2). */
export const actions: Readonly<Record<PlaceKind, Actions>> = {
  users: { GET: api(usersAnswer) },
  api: { GET: api(forPrograms(apiAnswer)) },
  login: { POST: api(forPrograms(loginAnswer)) },
  status: { GET: api(forPrograms(statusAnswer)) },
  authcheck: { GET: { answer: authcheckAnswer, shape: 'page' } },
  user: {
    GET: api(forPrograms(userAnswer)),
    PUT: api(createUser),
    PATCH: api(changeUser),
    DELETE: api(deleteUser),
  },
  index: {
    GET: api(indexView),
    PUT: api(createIndex),
    PATCH: api(changeIndex),
    DELETE: api(deleteIndex),
    POST: api(submit),
    PUSH: api(push),
  },
  simple: { GET: mixed(simple) },
  refresh: { POST: mixed(within(refreshHandler)) },
  file: {
    GET: mixed(within(fileHandler)),
    DELETE: mixed(within(fileHandler)),
    POST: mixed(within(toxHandler)),
  },
  provenance: { GET: mixed(within(provenanceHandler)) },
  project: { GET: mixed(projectView), DELETE: mixed(within(projectHandler)) },
  version: { GET: mixed(versionView), DELETE: mixed(within(versionHandler)) },
  docs: { GET: mixed(docsView) },
}
