import { bounded } from '../bounded.ts'
import type { Directory } from '../disk/list.ts'
import type { Name } from '../spec/project-name.ts'
import type { Facts } from './facts.ts'
import type { ProjectFacts } from './project-facts.ts'
import type { Pushes } from './pushes.ts'
import type { Sorted, Sorting } from './sorting.ts'

/** A project's files and facts as they were at one moment. */
export interface Moment {
  /** Changes when they do. */
  readonly stamp: string
  readonly facts: ProjectFacts
  readonly sorted: Sorted
  /** It was the same at an earlier look. */
  readonly isKnown: boolean
  /** It may be believed as long as its stamp stays. */
  readonly isLasting: boolean
}

/** How often a project is looked at again that changes meanwhile. */
const attempts = 20

/**
 * Looks at all that is of a project, so that what is seen was there at one moment: a push becomes
 * visible as a whole, and when one came, went or wrote something meanwhile, everything is read again.
 */
export class Moments {
  readonly #directory: Directory
  readonly #facts: Facts
  readonly #pushes: Pushes
  readonly #sorting: Sorting
  readonly #known = bounded<Name, { stamp: string; sorted: Sorted }>(2000)

  constructor(parts: { directory: Directory; facts: Facts; pushes: Pushes; sorting: Sorting }) {
    this.#directory = parts.directory
    this.#facts = parts.facts
    this.#pushes = parts.pushes
    this.#sorting = parts.sorting
  }

  /** The project now. */
  async of(name: Name): Promise<Moment> {
    for (let attempt = 1; ; attempt += 1) {
      // Where nothing was ever pushed, nothing can have been meanwhile.
      const before = this.#pushes.hasAny() ? await this.#facts.of(name) : undefined
      // Facts after files: what is known of a file was written before the file had its name.
      const listed = await this.#directory.of(name)
      const facts = await this.#facts.of(name)
      const stamp = `${listed.stamp}|${facts.stamp}`
      const known = this.#known.get(name)
      if (known?.stamp === stamp)
        return { stamp, facts, sorted: known.sorted, isKnown: true, isLasting: true }
      const underWay = await this.#pushes.of(name)
      const sorted = await this.#sorting.sort(name, listed.files, facts, underWay)
      const isOne = await this.#isOne(name, before?.stamp, facts.stamp, underWay.stamp)
      if (!isOne && attempt < attempts) continue
      const isLasting = underWay.stamp === ''
      const whole = isLasting ? stamp : `${stamp}|${underWay.stamp}`
      return { stamp: whole, facts, sorted, isKnown: false, isLasting }
    }
  }

  async #isOne(
    name: Name,
    before: string | undefined,
    facts: string,
    underWay: string,
  ): Promise<boolean> {
    if (before === undefined) return !this.#pushes.hasAny()
    if (before !== facts || (await this.#pushes.of(name)).stamp !== underWay) return false
    return (await this.#facts.of(name)).stamp === facts
  }

  /** Remembers what was seen, once whoever saw it has looked into it. */
  keep(name: Name, { stamp, sorted, isKnown, isLasting }: Moment): void {
    if (!isKnown && isLasting) this.#known.set(name, { stamp, sorted })
  }

  /** What is remembered of a project was wrong. */
  forget(name: Name): void {
    this.#known.delete(name)
  }
}
