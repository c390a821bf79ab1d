import type { Name } from '../spec/project-name.ts'
import type { Catalog } from './catalog.ts'
import {
  decided,
  withExclusions,
  withNeed,
  withoutNeedsOf,
  type Criteria,
  type Criterion,
  type Decided,
  type Pin,
  type State,
} from './criteria.ts'
import type { Dependencies } from './dependencies.ts'
import type { Edition } from './editions.ts'
import { Explainer, UnsatisfiableError, type Cause } from './explain.ts'
import { isBounded, isPinned, keyOf, type Need } from './need.ts'
import type { Scout } from './scout.ts'
import type { Candidate, Shelf } from './shelf.ts'
import { UnreadableError } from './told.ts'

/** Decisions before a search is given up; pip's own limit is of the same size. */
const mostRounds = 100_000

/** Milliseconds before it is given up. */
const longest = 10 * 60 * 1000

/** Candidates of one project that are asked for at a time once the first ones have failed. */
const mostAhead = 16

export interface ResolverParts {
  readonly catalog: Catalog
  readonly shelf: Shelf
  readonly dependencies: Dependencies
  readonly scout: Scout
  readonly constraints: ReadonlyMap<Name, readonly Need[]>
  readonly signal: AbortSignal
}

/**
 * Finds a version of everything that some needs lead to, as pip does (with the search of its
 * resolvelib), so that it comes to the same versions: the newest of each that fits what is known
 * when it is decided; what a later decision contradicts is decided again; and where nothing is left
 * to decide for, the search goes back to the last decision that contributed to the trouble.
 */
export class Resolver {
  readonly #parts: ResolverParts
  readonly #explainer: Explainer
  readonly #memory = new WeakMap<Criterion, Candidate[]>()
  readonly #causes = new Map<Name, Cause>()
  #states: State[] = []

  constructor(parts: ResolverParts) {
    this.#parts = parts
    this.#explainer = new Explainer(parts)
  }

  /** Why a need could not be met even if it were the only one; undefined when it could. */
  async impossible(need: Need): Promise<UnsatisfiableError | undefined> {
    const criteria = withNeed(new Map(), need)
    try {
      return await this.#dead(criteria)
    } catch (error) {
      if (error instanceof UnsatisfiableError) return error
      throw error
    }
  }

  /** @throws {UnsatisfiableError} naming what cannot be had, or excludes each other */
  async resolve(roots: readonly Need[]): Promise<Decided[]> {
    let criteria: Criteria = new Map()
    for (const need of roots) criteria = withNeed(criteria, need)
    const dead = await this.#dead(criteria)
    if (dead !== undefined) throw dead
    this.#states = [{ pins: new Map(), criteria }]
    this.#causes.clear()
    const deadline = performance.now() + longest
    let causes: readonly Cause[] = []
    for (let round = 0; round < mostRounds && performance.now() < deadline; round++) {
      this.#parts.signal.throwIfAborted()
      const state = this.#states.at(-1) as State
      const key = await this.#next(state, causes)
      if (key === undefined) return decided(state, roots)
      const found = await this.#decide(state, key)
      if (!Array.isArray(found)) this.#states.push(found)
      else {
        causes = found
        await this.#goBack(causes)
      }
    }
    throw new UnsatisfiableError('the search for versions that fit together took too long', [])
  }

  async #dead(criteria: Criteria): Promise<UnsatisfiableError | undefined> {
    for (const [key, criterion] of criteria)
      if ((await this.#candidates(key, criterion, criteria)).length === 0)
        return this.#explainer.failure({ key, needs: criterion.needs })
    return undefined
  }

  /** What to decide next: what made trouble before, then what leaves least choice, then by the user's order. */
  async #next(state: State, causes: readonly Cause[]): Promise<string | undefined> {
    const open: string[] = []
    for (const [key, criterion] of state.criteria)
      if (criterion.needs.length > 0 && !(await this.#holds(state.pins.get(key), criterion)))
        open.push(key)
    const troublesome = namesIn(causes)
    const first = open.filter(key => troublesome.has(nameIn(key)))
    const weigh = (key: string) => {
      const needs = state.criteria.get(key)?.needs ?? []
      return [
        needs.some(need => isPinned(need) || need.exact !== undefined) ? 0 : 1,
        needs.some(isBounded) ? 0 : 1,
        Math.min(...needs.map(({ order }) => order)),
        needs.some(({ specifier }) => specifier !== '') ? 0 : 1,
      ]
    }
    return (first.length > 0 ? first : open)
      .map(key => ({ key, weight: weigh(key) }))
      .toSorted((a, b) => compareWeights(a.weight, b.weight) || (a.key < b.key ? -1 : 1))[0]?.key
  }

  async #holds(pin: Pin | undefined, { needs }: Criterion): Promise<boolean> {
    if (pin === undefined) return false
    const { name, edition } = pin.candidate
    const editions = await this.#parts.catalog.editions(name)
    return needs.every(({ exact, specifier, specifiers }) =>
      exact !== undefined ?
        exact.edition === edition
      : editions?.within(specifier, specifiers).has(edition) === true,
    )
  }

  /** The state after a decision; the causes when every candidate leads into a contradiction. */
  async #decide(state: State, key: string): Promise<State | Cause[]> {
    const criterion = state.criteria.get(key) as Criterion
    const candidates = await this.#candidates(key, criterion, state.criteria)
    const causes: Cause[] = []
    if (candidates.length === 0) causes.push({ key, needs: needsOf(key, state.criteria) })
    for (const [place, candidate] of candidates.entries()) {
      if (place > 0 && (place & (place - 1)) === 0)
        this.#parts.scout.ahead(candidates.slice(place, place + Math.min(place * 2, mostAhead)))
      const found = await this.#try(state, key, candidate)
      if ('pins' in found) return found
      causes.push(found)
    }
    return causes
  }

