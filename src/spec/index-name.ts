import { userName, type UserName } from './user-name.ts'

declare const index: unique symbol

/** The full name of an index: `alice/dev`. Only this file makes one, so it is safe as two path segments. */
export type IndexName = string & { readonly [index]: true }

/** The index that lies in the cache directory itself, served at `/simple/`. */
export const rootIndex = 'root/pypi' as IndexName

const valid = /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}$/

/** What the second part of an index name looks like, for messages. */
export const indexNameRule = 'letters, digits, ".", "_", "@" and "-", at most 64'

/** A user's index; undefined when either part is no name. */
export const indexName = (user: string, index: string): IndexName | undefined =>
  userName(user) !== undefined && valid.test(index) ? (`${user}/${index}` as IndexName) : undefined

/** `alice/dev`, also with a slash in front; undefined when it is no such name. */
export const readIndexName = (text: string): IndexName | undefined => {
  const [user, index, ...more] = text.replace(/^\//, '').split('/')
  return user === undefined || index === undefined || more.length > 0 ?
      undefined
    : indexName(user, index)
}

/** The two parts of an index name. */
export const splitIndexName = (name: IndexName): { user: UserName; index: string } => {
  const slash = name.indexOf('/')
  return { user: name.slice(0, slash) as UserName, index: name.slice(slash + 1) }
}
