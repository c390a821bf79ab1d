import type { Name } from '../spec/project-name.ts'
import type { Catalog } from './catalog.ts'
import { needsOf, type Criteria, type Criterion, type Pin } from './criteria.ts'
import type { Editions } from './editions.ts'
import type { Explainer } from './explain.ts'
import type { Need } from './need.ts'
import type { Candidate, Shelf } from './shelf.ts'

/** Tells what there is to choose from. */
export class Choices {
  readonly #catalog: Catalog
  readonly #shelf: Shelf
  readonly #constraints: ReadonlyMap<Name, readonly Need[]>
  readonly #explainer: Explainer
  readonly #known = new WeakMap<Criterion, Candidate[]>()

  constructor(parts: {
    catalog: Catalog
    shelf: Shelf
    constraints: ReadonlyMap<Name, readonly Need[]>
    explainer: Explainer
  }) {
    this.#catalog = parts.catalog
    this.#shelf = parts.shelf
    this.#constraints = parts.constraints
    this.#explainer = parts.explainer
  }

  /** The candidates for a key, the best first. Throws when nobody can say which there are. */
  async of(key: string, criteria: Criteria): Promise<readonly Candidate[]> {
    const criterion = criteria.get(key)
    const [first] = criterion?.needs ?? []
    if (criterion === undefined || first === undefined) return []
    // What there is for a set of extras depends on another criterion too.
    const isPlain = first.extras.length === 0
    const known = isPlain ? this.#known.get(criterion) : undefined
    if (known !== undefined) return known
    const editions = await this.#catalog.editions(first.name).catch((error: unknown) => {
      throw this.#explainer.trouble(error, criterion.needs)
    })
    const found =
      editions === undefined ?
        []
      : this.#possible(editions, [
          ...needsOf(key, criteria),
          ...(this.#constraints.get(first.name) ?? []),
        ]).filter(({ edition }) => !criterion.excluded.has(edition))
    this.#known.set(criterion, found)
    return found
  }

  /** The first key of which something is required that is not there. */
  async dead(criteria: Criteria): Promise<string | undefined> {
    for (const [key, { needs }] of criteria)
      if (needs.length > 0 && (await this.of(key, criteria)).length === 0) return key
    return undefined
  }

  /** True when a decision meets everything that is required. */
  async holds(pin: Pin | undefined, { needs }: Criterion): Promise<boolean> {
    if (pin === undefined) return false
    const editions = await this.#catalog.editions(pin.candidate.name)
    return editions !== undefined && meets(pin.candidate, editions, needs)
  }

  // Which version a set of extras has is decided: how it came to that does not matter any more.
  #possible(editions: Editions, needs: readonly Need[]): Candidate[] {
    const exact = needs.find(need => need.exact !== undefined)?.parent
    return exact === undefined ?
        this.#shelf.candidates(editions, needs)
      : [exact].filter(candidate => meets(candidate, editions, needs))
  }
}

const meets = ({ edition }: Candidate, editions: Editions, needs: readonly Need[]): boolean =>
  needs.every(({ exact, specifier, specifiers }) =>
    exact === undefined ?
      editions.within(specifier, specifiers).has(edition)
    : exact.edition === edition,
  )
