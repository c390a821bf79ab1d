import type { Index } from '../index/index.ts'
import type { Target } from '../spec/environment.ts'
import { Closures, concrete } from './closures.ts'
import { Locked } from './locked.ts'
import { Machine } from './machine.ts'
import type { Report } from './report.ts'
import { Session, type PrefetchOptions } from './session.ts'
import type { Wishes } from './wish.ts'

export type { PrefetchOptions } from './session.ts'
export type { CachedFile, LineReport, Progress, Report } from './report.ts'

/**
 * Fills the cache with everything that an installation of these wishes on the targets needs. Of a
 * lock it fetches the files it lists, as far as they fit; other input is resolved as pip does, from
 * core metadata alone, and its closure fetched. Sdists bring along what they are built with.
 *
 * A target with the platform `any` gets all wheels and sdists of each version, one with the Python
 * `any` the wheels for all Pythons; they are resolved for `host` in these respects.
 *
 * What cannot be had is told by the report. Throws only when aborted, or when something is wrong
 * with us or the disk.
 */
export const prefetch = async (
  index: Index,
  wishes: Wishes,
  targets: readonly Target[],
  options: PrefetchOptions,
): Promise<Report> => {
  const session = new Session(index, options)
  const closures = new Closures(session)
  for (const target of targets) {
    const refusal = wishes.refuses?.(new Machine(target).environment)
    if (refusal !== undefined) session.tally.fail([], refusal)
    else if (wishes.closed) new Locked(session, closures, wishes, target).fetch()
    else session.begin(() => fetchOpen(session, closures, wishes, target))
  }
  return session.report(wishes)
}

const fetchOpen = async (
  session: Session,
  closures: Closures,
  wishes: Wishes,
  target: Target,
): Promise<void> => {
  const { environment } = new Machine(concrete(target, session.host))
  const applies = wishes.wishes.filter(({ appliesTo }) => appliesTo(environment))
  for (const wish of applies) session.tally.needed(wish)
  const constraints = wishes.constraints.filter(({ appliesTo }) => appliesTo(environment))
  await closures.fetch({ wishes: applies, constraints, rules: wishes, target })
}
