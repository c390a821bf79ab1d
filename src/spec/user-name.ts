declare const user: unique symbol

/** The name of a user. Only `userName` makes one, so it is safe as a file name. */
export type UserName = string & { readonly [user]: true }

/** The user name under which clients send a token as the password (UP-15). */
export const tokenUser = '__token__'

// No upper case: file systems without cases would take two users for one.
const valid = /^[a-z0-9_][a-z0-9._-]{0,63}$/

/** What a user name looks like, for messages. */
export const userNameRule = 'lower-case letters, digits, ".", "_" and "-", at most 64'

/** A text as a user name; undefined when it cannot be one, and for `__token__`. */
export const userName = (text: string): UserName | undefined =>
  valid.test(text) && text !== tokenUser ? (text as UserName) : undefined
