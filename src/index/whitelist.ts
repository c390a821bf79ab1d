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

/**
 * The stage whose project hides that of all mirrors; undefined when they are looked at. From the index
 * that was asked on, each stage adds its whitelist, or leaves of it what it lists too; the first one
 * where the project is on the list lets mirrors in for good (devpi-api 8).
 * @param mode of the index that was asked
 * @param stages in the order in which they are looked through
 */
export const hiderOf = (
  mode: StageConfig['mirror_whitelist_inheritance'],
  project: Name,
  stages: readonly StageOnTheWay[],
): IndexName | undefined => {
  let list: ReadonlySet<string> | undefined
  let hider: IndexName | undefined
  for (const { name, whitelist, hasProject } of stages) {
    const before: ReadonlySet<string> = list ?? new Set(whitelist)
    list =
      mode === 'union' ?
        new Set([...before, ...whitelist])
      : new Set(whitelist.filter(entry => before.has(entry)))
    if (isListed(list, project)) return undefined
    if (hasProject) hider ??= name
  }
  return hider
}
