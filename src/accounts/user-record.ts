import type { JsonObject } from '../spec/json-value.ts'
import type { UserProfile } from '../spec/user-config.ts'
import { rootUser, type UserName } from '../spec/user-name.ts'
import { isTexts } from './texts.ts'

/** A person or a machine that may sign in. */
export interface User {
  readonly name: UserName
  /** Made anew with each user, so that who is created again under an old name inherits nothing (fault P28). */
  readonly id: string
  /** As `hashPassword` made it, or devpi; empty for an empty password. */
  readonly password: string
  /** What all logins of this user have in common: made anew it ends them. Empty at first. */
  readonly logins: string
  /** Patterns of the names of projects that this user may publish in the root index; none: may only read. */
  readonly publish: readonly string[]
  readonly profile: UserProfile
  /** ISO time. */
  readonly created: string
  /** ISO time of the latest change; undefined: none yet. */
  readonly modified?: string | undefined
}

/**
 * Root as long as nobody gave it a password: whoever set up the directory. It is older than anybody
 * can tell.
 */
export const openRoot: User = {
  name: rootUser,
  id: 'root',
  password: '',
  logins: '',
  publish: ['*'],
  profile: {},
  created: '1970-01-01T00:00:00Z',
}

const profileOf = (object: JsonObject): UserProfile => {
  const text = (key: string) => {
    const value = object[key]
    return typeof value === 'string' ? { [key]: value } : {}
  }
  const { custom_data } = object
  return {
    ...text('email'),
    ...text('title'),
    ...text('description'),
    ...(custom_data !== undefined && { custom_data }),
  }
}

// Without a difference between cases a file system gives the record of one name for another.
const isOf = (name: UserName, { name: kept }: JsonObject): boolean =>
  typeof kept !== 'string' || kept === name || kept.toLowerCase() !== name.toLowerCase()

/** A record as a user; undefined for what is none. */
export const parseUser = (name: UserName, object: JsonObject): User | undefined => {
  const { id, password, logins = '', publish, created, modified } = object
  const isWhole =
    typeof id === 'string' &&
    typeof password === 'string' &&
    typeof logins === 'string' &&
    typeof created === 'string' &&
    isTexts(publish) &&
    isOf(name, object)
  if (!isWhole) return undefined
  const profile = profileOf(object)
  const changed = typeof modified === 'string' ? { modified } : {}
  return { name, id, password, logins, publish, profile, created, ...changed }
}
