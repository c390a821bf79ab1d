import { unauthorized } from '../../accounts/access-error.ts'
import { HttpError } from '../../http/error.ts'
import type { Reply } from '../../http/reply.ts'
import { segmentsOf, splitTarget } from '../../http/target.ts'
import { indexName } from '../../spec/index-name.ts'
import { isDevpiClient } from './agents.ts'
import { message } from './envelope.ts'
import { placeOf, type Place, type PlaceKind } from './place.ts'
import type { DevpiRequest } from './request.ts'

const open: ReadonlySet<PlaceKind> = new Set<PlaceKind>(['api', 'login'])

const segmentsIn = (path: string): readonly string[] | undefined => {
  try {
    return segmentsOf(path)
  } catch (error) {
    if (error instanceof HttpError) return undefined
    throw error
  }
}

/** What the URL names that nginx asks about, which may be whole or a path, with ours in front or not. */
const judged = ({ exchange, base }: DevpiRequest): Place | undefined => {
  const original = exchange.header('x-original-uri') ?? ''
  if (original === '') return undefined
  const { path } = splitTarget(original)
  const { pathname } = new URL(base)
  const own = path.startsWith(pathname) ? path.slice(pathname.length - 1) : path
  const segments = segmentsIn(own)
  return segments && placeOf(segments)
}

const mayRead = async (
  { sources, visitor }: DevpiRequest,
  { user = '', index = '' }: Place,
): Promise<boolean> => {
  const name = indexName(user, index)
  const config = name === undefined ? undefined : await sources.configs.get(name)
  return sources.access.may('pkg_read', visitor, { index: name, config })
}

/**
 * `GET /+authcheck`, for nginx's `auth_request`: whether this visitor may have what `X-Original-URI`
 * names (devpi-api 16.3).
 */
export const authcheckAnswer = async (request: DevpiRequest): Promise<Reply> => {
  const place = judged(request)
  if (place === undefined) throw new HttpError(403, 'nothing of ours is at X-Original-URI')
  if (open.has(place.kind) || (await mayRead(request, place))) return message(200, 'OK')
  const isKnown = request.visitor.user !== undefined
  if (isKnown || place.kind === 'file') throw new HttpError(403, 'package read forbidden')
  // The client would take a 401 for the end of its login.
  if (isDevpiClient(request.exchange)) throw new HttpError(403, 'a login is needed')
  throw unauthorized('a user name and a password are needed')
}
