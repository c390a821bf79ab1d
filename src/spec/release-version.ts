declare const release: unique symbol

/** The version of a release as it was registered, safe as a file name and as one path segment. Only `releaseVersion` makes one. */
export type ReleaseVersion = string & { readonly [release]: true }

// No version is longer; with a project's name in front it has to fit into a directory entry.
const valid = /^[A-Za-z0-9_][A-Za-z0-9._+!~@,-]{0,99}$/

/** What such a version looks like, for messages. */
export const releaseVersionRule = 'letters, digits and "._+!~@,-", at most 100'

/**
 * A text as the version of a release: an opaque key for devpi, so `1.0` and `1.0.0` are two and it
 * need not be one by PEP 440. Undefined for what cannot be a file name.
 */
export const releaseVersion = (text: string): ReleaseVersion | undefined =>
  valid.test(text) ? (text as ReleaseVersion) : undefined
