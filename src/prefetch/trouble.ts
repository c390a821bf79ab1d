import type { Name } from '../spec/project-name.ts'
import { nameIn, needsOf, reasonsFor, type Criteria } from './criteria.ts'
import type { Need } from './need.ts'

/** Nothing is left of what is required of something. */
export interface Trouble {
  readonly key: string
  readonly needs: readonly Need[]
  /** The projects on whose requirements that rests. */
  readonly names: ReadonlySet<Name>
  /** Where it is not the needs that contradict each other. */
  readonly reason?: string
  readonly criteria: Criteria
}

/** The trouble with a key for which there is no candidate. */
export const troubleWith = (key: string, criteria: Criteria): Trouble => ({
  key,
  needs: needsOf(key, criteria),
  names: reasonsFor(key, criteria),
  criteria,
})

/** The same for people, to whom a project and a set of its extras are one thing: what is required of the one counts. */
export const asTold = ({ needs, criteria, ...others }: Trouble): Omit<Trouble, 'criteria'> => ({
  ...others,
  needs: needs.flatMap(need =>
    need.exact === undefined ? [need] : (criteria.get(need.exact.key)?.needs ?? []),
  ),
})

/** Remembers the troubles of a search, to tell at its end the one that says most. */
export class Troubles {
  readonly #first = new Map<Name, Trouble>()

  note(trouble: Trouble): Trouble {
    const name = nameIn(trouble.key)
    if (!this.#first.has(name)) this.#first.set(name, trouble)
    return trouble
  }

  /** Of several last troubles, the first one there was with the same project: it is about the newest versions. */
  best(last: readonly Trouble[]): Trouble | undefined {
    const known = last.map(({ key }) => this.#first.get(nameIn(key)))
    return known.find(trouble => trouble !== undefined) ?? last.at(-1)
  }
}
