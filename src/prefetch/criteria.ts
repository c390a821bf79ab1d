import type { Name } from '../spec/project-name.ts'
import type { Edition } from './editions.ts'
import { keyOf, type Need } from './need.ts'
import type { Candidate } from './shelf.ts'
import type { Wish } from './wish.ts'

/** What is known of one thing to decide. */
export interface Criterion {
  readonly needs: readonly Need[]
  /** Tried and found to lead nowhere, as long as nothing changes about what is required of these projects. */
  readonly excluded: ReadonlyMap<Edition, ReadonlySet<Name>>
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

/** What a step back has taught: this version leads nowhere. */
export interface Exclusion {
  readonly key: string
  readonly edition: Edition
  /** The projects on whose requirements that rests. */
  readonly names: ReadonlySet<Name>
}

/** The project that a key is about. */
export const nameIn = (key: string): Name => key.split('[')[0] as Name

/** What is required of a key: a set of extras must not get ahead of what is required of its project. */
export const needsOf = (key: string, criteria: Criteria): readonly Need[] => {
  const name = nameIn(key)
  const own = criteria.get(key)?.needs ?? []
  return name === key ? own : [...own, ...(criteria.get(name)?.needs ?? [])]
}

/** The projects on whose requirements it rests that a key has no candidate. */
export const reasonsFor = (key: string, criteria: Criteria): Set<Name> => {
  const names = new Set([nameIn(key)])
  for (const reasons of criteria.get(key)?.excluded.values() ?? [])
    for (const name of reasons) names.add(name)
  return names
}

/** The criteria with one more need. */
export const withNeed = (criteria: Criteria, need: Need): Criteria => {
  const key = keyOf(need)
  const before = criteria.get(key)
  const needs = [...(before?.needs ?? []), need]
  return new Map(criteria).set(key, { needs, excluded: before?.excluded ?? new Map() })
}

/** The criteria without what some editions, no longer decided for, required. */
export const withoutNeedsOf = (criteria: Criteria, gone: ReadonlySet<Edition>): Criteria => {
  const isGone = ({ parent }: Need) => parent !== undefined && gone.has(parent.edition)
  const result = new Map(criteria)
  for (const [key, { needs, excluded }] of criteria)
    if (needs.some(isGone))
      result.set(key, { needs: needs.filter(need => !isGone(need)), excluded })
  return result
}

/** The criteria with more exclusions, as far as they are about the same things. */
export const withExclusions = (criteria: Criteria, exclusions: readonly Exclusion[]): Criteria => {
  const result = new Map(criteria)
  for (const { key, edition, names } of exclusions) {
    const criterion = result.get(key)
    if (criterion !== undefined)
      result.set(key, { ...criterion, excluded: new Map(criterion.excluded).set(edition, names) })
  }
  return result
}

/** All exclusions in some criteria. */
export const exclusionsIn = (criteria: Criteria): Exclusion[] =>
  [...criteria].flatMap(([key, { excluded }]) =>
    [...excluded].map(([edition, names]) => ({ key, edition, names })),
  )

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
