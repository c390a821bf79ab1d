import type { Edition } from './editions.ts'
import { keyOf, type Need } from './need.ts'
import type { Candidate } from './shelf.ts'

/** What is known of one thing to decide. */
export interface Criterion {
  readonly needs: readonly Need[]
  /** Tried, and found to lead nowhere. */
  readonly excluded: ReadonlySet<Edition>
}

/** By `keyOf` a need. Never changed: each step of the search has its own. */
export type Criteria = ReadonlyMap<string, Criterion>

/** A decision. */
export interface Pin {
  readonly key: string
  readonly candidate: Candidate
  readonly dependencies: readonly Need[]
}

/** A moment of the search: what was decided, in this order, and what that leads to. */
export interface State {
  readonly pins: ReadonlyMap<string, Pin>
  readonly criteria: Criteria
}

/** The criteria with one more need. */
export const withNeed = (criteria: Criteria, need: Need): Criteria => {
  const key = keyOf(need)
  const before = criteria.get(key)
  const needs = [...(before?.needs ?? []), need]
  return new Map(criteria).set(key, { needs, excluded: before?.excluded ?? new Set() })
}

/** The criteria without what some editions, no longer decided for, required. */
export const withoutNeedsOf = (criteria: Criteria, gone: ReadonlySet<Edition>): Criteria =>
  new Map(
    [...criteria].map(([key, criterion]) => [
      key,
      {
        ...criterion,
        needs: criterion.needs.filter(
          ({ parent }) => parent === undefined || !gone.has(parent.edition),
        ),
      },
    ]),
  )

/** The criteria with the exclusions of others too, as far as they are about the same things. */
export const withExclusions = (
  criteria: Criteria,
  exclusions: Iterable<readonly [key: string, excluded: ReadonlySet<Edition>]>,
): Criteria => {
  const result = new Map(criteria)
  for (const [key, excluded] of exclusions) {
    const criterion = result.get(key)
    if (criterion !== undefined && excluded.size > 0)
      result.set(key, { ...criterion, excluded: new Set([...criterion.excluded, ...excluded]) })
  }
  return result
}

/** Everything that is decided and still needed, beginning with those needs. */
export const reachable = ({ pins }: State, roots: readonly Need[]): Candidate[] => {
  const seen = new Set<string>()
  const found = new Set<Candidate>()
  const waiting = [...roots]
  for (let need = waiting.shift(); need !== undefined; need = waiting.shift()) {
    const key = keyOf(need)
    const pin = pins.get(key)
    if (pin === undefined || seen.has(key)) continue
    seen.add(key)
    found.add(pin.candidate)
    waiting.push(...pin.dependencies)
  }
  return [...found]
}
