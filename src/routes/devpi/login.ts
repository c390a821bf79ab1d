import { HttpError } from '../../http/error.ts'
import type { Reply } from '../../http/reply.ts'
import { callerOf } from '../access.ts'
import { objectBody } from './body.ts'
import { result } from './envelope.ts'
import type { DevpiRequest } from './request.ts'

/** Characters of a name that is repeated to its sender. */
const longestShown = 100

/** `POST /+login`: a token in exchange for user and password (devpi-api 4). */
export const loginAnswer = async ({ exchange, sources }: DevpiRequest): Promise<Reply> => {
  const { user, password } = await objectBody(exchange)
  if (typeof user !== 'string' || typeof password !== 'string')
    throw new HttpError(400, 'Bad request: no user/password specified')
  const login = await sources.access.login({ user, password }, callerOf(exchange))
  if (login === undefined)
    throw new HttpError(401, `user '${user.slice(0, longestShown)}' could not be authenticated`)
  return result(200, 'proxyauth', login, 'login successful')
}
