import type { StageConfig } from '../spec/index-config.ts'
import type { IndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'

/** A stage on the way, as far as it decides whether mirrors are looked at. */
export interface StageOnTheWay {
  readonly name: IndexName
  /** `mirror_whitelist`: names in normal form, or `*`. */
  readonly whitelist: readonly string[]
  /** It has the project, be it only registered, or had it until its files were deleted. */
  readonly hasProject: boolean
}

const isListed = (list: ReadonlySet<string>, project: Name): boolean =>
  list.has('*') || list.has(project)

/** What stages say of looking for a project at mirrors. */
export interface Verdict {
  /** The first stage that has the project, and where it is not on the list; undefined when none does. */
  readonly hider: IndexName | undefined
  /** Mirrors are looked at all the same: on the way the project is on the list. */
  readonly isWhitelisted: boolean
}

/**
 * Who hides a project of mirrors. From the index that was asked on, each stage adds its whitelist, or
 * leaves of it what it lists too; the first one where the project is on the list lets mirrors in for
 * good (devpi-api 8).
 * @param mode of the index that was asked
 * @param stages in the order in which they are looked through
 */
export const verdictOf = (
  mode: StageConfig['mirror_whitelist_inheritance'],
  project: Name,
  stages: readonly StageOnTheWay[],
): Verdict => {
  let list: ReadonlySet<string> | undefined
  let hider: IndexName | undefined
  let isWhitelisted = false
  for (const { name, whitelist, hasProject } of stages) {
    const before: ReadonlySet<string> = list ?? new Set(whitelist)
    list =
      mode === 'union' ?
        new Set([...before, ...whitelist])
      : new Set(whitelist.filter(entry => before.has(entry)))
    if (isListed(list, project)) isWhitelisted = true
    else if (hasProject) hider ??= name
  }
  return { hider, isWhitelisted }
}
