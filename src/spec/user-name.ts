declare const user: unique symbol

/** The name of a user. Only `userName` makes one, so it is safe as a file name. */
export type UserName = string & { readonly [user]: true }

/** The user name under which clients send a token as the password (UP-15). */
export const tokenUser = '__token__'

/** The administrator, who always exists. */
export const rootUser = 'root' as UserName

const valid = /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}$/

// What our own URLs begin with: the pages of such a user could not be reached.
const reserved = new Set([
  tokenUser,
  'ext',
  'integrity',
  'legacy',
  'local',
  'package',
  'packages',
  'pypi',
  'requirements.txt',
  'simple',
  'uploadpackage',
])

/** What a user name looks like, for messages. */
export const userNameRule =
  'letters, digits, ".", "_", "@" and "-", at most 64, and none of our own names, such as "simple"'

/** A text as a user name; undefined when it cannot be one, and for what our own URLs begin with. */
export const userName = (text: string): UserName | undefined =>
  valid.test(text) && !reserved.has(text.toLowerCase()) ? (text as UserName) : undefined
