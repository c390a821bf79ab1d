import { clean, valid } from '@renovatebot/pep440'

// No version is this long; a bound keeps the library's patterns cheap. It would also pass over blanks.
const canBe = (text: string): boolean => text.length <= 200 && !/\s/.test(text)

/** True for a version as PEP 440 (version specifiers specification) knows them, in any spelling. */
export const isVersion = (text: string): boolean => canBe(text) && valid(text) !== null

/** The normal spelling (`1.0.post1` for `1.0-1`), or undefined for what is no PEP 440 version. */
export const normalVersion = (text: string): string | undefined =>
  // The library joins the segments of a local version by commas.
  canBe(text) ? clean(text)?.replaceAll(',', '.') : undefined
