import type { Indexes } from '../index/open.ts'
import type { Name } from '../spec/project-name.ts'
import { UsageError } from '../options.ts'
import { print, type Command } from './command.ts'
import { projectsIn, withIndexes } from './open-cache.ts'

const words = {
  hit: 'up to date',
  miss: 'renewed',
  revalidated: 'unchanged',
  stale: 'upstream fails',
} as const

/** Looks at upstream for one project and says what came of it; false when it failed. */
const refreshOne = async ({ root }: Indexes, name: Name): Promise<boolean> => {
  try {
    const project = await root.project(name, { confirm: true })
    print(`${name}: ${project === undefined ? 'no such project' : words[project.source]}`)
    return project !== undefined && project.source !== 'stale'
  } catch (error) {
    print(`${name}: ${(error as Error).message}`)
    return false
  }
}

const refreshAll = async (indexes: Indexes, names: Iterable<Name>): Promise<number> => {
  let failed = 0
  for (const name of names) if (!(await refreshOne(indexes, name))) failed += 1
  return failed === 0 ? 0 : 1
}

/** Looks at upstream now, for some projects. */
export const refresh: Command = {
  name: 'refresh',
  group: 'Cache',
  operands: 'PROJECT...',
  summary: 'look at upstream now',
  details:
    'Confirms the pages of the named projects upstream, so that new releases are seen at once; a ' +
    'running server sees it too. Exits with 1 when one of them could not be confirmed.',
  examples: [
    ['proxypypi refresh requests', 'one project'],
    ['proxypypi refresh numpy pandas', 'two'],
    ['proxypypi -d /srv/pypi refresh six', 'in another directory'],
  ],
  execute: invocation => {
    const names = projectsIn(invocation.operands)
    if (names.length === 0)
      throw new UsageError('refresh needs a PROJECT; update looks at all of them')
    return withIndexes(invocation, indexes => refreshAll(indexes, names))
  },
}

/** Looks at upstream now, for every cached project. */
export const update: Command = {
  name: 'update',
  group: 'Cache',
  summary: 'refresh every project',
  details:
    'Confirms the page of every project that was ever asked for. Nothing that is held is removed. ' +
    'Exits with 1 when one of them could not be confirmed.',
  examples: [
    ['proxypypi update', 'all cached projects'],
    ['proxypypi -d /srv/pypi update', 'in another directory'],
    ['0 5 * * * proxypypi -d /srv/pypi update', 'every morning, as a line of a crontab'],
  ],
  execute: invocation =>
    withIndexes(invocation, async indexes => {
      const names = new Set<Name>()
      for (const mirror of indexes.mirrors)
        for await (const name of mirror.heldNames()) names.add(name)
      return refreshAll(indexes, [...names].toSorted())
    }),
}
