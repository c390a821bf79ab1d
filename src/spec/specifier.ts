import {
  comparePublic,
  compareReleases,
  isPrerelease,
  parseRelease,
  type Release,
} from './release.ts'

/** One version specifier, like `>=1.0` or `==2.*`. */
export interface Clause {
  readonly operator: '===' | '~=' | '==' | '!=' | '<=' | '>=' | '<' | '>'
  /** As written behind the operator. */
  readonly text: string
  /** Without `.*`; undefined only for `===` and something that is no version. */
  readonly release: Release | undefined
  /** True for `==1.2.*` and `!=1.2.*`. */
  readonly prefix: boolean
}

/** All of them must be met; sets are joined by joining the lists. Empty: any version. */
export type Specifiers = readonly Clause[]

const operators = ['===', '~=', '==', '!=', '<=', '>=', '<', '>'] as const
const plain = /^v?(?:\d+!)?\d+(?:\.\d+)*$/i

const parseClause = (written: string): Clause | undefined => {
  const operator = operators.find(operator => written.startsWith(operator))
  if (operator === undefined) return undefined
  const text = written.slice(operator.length).trim()
  if (operator === '===')
    return text === '' || /\s/.test(text) ?
        undefined
      : { operator, text, release: parseRelease(text), prefix: false }
  const equality = operator === '==' || operator === '!='
  const prefix = text.endsWith('.*')
  if (prefix && !(equality && plain.test(text.slice(0, -2)))) return undefined
  const release = parseRelease(prefix ? text.slice(0, -2) : text)
  if (release === undefined || (release.local.length > 0 && !equality)) return undefined
  if (operator === '~=' && release.numbers.length < 2) return undefined
  return { operator, text, release, prefix }
}

/** Version specifiers (PEP 440) separated by commas, or undefined for what are none. */
export const parseSpecifiers = (text: string): Specifiers | undefined => {
  const clauses: Clause[] = []
  for (const part of text.split(',')) {
    const written = part.trim()
    if (written === '') continue
    const clause = parseClause(written)
    if (clause === undefined) return undefined
    clauses.push(clause)
  }
  return clauses
}

const startsWith = (version: Release, prefix: Release, length: number): boolean => {
  if (version.epoch !== prefix.epoch) return false
  for (let at = 0; at < length; at++)
    if ((version.numbers[at] ?? 0) !== (prefix.numbers[at] ?? 0)) return false
  return true
}

const isEqual = (version: Release, clause: Clause, wanted: Release): boolean => {
  if (clause.prefix) return startsWith(version, wanted, wanted.numbers.length)
  // Without a local part of its own, a specifier looks at none.
  return (
    (wanted.local.length > 0 ?
      compareReleases(version, wanted)
    : comparePublic(version, wanted)) === 0
  )
}

// `<1.0` excludes the pre-releases of 1.0, unless it names one itself.
const isLess = (version: Release, bound: Release): boolean => {
  if (compareReleases(version, bound) >= 0) return false
  if (isPrerelease(bound) || !isPrerelease(version)) return true
  return comparePublic(version, { ...bound, dev: 0 }) < 0
}

// `>1.0` excludes the post-releases and local versions of 1.0, unless it names a post-release itself.
const isGreater = (version: Release, bound: Release): boolean => {
  if (comparePublic(version, bound) <= 0) return false
  if (bound.post !== undefined || version.post === undefined) return true
  return comparePublic({ ...version, post: undefined, dev: undefined }, bound) !== 0
}

const isCompatible = (version: Release, bound: Release): boolean =>
  comparePublic(version, bound) >= 0 && startsWith(version, bound, bound.numbers.length - 1)

const isSame = (version: Release, text: string): boolean =>
  version.text.toLowerCase() === text.toLowerCase() || version.normal === text.toLowerCase()

type Ordering = Exclude<Clause['operator'], '===' | '==' | '!='>

const orderings: Readonly<Record<Ordering, (version: Release, bound: Release) => boolean>> = {
  '>=': (version, bound) => comparePublic(version, bound) >= 0,
  '<=': (version, bound) => comparePublic(version, bound) <= 0,
  '>': isGreater,
  '<': isLess,
  '~=': isCompatible,
}

const meets = (version: Release, clause: Clause): boolean => {
  const { operator, release } = clause
  if (operator === '===') return isSame(version, clause.text)
  if (release === undefined) return false
  if (operator === '==') return isEqual(version, clause, release)
  if (operator === '!=') return !isEqual(version, clause, release)
  return orderings[operator](version, release)
}

/** True when a version meets all specifiers; whether pre-releases are wanted is not looked at. */
export const fits = (specifiers: Specifiers, version: Release): boolean =>
  specifiers.every(clause => meets(version, clause))

/** True when a specifier names a pre-release, and so asks for pre-releases (all but `!=`). */
export const asksForPrereleases = (specifiers: Specifiers): boolean =>
  specifiers.some(
    ({ operator, release }) => operator !== '!=' && release !== undefined && isPrerelease(release),
  )

/**
 * Those of some things whose versions meet the specifiers, in the given order, as pip chooses:
 * pre-releases only where they are asked for (by the caller or a specifier) or nothing else fits.
 */
export const selectFitting = <Thing>(
  specifiers: Specifiers,
  things: readonly Thing[],
  versionOf: (thing: Thing) => Release,
  prereleases = false,
): Thing[] => {
  const fitting = things.filter(thing => fits(specifiers, versionOf(thing)))
  if (prereleases || asksForPrereleases(specifiers)) return fitting
  const final = fitting.filter(thing => !isPrerelease(versionOf(thing)))
  return final.length > 0 ? final : fitting
}
