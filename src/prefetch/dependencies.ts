import { evaluate } from '../spec/evaluate.ts'
import { InputError } from '../spec/input-error.ts'
import { parseRequirement, type Requirement } from '../spec/requirement.ts'
import { parseSpecifiers } from '../spec/specifier.ts'
import type { Catalog } from './catalog.ts'
import type { Edition } from './editions.ts'
import type { Machine } from './machine.ts'
import { keyOf, titleOf, type Need } from './need.ts'
import type { Candidate } from './shelf.ts'
import { UnreadableError } from './told.ts'

/** What candidates require on one machine, worked out once for each of them and its extras. */
export class Dependencies {
  readonly #catalog: Catalog
  readonly #machine: Machine
  readonly #known = new Map<Edition, Map<string, Promise<Need[]>>>()

  constructor(catalog: Catalog, machine: Machine) {
    this.#catalog = catalog
    this.#machine = machine
  }

  /**
   * The needs of a candidate with some of its extras.
   * @throws {UnreadableError} for metadata that installers refuse as well, or another Python; others
   *   when upstream fails
   */
  of(candidate: Candidate, extras: readonly string[]): Promise<Need[]> {
    const byExtras = this.#known.get(candidate.edition) ?? new Map<string, Promise<Need[]>>()
    this.#known.set(candidate.edition, byExtras)
    const key = extras.join()
    const known = byExtras.get(key)
    if (known !== undefined) return known
    const asked = this.#read(candidate, extras)
    // Whoever waits for it meets the failure; a guess that nobody waits for may fail in silence.
    asked.catch(() => {})
    byExtras.set(key, asked)
    return asked
  }

  async #read(candidate: Candidate, extras: readonly string[]): Promise<Need[]> {
    const { requires, requiresPython } = await this.#catalog.told(candidate.name, candidate.file)
    if (!this.#machine.runs(requiresPython))
      throw new UnreadableError(`${titleOf(candidate)} needs Python ${requiresPython}`)
    const needs = extras.length === 0 ? [] : [itself(candidate, extras)]
    for (const text of requires) {
      const requirement = readable(candidate, text)
      if (!evaluate(requirement.marker, this.#machine.environment, extras)) continue
      if (requirement.url !== undefined)
        throw new UnreadableError(
          `${titleOf(candidate)} needs ${requirement.name} from ${requirement.url}, which is no index`,
        )
      needs.push(dependency(candidate, requirement))
    }
    return needs
  }
}

const dependency = (parent: Candidate, { name, extras, specifier }: Requirement): Need => ({
  name,
  extras: extras.toSorted(),
  specifier,
  specifiers: parseSpecifiers(specifier) ?? [],
  hashes: [],
  parent,
  wish: undefined,
  order: Infinity,
})

// A set of extras requires the project itself in the same version.
const itself = (parent: Candidate, extras: readonly string[]): Need => ({
  name: parent.name,
  extras: [],
  specifier: '',
  specifiers: [],
  hashes: [],
  parent,
  wish: undefined,
  exact: { edition: parent.edition, key: keyOf({ name: parent.name, extras }) },
  order: Infinity,
})

const readable = (candidate: Candidate, text: string): Requirement => {
  try {
    return parseRequirement(text)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new UnreadableError(`${titleOf(candidate)} has a broken dependency: ${error.message}`)
  }
}
