import type { Name } from '../spec/project-name.ts'
import type { Catalog } from './catalog.ts'
import type { Dependencies } from './dependencies.ts'
import type { Edition } from './editions.ts'
import { keyOf, type Need } from './need.ts'
import type { Candidate, Shelf } from './shelf.ts'

/** So many candidates are looked at before anybody has decided for them; a larger closure is left to the resolver. */
const mostGuesses = 2000

/**
 * Runs ahead of the resolver: asks at once for the pages and the metadata of everything that a first
 * guess at the closure needs, breadth first, so that the resolver finds its answers in memory
 * instead of waiting a round trip for each. What it guesses wrongly costs a request, nothing else.
 */
export class Scout {
  readonly #catalog: Catalog
  readonly #shelf: Shelf
  readonly #dependencies: Dependencies
  readonly #constraints: ReadonlyMap<Name, readonly Need[]>
  readonly #needs = new Map<Name, Need[]>()
  readonly #seen = new Map<Edition, Set<string>>()
  #guesses = 0

  constructor(parts: {
    catalog: Catalog
    shelf: Shelf
    dependencies: Dependencies
    constraints: ReadonlyMap<Name, readonly Need[]>
  }) {
    this.#catalog = parts.catalog
    this.#shelf = parts.shelf
    this.#dependencies = parts.dependencies
    this.#constraints = parts.constraints
  }

  /** Goes and sees what these needs lead to. Nobody waits for it, and it never fails. */
  explore(needs: readonly Need[]): void {
    for (const need of needs) void this.#visit(need).catch(() => {})
  }

  /** Asks for what the resolver may want to know next of a project whose candidates fail one by one. */
  ahead(candidates: readonly Candidate[]): void {
    for (const candidate of candidates) void this.#dependencies.of(candidate, []).catch(() => {})
  }

  async #visit(need: Need): Promise<void> {
    const known = this.#needs.get(need.name) ?? [...(this.#constraints.get(need.name) ?? [])]
    this.#needs.set(need.name, known)
    if (need.exact === undefined) known.push(need)
    const editions = await this.#catalog.editions(need.name)
    if (editions === undefined) return
    // By all that is known meanwhile; where that excludes each other the resolver will see.
    const [candidate] = this.#shelf.candidates(editions, known)
    if (candidate === undefined || !this.#isNew(candidate.edition, keyOf(need))) return
    this.explore(await this.#dependencies.of(candidate, need.extras))
  }

  #isNew(edition: Edition, key: string): boolean {
    const keys = this.#seen.get(edition) ?? new Set()
    this.#seen.set(edition, keys)
    if (keys.has(key) || ++this.#guesses > mostGuesses) return false
    keys.add(key)
    return true
  }
}
