import type { Environment, Variable } from './environment.ts'
import type { Comparison, Marker, MarkerOperator } from './marker.ts'
import { parseRelease } from './release.ts'
import { fits, parseSpecifiers } from './specifier.ts'

const versions: ReadonlySet<Variable> = new Set([
  'python_version',
  'python_full_version',
  'implementation_version',
  'platform_release',
])

/** The normal form of an extra or a dependency group (PEP 685). */
export const normalExtra = (text: string): string => text.toLowerCase().replace(/[-_.]+/g, '-')

const equal = (left: string, right: string) => left === right
const never = () => false

// Texts have no order: what is neither version nor equal is neither less nor greater.
const comparisons: Readonly<Record<MarkerOperator, (left: string, right: string) => boolean>> = {
  in: (left, right) => right.includes(left),
  'not in': (left, right) => !right.includes(left),
  '!=': (left, right) => left !== right,
  '==': equal,
  '===': equal,
  '<=': equal,
  '>=': equal,
  '<': never,
  '>': never,
  '~=': never,
}

const compare = ({ variable, operator, value, reversed }: Comparison, known: string): boolean => {
  const [left, right] = reversed ? [value, known] : [known, value]
  if (variable === 'extra') return comparisons[operator](normalExtra(left), normalExtra(right))
  if (versions.has(variable) && operator !== 'in' && operator !== 'not in') {
    const specifiers = parseSpecifiers(operator + right)
    const release = parseRelease(left)
    if (specifiers !== undefined) return release !== undefined && fits(specifiers, release)
  }
  return comparisons[operator](left, right)
}

const isSet = (variable: Variable) => variable === 'extras' || variable === 'dependency_groups'

const holds = (marker: Marker, environment: Environment, extra: string | undefined): boolean => {
  if ('all' in marker) return marker.all.every(part => holds(part, environment, extra))
  if ('any' in marker) return marker.any.some(part => holds(part, environment, extra))
  if (marker.variable === 'extra') return extra === undefined || compare(marker, extra)
  const known = environment.get(marker.variable)
  if (known === undefined) return true
  if (isSet(marker.variable))
    return known.map(normalExtra).includes(normalExtra(marker.value)) === (marker.operator === 'in')
  return known.some(value => compare(marker, value))
}

/**
 * True when a marker holds: no marker always does. `extras` are those asked for, of which one must
 * make it hold, as pip does; `'any'` takes every comparison with an extra for true.
 */
export const evaluate = (
  marker: Marker | undefined,
  environment: Environment,
  extras: readonly string[] | 'any' = [],
): boolean => {
  if (marker === undefined) return true
  if (extras === 'any') return holds(marker, environment, undefined)
  const tried = extras.length === 0 ? [''] : extras
  return tried.some(extra => holds(marker, environment, extra))
}
