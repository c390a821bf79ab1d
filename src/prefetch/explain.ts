import type { Name } from '../spec/project-name.ts'
import type { Catalog } from './catalog.ts'
import type { Edition, Editions } from './editions.ts'
import { contradiction } from './hashes.ts'
import { describeNeed, type Need } from './need.ts'
import type { Shelf } from './shelf.ts'
import type { Wish } from './wish.ts'

/** Why a decision was impossible: what is required of one thing, where no candidate is left. */
export interface Cause {
  readonly key: string
  readonly needs: readonly Need[]
  /** Where it is not the needs that contradict each other. */
  readonly reason?: string
}

/** There is no set of versions that meets everything; one line for people. */
export class UnsatisfiableError extends Error {
  /** The lines that lead there; without them the others may well be satisfied. */
  readonly wishes: readonly Wish[]

  constructor(message: string, wishes: readonly Wish[], options?: ErrorOptions) {
    super(message, options)
    this.wishes = wishes
  }
}

/** Longest list of requirements in a message. */
const mostNamed = 6

/** Knows by which lines of the input each version came in, and puts failures into words. */
export class Explainer {
  readonly #catalog: Catalog
  readonly #shelf: Shelf
  readonly #constraints: ReadonlyMap<Name, readonly Need[]>
  readonly #signal: AbortSignal
  readonly #origins = new Map<Edition, Set<Wish>>()

  constructor(parts: {
    catalog: Catalog
    shelf: Shelf
    constraints: ReadonlyMap<Name, readonly Need[]>
    signal: AbortSignal
  }) {
    this.#catalog = parts.catalog
    this.#shelf = parts.shelf
    this.#constraints = parts.constraints
    this.#signal = parts.signal
  }

  /** Notes that a version is tried because of these needs. */
  derive(edition: Edition, needs: readonly Need[]): void {
    const origins = this.#origins.get(edition) ?? new Set()
    this.#origins.set(edition, origins)
    for (const wish of this.#wishesOf(needs)) origins.add(wish)
  }

  /** The failure of a search whose last resort was this. */
  async failure({ key, needs, reason }: Cause): Promise<UnsatisfiableError> {
    const name = key.split('[')[0] as Name
    const all = [...needs, ...(this.#constraints.get(name) ?? [])]
    const message = reason ?? (await this.#reason(name, all))
    return new UnsatisfiableError(message, this.#wishesOf(needs))
  }

  /** What could not be found out fails everything that depends on it. */
  trouble(error: unknown, needs: readonly Need[]): unknown {
    if (this.#signal.aborted) return error
    const [first] = needs
    const message = `${first?.name}: ${(error as Error).message}`
    return new UnsatisfiableError(message, this.#wishesOf(needs), { cause: error })
  }

  #wishesOf(needs: readonly Need[]): Wish[] {
    const wishes = new Set<Wish>()
    for (const { wish, parent } of needs) {
      if (wish !== undefined) wishes.add(wish)
      if (parent !== undefined)
        for (const origin of this.#origins.get(parent.edition) ?? []) wishes.add(origin)
    }
    return [...wishes]
  }

  async #reason(name: Name, needs: readonly Need[]): Promise<string> {
    const list = [...new Set(needs.map(describeNeed))]
    const named =
      list.length > mostNamed ?
        `${list.slice(0, mostNamed).join(', ')} and ${list.length - mostNamed} more`
      : list.join(', ')
    // A line of the input that stands alone is told by its place already.
    const behind = needs.length === 1 && needs[0]?.wish !== undefined ? '' : `: ${named}`
    const editions = await this.#catalog.editions(name)
    if (editions === undefined) return `there is no project ${name}${behind}`
    const [newest] = editions.all
    if (newest === undefined) return `${name} has no files to install${behind}`
    for (const need of needs)
      if (editions.within(need.specifier, need.specifiers).size === 0)
        return `no version of ${name} is within ${need.specifier}, the newest is ${newest.version.text}${behind}`
    const edition = editions.all.find(one =>
      needs.every(({ specifier, specifiers, exact }) =>
        exact === undefined ?
          editions.within(specifier, specifiers).has(one)
        : exact.edition === one,
      ),
    )
    return edition === undefined ?
        `the requirements exclude each other: ${named}`
      : `${this.#unfit(edition, editions, needs)}${behind}`
  }

  // Why no file of a version within all specifiers will do.
  #unfit({ name, version, files }: Edition, editions: Editions, needs: readonly Need[]): string {
    const title = `${name} ${version.text}`
    const { machine } = this.#shelf
    const pythons = new Set(
      files
        .filter(file => !machine.runs(file['requires-python']))
        .map(file => file['requires-python']),
    )
    if (pythons.size > 0 && files.every(file => !machine.runs(file['requires-python'])))
      return `${title} needs Python ${[...pythons].join(' or ')}, not ${machine.target.python}`
    for (const { hashes } of needs)
      for (const file of files) {
        const other = contradiction(hashes, file.hashes)
        if (other !== undefined) return `${file.filename} has another hash: its ${other}`
      }
    const fitting = this.#shelf.fitting(name, files)
    if (fitting.length === 0) return `${title} has no file for ${machine.title}`
    if (fitting.every(({ yanked }) => (yanked ?? false) !== false))
      return `${title} was withdrawn by its authors (yanked)`
    return `no version of ${editions.name} that fits can be combined with the others`
  }
}
