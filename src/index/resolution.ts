import type { StageConfig } from '../spec/index-config.ts'
import type { IndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'
import type { Index } from './index.ts'
import { verdictOf, type Verdict } from './whitelist.ts'

/** An index that is looked through, perhaps for another one. */
export interface Member {
  readonly name: IndexName
  readonly own: Index
  readonly isMirror: boolean
  /** `mirror_whitelist`; nothing for mirrors. */
  readonly whitelist: readonly string[]
  /** True when no mirror may be asked for a name, since this index has or had it; false for mirrors. */
  readonly claims: (name: Name) => Promise<boolean>
  /**
   * True when nothing but asking its upstream for that very name could tell whether it has a project:
   * a mirror without a list that holds nothing of it; false for stages.
   */
  readonly guesses: (name: Name) => Promise<boolean>
}

/** Where a project is looked for, and why not elsewhere. */
export interface Resolution<M extends Member = Member> {
  /** In order. */
  readonly looked: readonly M[]
  /** Mirrors that are not asked. */
  readonly leftOut: readonly M[]
  /** For people: which mirrors are left out, why, and the remedy; undefined when none is. */
  readonly note: string | undefined
}

/** The index that was asked. */
interface Asked {
  readonly name: IndexName
  readonly mode: StageConfig['mirror_whitelist_inheritance']
}

/**
 * Where a project is looked for; nobody upstream is asked for that.
 * @param members the index that was asked and its bases in order, mirrors last
 * @param blaming gives what fails of a member to its name
 */
export const resolutionOf = async <M extends Member>(
  asked: Asked,
  project: Name,
  members: readonly M[],
  blaming: (member: M, work: Promise<boolean>) => Promise<boolean>,
): Promise<Resolution<M>> => {
  const mirrors = members.filter(({ isMirror }) => isMirror)
  const stages = members.filter(({ isMirror }) => !isMirror)
  const all = { looked: members, leftOut: [], note: undefined }
  const verdict = (claims: readonly boolean[]) =>
    verdictOf(
      asked.mode,
      project,
      stages.map(({ name, whitelist }, at) => ({
        name,
        whitelist,
        hasProject: claims[at] === true,
      })),
    )
  // Where mirrors are let in anyway, nobody needs to know which stages have the project.
  const worst = verdict(stages.map(() => true))
  if (worst.hider === undefined) return all
  const leftOut = worst.isWhitelisted ? await guessing(mirrors, project) : mirrors
  if (leftOut.length === 0) return all
  const claiming = stages.map(stage => blaming(stage, stage.claims(project)))
  const found = verdict(await Promise.all(claiming))
  if (found.hider === undefined) return all
  const looked = members.filter(member => !leftOut.includes(member))
  return { looked, leftOut, note: noteOn(asked, project, leftOut, found) }
}

const guessing = async <M extends Member>(mirrors: readonly M[], project: Name): Promise<M[]> => {
  const each = await Promise.all(mirrors.map(mirror => mirror.guesses(project)))
  return mirrors.filter((_, at) => each[at] === true)
}

const noteOn = (
  asked: Asked,
  project: Name,
  leftOut: readonly Member[],
  { hider, isWhitelisted }: Verdict,
): string => {
  const names = leftOut.map(mirror => mirror.name).join(', ')
  const why = `${project} is a private project of ${hider}`
  const remedy = `mirror_whitelist+=${project} on ${asked.name}`
  return isWhitelisted ?
      `${names} left out, having no list of projects: ${why}; ${remedy} with mirror_whitelist_inheritance=union shows the public files too`
    : `${names} left out: ${why}; ${remedy} shows the public files too`
}
