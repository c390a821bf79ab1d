import type { Counters } from '../counters.ts'
import type { Copies } from '../index/copies.ts'
import type { Indexes } from '../index/open.ts'
import type { Opened } from '../index/registry.ts'
import { UsageError } from '../options.ts'
import { rootIndex } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'
import { print, type Command } from './command.ts'
import { projectsIn, withIndexes } from './open-cache.ts'
import { placeOf } from './shelves.ts'

const words = {
  hit: 'up to date',
  miss: 'renewed',
  revalidated: 'unchanged',
  stale: 'upstream fails',
} as const

interface MirrorIndex {
  readonly index: Opened
  readonly copies: Copies
}

/** The indexes with an upstream: the root index first, then the others by name. */
async function* mirrorsOf({ configs, registry }: Indexes): AsyncGenerator<MirrorIndex, void> {
  for (const name of new Set([rootIndex, ...(await configs.all()).keys()])) {
    const index = await registry.open(name)
    if (index?.copies !== undefined) yield { index, copies: index.copies }
  }
}

/** Why the upstreams of an index fail. */
const reasonsOf = async ({ copies }: MirrorIndex, counters: Counters): Promise<string> => {
  const names = await copies.upstreams()
  const { upstreams } = counters.snapshot()
  const failing = upstreams.filter(({ ok, name }) => !ok && names.includes(name))
  return failing.map(({ lastError }) => `: ${lastError}`).join('')
}

/** Looks at the upstream of an index for one project and says what came of it; false when it failed. */
const refreshOne = async (
  mirror: MirrorIndex,
  name: Name,
  counters: Counters,
): Promise<boolean> => {
  const { index } = mirror
  const place = placeOf({ index: index.name }, name)
  try {
    const project = await index.own.project(name, { confirm: true })
    const word = project === undefined ? 'no such project' : words[project.source]
    print(
      `${place}: ${word}${project?.source === 'stale' ? await reasonsOf(mirror, counters) : ''}`,
    )
    return project !== undefined && project.source !== 'stale'
  } catch (error) {
    print(`${place}: ${(error as Error).message}`)
    return false
  }
}

/** The same for some projects, of each index for those that it gives; an exit code. */
const refreshAll = async (
  indexes: Indexes,
  counters: Counters,
  namesOf: (mirror: MirrorIndex) => Promise<readonly Name[]>,
): Promise<number> => {
  let failed = 0
  for await (const mirror of mirrorsOf(indexes))
    for (const name of await namesOf(mirror))
      if (!(await refreshOne(mirror, name, counters))) failed += 1
  return failed === 0 ? 0 : 1
}

/** All of these for the root index, for the others those of which they hold something. */
const concerned = async (
  { index, copies }: MirrorIndex,
  names: readonly Name[],
): Promise<readonly Name[]> => {
  if (index.name === rootIndex) return names
  const held = await Promise.all(names.map(name => copies.has(name)))
  return names.filter((_name, at) => held[at])
}

/** Looks at upstream now, for some projects. */
export const refresh: Command = {
  name: 'refresh',
  group: 'Cache',
  operands: 'PROJECT...',
  summary: 'look at upstream now',
  details:
    'Confirms the pages of the named projects upstream, so that new releases are seen at once; a ' +
    'running server sees it too. Other mirror indexes confirm those that they hold. Exits with 1 ' +
    'when one of them could not be confirmed.',
  examples: [
    ['proxypypi refresh requests', 'one project'],
    ['proxypypi refresh numpy pandas', 'two'],
    ['proxypypi -d /srv/pypi refresh six', 'in another directory'],
  ],
  execute: invocation => {
    const names = projectsIn(invocation.operands)
    if (names.length === 0)
      throw new UsageError('refresh needs a PROJECT; update looks at all of them')
    return withIndexes(invocation, (indexes, counters) =>
      refreshAll(indexes, counters, mirror => concerned(mirror, names)),
    )
  },
}

/** Looks at upstream now, for every cached project. */
export const update: Command = {
  name: 'update',
  group: 'Cache',
  summary: 'refresh every project',
  details:
    'Confirms the page of every project that was ever asked for, in every index with an upstream. ' +
    'Nothing that is held is removed. Exits with 1 when one of them could not be confirmed.',
  examples: [
    ['proxypypi update', 'all cached projects'],
    ['proxypypi -d /srv/pypi update', 'in another directory'],
    ['0 5 * * * proxypypi -d /srv/pypi update', 'every morning, as a line of a crontab'],
  ],
  execute: invocation =>
    withIndexes(invocation, (indexes, counters) =>
      refreshAll(indexes, counters, ({ copies }) => copies.pages()),
    ),
}
