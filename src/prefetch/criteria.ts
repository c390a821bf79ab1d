import type { Edition } from './editions.ts'
import { keyOf, type Need } from './need.ts'
import type { Candidate } from './shelf.ts'
import type { Wish } from './wish.ts'

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

/** A version that was decided for. */
export interface Decided {
  readonly candidate: Candidate
  /** The lines that lead to it. */
  readonly wishes: ReadonlySet<Wish>
}

/** Everything that is decided and still needed, beginning with those needs. */
export const decided = (state: State, roots: readonly Need[]): Decided[] => {
  const found = new Map<Edition, { candidate: Candidate; wishes: Set<Wish> }>()
  for (const root of roots)
    for (const candidate of reachable(state, root)) {
      const known = found.get(candidate.edition) ?? { candidate, wishes: new Set() }
      found.set(candidate.edition, known)
      if (root.wish !== undefined) known.wishes.add(root.wish)
    }
  return [...found.values()]
}

const reachable = ({ pins }: State, root: Need): Set<Candidate> => {
  const seen = new Set<string>()
  const found = new Set<Candidate>()
  const waiting = [root]
  for (let need = waiting.pop(); need !== undefined; need = waiting.pop()) {
    const key = keyOf(need)
    const pin = pins.get(key)
    if (pin === undefined || seen.has(key)) continue
    seen.add(key)
    found.add(pin.candidate)
    waiting.push(...pin.dependencies)
  }
  return found
}
