import type { Name } from '../spec/project-name.ts'
import type { Catalog } from './catalog.ts'
import { Choices } from './choices.ts'
import {
  decided,
  exclusionsIn,
  reasonsFor,
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
import { Explainer, UnsatisfiableError } from './explain.ts'
import { keyOf, type Need } from './need.ts'
import { Preference } from './preference.ts'
import type { Scout } from './scout.ts'
import type { Candidate, Shelf } from './shelf.ts'
import { UnreadableError } from './told.ts'
import { asTold, Troubles, troubleWith, type Trouble } from './trouble.ts'

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
 * Finds a version of everything that some needs lead to, by pip's search (that of resolvelib), so
 * that it comes to pip's versions: the newest of each that fits what is known when it is decided.
 * What a later decision contradicts is decided again. Where nothing is left to decide for, the search
 * goes back to the last decision that contributed to the trouble; unlike pip's it remembers what
 * each dead end rests on, so that it finds a solution where pip may miss it. For one search.
 */
export class Resolver {
  readonly #parts: ResolverParts
  readonly #explainer: Explainer
  readonly #choices: Choices
  readonly #preference = new Preference()
  readonly #troubles = new Troubles()
  #states: State[] = []

  constructor(parts: ResolverParts) {
    this.#parts = parts
    this.#explainer = new Explainer(parts)
    this.#choices = new Choices({ ...parts, explainer: this.#explainer })
  }

  /** Why a need could not be met even if it were the only one; undefined when it could. */
  async impossible(need: Need): Promise<UnsatisfiableError | undefined> {
    try {
      await this.#begin([need])
      return undefined
    } catch (error) {
      if (error instanceof UnsatisfiableError) return error
      throw error
    }
  }

  /** @throws {UnsatisfiableError} naming what cannot be had, or excludes each other */
  async resolve(roots: readonly Need[]): Promise<Decided[]> {
    this.#states = [{ pins: new Map(), criteria: await this.#begin(roots) }]
    const deadline = performance.now() + longest
    for (let round = 0; round < mostRounds && performance.now() < deadline; round++) {
      this.#parts.signal.throwIfAborted()
      const state = this.#states.at(-1) as State
      const key = await this.#next(state)
      if (key === undefined) return decided(state, roots)
      const found = await this.#decide(state, key)
      if (Array.isArray(found)) await this.#goBack(found)
      else this.#states.push(found)
    }
    throw new UnsatisfiableError('the search for versions that fit together took too long', [])
  }

  async #begin(roots: readonly Need[]): Promise<Criteria> {
    let criteria: Criteria = new Map()
    for (const need of roots) criteria = withNeed(criteria, need)
    const key = await this.#choices.dead(criteria)
    if (key === undefined) return criteria
    throw await this.#explainer.failure(asTold(troubleWith(key, criteria)))
  }

  async #next({ criteria, pins }: State): Promise<string | undefined> {
    const open: string[] = []
    for (const [key, criterion] of criteria)
      if (criterion.needs.length > 0 && !(await this.#choices.holds(pins.get(key), criterion)))
        open.push(key)
    return this.#preference.first(open, criteria)
  }

  /** The state after a decision; all troubles when every candidate leads into one. */
  async #decide(state: State, key: string): Promise<State | Trouble[]> {
    const candidates = await this.#choices.of(key, state.criteria)
    const troubles: Trouble[] = []
    for (const [place, candidate] of candidates.entries()) {
      if (place > 0 && (place & (place - 1)) === 0)
        this.#parts.scout.ahead(candidates.slice(place, place + Math.min(place * 2, mostAhead)))
      const found = await this.#try(state, key, candidate)
      if ('pins' in found) return found
      troubles.push(found)
    }
    return [...troubles, troubleWith(key, state.criteria)]
  }

  async #try(state: State, key: string, candidate: Candidate): Promise<State | Trouble> {
    const { needs } = state.criteria.get(key) as Criterion
    this.#explainer.derive(candidate.edition, needs)
    let dependencies: Need[]
    try {
      dependencies = await this.#parts.dependencies.of(candidate, (needs[0] as Need).extras)
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw this.#explainer.trouble(error, needs)
      return this.#troubles.note({ ...troubleWith(key, state.criteria), reason: error.message })
    }
    let criteria = state.criteria
    for (const need of dependencies) {
      criteria = withNeed(criteria, need)
      const its = keyOf(need)
      if ((await this.#choices.of(its, criteria)).length === 0)
        return this.#troubles.note(troubleWith(its, criteria))
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
      if (criterion !== undefined && (await this.#choices.holds(before, criterion))) continue
      pins.delete(key)
      gone.add(before.candidate.edition)
    }
    pins.set(pin.key, pin)
    return { pins, criteria: gone.size === 0 ? criteria : withoutNeedsOf(criteria, gone) }
  }

  /** Takes decisions back until one that contributed to the trouble can be made in another way. */
  async #goBack(troubles: readonly Trouble[]): Promise<void> {
    const current = this.#states.at(-1) as State
    this.#preference.trouble(
      troubles.flatMap(({ needs }) => needs),
      current,
    )
    const names = new Set(troubles.flatMap(trouble => [...trouble.names]))
    let learned = exclusionsIn(current.criteria)
    for (let state = this.#states.pop(); this.#states.length > 0; state = this.#states.pop()) {
      const pin = [...(state?.pins.values() ?? [])].at(-1) as Pin
      const touches = (some: ReadonlySet<Name>) =>
        pin.dependencies.some(({ name }) => some.has(name))
      // What rested on this decision may be otherwise without it.
      learned = learned.filter(exclusion => !touches(exclusion.names))
      if (!touches(names)) continue
      learned.push({ key: pin.key, edition: pin.candidate.edition, names: new Set(names) })
      const before = this.#states.at(-1) as State
      const criteria = withExclusions(before.criteria, learned)
      const dead = await this.#choices.dead(criteria)
      if (dead === undefined) {
        this.#states[this.#states.length - 1] = { ...before, criteria }
        return
      }
      for (const name of reasonsFor(dead, criteria)) names.add(name)
    }
    throw await this.#explainer.failure(asTold(this.#troubles.best(troubles) as Trouble))
  }
}
