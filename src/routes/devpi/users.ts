import { HttpError } from '../../http/error.ts'
import type { Reply } from '../../http/reply.ts'
import type { Right } from '../../accounts/rights.ts'
import type { User } from '../../accounts/users.ts'
import { eraseIndex } from '../../index/erase-index.ts'
import {
  changedUserConfig,
  isPasswordAlone,
  newUserConfig,
  shownUserConfig,
} from '../../spec/user-config.ts'
import { rootUser, userName, userNameRule, type UserName } from '../../spec/user-name.ts'
import { jsonBody } from './body.ts'
import { noteChange } from './changed.ts'
import { effective } from './effective.ts'
import { forbidden, message, result } from './envelope.ts'
import type { Place } from './place.ts'
import type { DevpiRequest, DevpiSources } from './request.ts'

/** Characters of a name that is repeated to its sender. */
const longestShown = 100

const quoted = ({ user = '' }: Place): string => `'${user.slice(0, longestShown)}'`

// What can be nobody's name is not repeated.
const noUser = (place: Place): HttpError =>
  userName(place.user ?? '') === undefined ?
    new HttpError(404, 'not found: no such path')
  : new HttpError(404, `user ${quoted(place)} does not exist`)

const nameIn = (place: Place): UserName => {
  const name = userName(place.user ?? '')
  if (name === undefined) throw noUser(place)
  return name
}

const show = async (sources: DevpiSources, user: User) => {
  const own = [...(await sources.configs.of(user.name))]
  return shownUserConfig(
    user,
    new Map(own.map(([name, config]) => [name, effective(sources, name, config)])),
  )
}

/** `GET /`: all users with their indexes. */
export const usersAnswer = async ({ sources, visitor }: DevpiRequest): Promise<Reply> => {
  sources.access.requireRead(visitor)
  const users = await sources.accounts.users.list()
  const shown = await Promise.all(
    users.map(async user => [user.name, await show(sources, user)] as const),
  )
  return result(200, 'list:userconfig', Object.fromEntries(shown))
}

/** `GET /USER`. */
export const userAnswer = async (
  { sources, visitor }: DevpiRequest,
  place: Place,
): Promise<Reply> => {
  sources.access.requireRead(visitor)
  const user = await sources.accounts.users.get(nameIn(place))
  if (user === undefined) throw noUser(place)
  return result(200, 'userconfig', await show(sources, user))
}

/** `PUT /USER`: a new user (devpi-api 6). */
export const createUser = async (request: DevpiRequest, place: Place): Promise<Reply> => {
  const { sources, visitor, exchange } = request
  const name = userName(place.user ?? '')
  if (!sources.access.may('user_create', visitor, { user: name }))
    throw forbidden(`no permission to create user ${quoted(place)}`)
  const { password, profile } = newUserConfig(await jsonBody(exchange))
  if (name === undefined)
    throw new HttpError(400, `user name ${quoted(place)} is not allowed: use ${userNameRule}`)
  const { users } = sources.accounts
  const added =
    name === rootUser ? undefined : await users.add(name, { password, publish: [], profile })
  const user = await users.get(name)
  if (added === undefined || user === undefined) throw new HttpError(409, 'user already exists')
  await noteChange(request, { event: 'user', change: `user added: ${name}` })
  return result(201, 'userconfig', await show(sources, user))
}

const mayChange = (
  { sources, visitor }: DevpiRequest,
  right: Right,
  user: UserName | undefined,
): boolean => sources.access.may(right, visitor, { user })

/** `PATCH /USER`; with a new password the answer holds a new token (devpi-api 6). */
export const changeUser = async (request: DevpiRequest, place: Place): Promise<Reply> => {
  const { sources, exchange } = request
  const { users } = sources.accounts
  const named = userName(place.user ?? '')
  const refusal = forbidden(`no permission to modify user ${quoted(place)}`, 'api')
  const isModifier = mayChange(request, 'user_modify', named)
  // Before the body is read.
  if (!isModifier && !mayChange(request, 'user_modify_password', named)) throw refusal
  const name = nameIn(place)
  const before = await users.get(name)
  if (before === undefined) throw noUser(place)
  const body = await jsonBody(exchange)
  if (!isModifier && !isPasswordAlone(body)) throw refusal
  const { password, profile } = changedUserConfig(body)
  // devpi's client goes on with the login that it has, not with the one in this answer.
  const keepsLogins = request.visitor.user === name
  await users.change(name, { profile, keepsLogins, ...(password !== undefined && { password }) })
  const after = await users.get(name)
  if (JSON.stringify(after) !== JSON.stringify(before)) {
    const what = password === undefined ? 'user changed' : 'password changed'
    await noteChange(request, { event: 'user', change: `${what}: ${name}` })
  }
  if (password === undefined) return message(200, 'user updated')
  const login = await sources.accounts.freshLogin(name)
  if (login === undefined) throw noUser(place)
  return result(200, 'userpassword', login, 'user updated, new proxy auth')
}

/** `DELETE /USER`, with all indexes, which must be volatile. */
export const deleteUser = async (request: DevpiRequest, place: Place): Promise<Reply> => {
  const { sources } = request
  if (!mayChange(request, 'user_delete', userName(place.user ?? '')))
    throw forbidden(`no permission to delete user ${quoted(place)}`)
  const name = nameIn(place)
  const { accounts, layout } = sources
  const removed = await accounts.remove(name, index => eraseIndex(layout.of(index)))
  if (removed === undefined) throw noUser(place)
  await noteChange(request, { event: 'user', change: `user removed: ${name}` })
  return message(200, `user '${name}' deleted`)
}
