import { parse } from '@renovatebot/pep440'
import { isVersion, normalVersion } from './version.ts'

/** A version taken apart once, so that many comparisons cost little (PEP 440). */
export interface Release {
  /** As it was written. */
  readonly text: string
  /** In normal spelling. */
  readonly normal: string
  readonly epoch: number
  readonly numbers: readonly number[]
  readonly pre: readonly [letter: string, number: number] | undefined
  readonly post: number | undefined
  readonly dev: number | undefined
  /** Numbers and words of the local part; empty: it has none. */
  readonly local: readonly (number | string)[]
}

// The library types say otherwise, but both are a letter and a number here.
const numberOf = (part: readonly (string | number)[] | null): number | undefined =>
  part === null ? undefined : Number(part[1])

const letterOf = (part: readonly (string | number)[] | null): Release['pre'] =>
  part === null ? undefined : [String(part[0]), Number(part[1])]

// Not as the library has it, which takes `1e5` for a number.
const localOf = (text: string): (number | string)[] => {
  const plus = text.indexOf('+')
  if (plus < 0) return []
  const parts = text.slice(plus + 1).split(/[-_.]/)
  return parts.map(part => (/^\d+$/.test(part) ? Number(part) : part.toLowerCase()))
}

/** A version taken apart, or undefined for what is none. */
export const parseRelease = (text: string): Release | undefined => {
  const parsed = isVersion(text) ? parse(text) : null
  const [shared = ''] = text.split('+')
  const normal = normalVersion(shared)
  if (parsed === null || normal === undefined) return undefined
  const local = localOf(text)
  return {
    text,
    normal: local.length > 0 ? `${normal}+${local.join('.')}` : normal,
    epoch: parsed.epoch,
    numbers: parsed.release,
    pre: letterOf(parsed.pre),
    post: numberOf(parsed.post),
    dev: numberOf(parsed.dev),
    local,
  }
}

/** True for alpha, beta and release candidates, and for development releases of anything. */
export const isPrerelease = (release: Release): boolean =>
  release.pre !== undefined || release.dev !== undefined

const compareNumbers = (one: readonly number[], two: readonly number[]): number => {
  for (let at = 0; at < Math.max(one.length, two.length); at++) {
    const difference = (one[at] ?? 0) - (two[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

const compareTexts = (one: string, two: string): number =>
  one === two ? 0
  : one < two ? -1
  : 1

// `1.0.dev1` comes before `1.0a1`, which comes before `1.0`.
const preStage = (release: Release): string => {
  if (release.pre !== undefined) return release.pre[0]
  return release.post === undefined && release.dev !== undefined ? '' : 'z'
}

// Words come before numbers, and what is a beginning of the other before that.
const compareLocal = (one: Release['local'], two: Release['local']): number => {
  for (let at = 0; at < Math.min(one.length, two.length); at++) {
    const left = one[at] ?? 0
    const right = two[at] ?? 0
    if (left === right) continue
    if (typeof left === 'number' && typeof right === 'number') return left - right
    if (typeof left === 'string' && typeof right === 'string') return compareTexts(left, right)
    return typeof left === 'string' ? -1 : 1
  }
  return one.length - two.length
}

/** Compares without the local parts: negative when the first is the older one. */
export const comparePublic = (one: Release, two: Release): number =>
  one.epoch - two.epoch ||
  compareNumbers(one.numbers, two.numbers) ||
  compareTexts(preStage(one), preStage(two)) ||
  (one.pre?.[1] ?? 0) - (two.pre?.[1] ?? 0) ||
  (one.post ?? -1) - (two.post ?? -1) ||
  // Infinity less Infinity would be no number.
  (one.dev ?? Number.MAX_VALUE) - (two.dev ?? Number.MAX_VALUE)

/** Negative when the first version is the older one, 0 for the same in two spellings. */
export const compareReleases = (one: Release, two: Release): number =>
  comparePublic(one, two) || compareLocal(one.local, two.local)
