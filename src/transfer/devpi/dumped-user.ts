import { oldForeignPassword } from '../../accounts/foreign-password.ts'
import { closedPassword } from '../../accounts/password.ts'
import type { KeptUser } from '../../accounts/users.ts'
import { isObject, requireModest, type JsonObject } from '../../spec/json-value.ts'
import { rootUser, type UserName } from '../../spec/user-name.ts'

/** What devpi says of users who are older than that it noted it. */
const longAgo = '1970-01-01T00:00:00Z'

// Who has none signed in by another service, such as LDAP: the empty one was never theirs.
const passwordIn = ({ pwhash, pwsalt }: JsonObject): string => {
  if (typeof pwhash !== 'string' || pwhash === '') return closedPassword
  return typeof pwsalt === 'string' ? oldForeignPassword(pwsalt, pwhash) : pwhash
}

const textIn = (object: JsonObject, key: string): JsonObject => {
  const value = object[key]
  return typeof value === 'string' ? { [key]: value } : {}
}

const timeIn = (object: JsonObject, key: string): string | undefined => {
  const value = object[key]
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined
}

/**
 * A user of an export as we keep one: the password as devpi kept it; without one nobody can sign in as this user.
 * Nobody but root may publish in the root index, of which devpi knows nothing.
 * @throws {InputError} for one that is too large to be kept
 */
export const readDumpedUser = (name: UserName, value: unknown): KeptUser => {
  const object = isObject(value) ? value : {}
  requireModest(object, `user ${name}`)
  const { custom_data } = object
  const modified = timeIn(object, 'modified')
  return {
    password: passwordIn(object),
    publish: name === rootUser ? ['*'] : [],
    created: timeIn(object, 'created') ?? longAgo,
    ...(modified !== undefined && { modified }),
    profile: {
      ...textIn(object, 'email'),
      ...textIn(object, 'title'),
      ...textIn(object, 'description'),
      ...(custom_data !== undefined && { custom_data }),
    },
  }
}