  async #try(state: State, key: string, candidate: Candidate): Promise<State | Cause> {
    const { needs } = state.criteria.get(key) as Criterion
    this.#explainer.derive(candidate.edition, needs)
    let dependencies: Need[]
    try {
      dependencies = await this.#parts.dependencies.of(candidate, (needs[0] as Need).extras)
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw this.#explainer.trouble(error, needs)
      return { key, needs, reason: error.message }
    }
    let criteria = state.criteria
    for (const need of dependencies) {
      criteria = withNeed(criteria, need)
      const its = keyOf(need)
      const criterion = criteria.get(its) as Criterion
      if ((await this.#candidates(its, criterion, criteria)).length === 0)
        return this.#note({ key: its, needs: criterion.needs })
    }
    return this.#withPin(state, criteria, { key, candidate, dependencies })
  }

  // What was decided before and is contradicted now is open again, and what it required is forgotten.
  async #withPin(state: State, criteria: Criteria, pin: Pin): Promise<State> {
    const pins = new Map(state.pins)
    pins.delete(pin.key)
    const gone = new Set<Edition>()
    for (const [key, before] of pins) {
      const criterion = criteria.get(key)
      if (criterion !== undefined && (await this.#holds(before, criterion))) continue
      pins.delete(key)
      gone.add(before.candidate.edition)
    }
    pins.set(pin.key, pin)
    return { pins, criteria: gone.size === 0 ? criteria : withoutNeedsOf(criteria, gone) }
  }

  /** Takes decisions back until one that contributed to the trouble can be made in another way. */
  async #goBack(causes: readonly Cause[]): Promise<void> {
    const troublesome = namesIn(causes)
    for (let state = this.#states.pop(); this.#states.length > 0; state = this.#states.pop()) {
      const pin = [...(state?.pins.values() ?? [])].at(-1)
      if (state === undefined || pin === undefined) break
      if (!pin.dependencies.some(({ name }) => troublesome.has(name))) continue
      const before = this.#states.at(-1) as State
      const exclusions = [...state.criteria].map(([key, { excluded }]) => [key, excluded] as const)
      const own = [pin.key, new Set([pin.candidate.edition])] as const
      const criteria = withExclusions(before.criteria, [...exclusions, own])
      if (await this.#isPossible(criteria)) {
        this.#states[this.#states.length - 1] = { ...before, criteria }
        return
      }
    }
    const last = causes.at(-1) as Cause
    throw await this.#explainer.failure(this.#causes.get(nameIn(last.key)) ?? last)
  }

  async #isPossible(criteria: Criteria): Promise<boolean> {
    for (const [key, criterion] of criteria) {
      if (criterion.needs.length === 0) continue
      if ((await this.#candidates(key, criterion, criteria)).length === 0) return false
    }
    return true
  }

  async #candidates(key: string, criterion: Criterion, criteria: Criteria): Promise<Candidate[]> {
    const [first] = criterion.needs
    if (first === undefined) return []
    const isPlain = first.extras.length === 0
    const known = isPlain ? this.#memory.get(criterion) : undefined
    if (known !== undefined) return known
    const { catalog, shelf, constraints } = this.#parts
    const editions = await catalog.editions(first.name).catch((error: unknown) => {
      throw this.#explainer.trouble(error, criterion.needs)
    })
    if (editions === undefined) return []
    const needs = [...needsOf(key, criteria), ...(constraints.get(first.name) ?? [])]
    const found = shelf
      .candidates(editions, needs)
      .filter(
        ({ edition }) =>
          !criterion.excluded.has(edition) &&
          needs.every(({ exact }) => exact === undefined || exact.edition === edition),
      )
    this.#memory.set(criterion, found)
    return found
  }

  // Of the contradictions about one project the first says most: it is about the newest versions.
  #note(cause: Cause): Cause {
    const name = nameIn(cause.key)
    if (!this.#causes.has(name)) this.#causes.set(name, cause)
    return cause
  }
}

// A set of extras must not get ahead of what is required of the project itself.
const needsOf = (key: string, criteria: Criteria): Need[] => {
  const name = nameIn(key)
  const own = criteria.get(key)?.needs ?? []
  return name === key ? [...own] : [...own, ...(criteria.get(name)?.needs ?? [])]
}

const nameIn = (key: string): Name => key.split('[')[0] as Name

const namesIn = (causes: readonly Cause[]): Set<Name> => {
  const names = new Set<Name>()
  for (const { needs } of causes)
    for (const { name, parent } of needs) {
      names.add(name)
      if (parent !== undefined) names.add(parent.name)
    }
  return names
}

const compareWeights = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((weight, place) => weight !== b[place])
  return (
    at < 0 ? 0
    : (a[at] as number) < (b[at] as number) ? -1
    : 1
  )
}
