import type { Name } from '../spec/project-name.ts'
import { parseSpecifiers, type Specifiers } from '../spec/specifier.ts'
import type { Edition } from './editions.ts'
import type { Candidate } from './shelf.ts'
import type { Wish } from './wish.ts'

/** One thing that somebody requires of one project. */
export interface Need {
  readonly name: Name
  /** In normal form. */
  readonly extras: readonly string[]
  readonly specifier: string
  readonly specifiers: Specifiers
  /** A file must have one of them (`sha256:<hex>`); empty: any file. */
  readonly hashes: readonly string[]
  /** Whose dependency it is; undefined for a line of the input and for constraints. */
  readonly parent: Candidate | undefined
  /** The line that it is, if it is one. */
  readonly wish: Wish | undefined
  /** The one version that is meant, where a set of extras requires its own project. */
  readonly exact?: { readonly edition: Edition; readonly key: string }
  /** Where in the input, to decide in the user's order; Infinity for dependencies. */
  readonly order: number
}

/** A line of the input as a need; `order` is its place among them. */
export const needOf = (wish: Wish, order: number): Need => ({
  name: wish.name,
  extras: wish.extras.toSorted(),
  specifier: wish.specifier,
  // Readers of wishes give specifiers that can be read.
  specifiers: parseSpecifiers(wish.specifier) ?? [],
  hashes: wish.hashes,
  parent: undefined,
  wish,
  order,
})

/** What is to be decided: a project, or one of its sets of extras, which depends on the project. */
export const keyOf = ({ name, extras }: Pick<Need, 'name' | 'extras'>): string =>
  extras.length === 0 ? name : `${name}[${extras.join(',')}]`

/** True when it names one version, so that a yanked one is meant as well (PEP 592). */
export const isPinned = ({ specifiers }: Need): boolean =>
  specifiers.some(({ operator, prefix }) => operator === '===' || (operator === '==' && !prefix))

/** True when versions above some number are excluded. */
export const isBounded = ({ specifiers }: Need): boolean =>
  specifiers.some(
    ({ operator, prefix }) => operator === '<' || operator === '<=' || operator === '~=' || prefix,
  )

/** `leaf-lib 1.5`. */
export const titleOf = ({ name, edition }: Candidate): string => `${name} ${edition.version.text}`

/** What is required, and by whom: `leaf-lib<2 (branch-app 1.0)`. */
export const describeNeed = (need: Need): string => {
  const by = need.parent === undefined ? (need.wish?.place ?? 'the input') : titleOf(need.parent)
  return `${keyOf(need)}${need.specifier} (${by})`
}
