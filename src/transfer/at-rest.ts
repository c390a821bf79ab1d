import { relative, sep } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Layout } from '../disk/layout.ts'
import { stampOf, statsOf } from '../disk/stamp.ts'
import { openPushes } from '../index/push-record.ts'
import { Pushes } from '../index/pushes.ts'
import type { Log } from '../log.ts'
import { indexName } from '../spec/index-name.ts'
import { projectName, type Name } from '../spec/project-name.ts'

/** How often somebody looks whether pushes are through, and milliseconds between two looks. */
const looks = 400
const interval = 50

// Whose directory that is, if anything can be pushed into it.
const projectAt = (layout: Layout, path: string): { layout: Layout; name: Name } | undefined => {
  const [user, index, project, ...more] = relative(layout.root, path).split(sep)
  const of = user?.startsWith('@') === true ? indexName(user.slice(1), index ?? '') : undefined
  const name = projectName(project ?? '')
  return of === undefined || name === undefined || more.length > 0 ?
      undefined
    : { layout: layout.of(of), name }
}

/**
 * What `list` says of a directory at a moment at which no push to it is under way, so that of each
 * push all files are there or none. What dead processes left of pushes is tidied up.
 * @throws {Error} when pushes do not come to an end
 */
export const listedAtRest = async <T>(
  top: Layout,
  path: string,
  list: () => Promise<T>,
  log: Log,
): Promise<T> => {
  const found = projectAt(top, path)
  if (found === undefined) return list()
  const { layout, name } = found
  const stamp = (): string => stampOf(statsOf(layout.push(name)))
  for (let look = 0; look < looks; look += 1) {
    const before = stamp()
    if (before === '-') {
      const listed = await list()
      if (stamp() === before) return listed
      continue
    }
    await new Pushes(layout, log).of(name)
    const settled = stamp()
    const isOpen = (await openPushes(layout, name)).length > 0
    const listed = await list()
    if (!isOpen && stamp() === settled) return listed
    await pause(interval)
  }
  throw new Error(`pushes of ${name} to ${layout.index} do not come to an end; try again later`)
}
