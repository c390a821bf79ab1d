import type { Name } from '../spec/project-name.ts'
import { nameIn, type Criteria, type State } from './criteria.ts'
import { isBounded, isPinned, type Need } from './need.ts'

/** So often in contradictions before it was decided, that it is better decided early. */
const often = 5

/**
 * What to decide next, as pip chooses since version 26: what made trouble just now, then what did so
 * often, then what leaves the least choice, then by the user's order and by name.
 */
export class Preference {
  readonly #counts = new Map<Name, number>()
  #recent: ReadonlySet<Name> = new Set()

  /** Some needs contradict each other, or nothing is left of what they require. */
  trouble(needs: readonly Need[], { pins }: State): void {
    const names = new Set<Name>()
    for (const { name, parent } of needs) {
      names.add(name)
      if (parent !== undefined) names.add(parent.name)
    }
    for (const name of names)
      if (!pins.has(name)) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    this.#recent = names
  }

  /** The first of some keys; undefined of none. */
  first(keys: readonly string[], criteria: Criteria): string | undefined {
    const recent = keys.filter(key => this.#recent.has(nameIn(key)))
    return (recent.length > 0 ? recent : keys)
      .map(key => ({ key, weight: this.#weigh(key, criteria.get(key)?.needs ?? []) }))
      .toSorted((a, b) => compareWeights(a.weight, b.weight) || (a.key < b.key ? -1 : 1))[0]?.key
  }

  #weigh(key: string, needs: readonly Need[]): number[] {
    return [
      (this.#counts.get(nameIn(key)) ?? 0) >= often ? 0 : 1,
      needs.some(({ exact }) => exact !== undefined) ? 0 : 1,
      needs.some(isPinned) ? 0 : 1,
      needs.some(isBounded) ? 0 : 1,
      Math.min(...needs.map(({ order }) => order)),
      needs.some(({ specifier }) => specifier !== '') ? 0 : 1,
    ]
  }
}

const compareWeights = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((weight, place) => weight !== b[place])
  return (
    at < 0 ? 0
    : (a[at] as number) < (b[at] as number) ? -1
    : 1
  )
}
