declare const name: unique symbol

/** A project name in its normal form (PEP 503). Only `projectName` makes one. */
export type Name = string & { readonly [name]: true }

const valid = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i
const longest = 200

/**
 * The normal form of a project name: lower case, each run of `-`, `_` and `.` a single `-`.
 * Undefined for anything that is no project name (name-normalization specification), so that what
 * comes from a URL, an upstream or a directory can never be used as a path without passing here.
 */
export const projectName = (text: string): Name | undefined =>
  text.length <= longest && valid.test(text) ?
    (text.toLowerCase().replace(/[-_.]+/g, '-') as Name)
  : undefined
