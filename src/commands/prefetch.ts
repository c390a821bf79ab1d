import type { Indexes } from '../index/open.ts'
import { UsageError } from '../options.ts'
import type { Command } from './command.ts'
import { withIndexes } from './open-cache.ts'

/** Fills the cache with everything that an installation needs. */
export const prefetch: Command = {
  name: 'prefetch',
  group: 'Cache',
  operands: 'FILE...',
  flags: ['python', 'platform', 'json'],
  summary: 'fetch what a lock needs',
  details:
    'Fetches into the cache what an installation of each FILE needs, so that it works with upstream ' +
    'switched off. FILE is a requirements.txt, the output of pip freeze, a pylock.toml, uv.lock, ' +
    'poetry.lock, pdm.lock or Pipfile.lock, or - for standard input; each is resolved by itself. ' +
    'Requirements are resolved with their dependencies as pip does, for each --python (usually that ' +
    'of python3) on each --platform (usually this one); what an sdist is built with comes along. Of ' +
    'a lock, and of requirements with hashes, the files it lists are fetched: those for this ' +
    'platform and all Pythons, unless others are named; --platform any takes all of them. A hash ' +
    'that differs is a failure. Exits with 1 when anything could not be had.',
  examples: [
    ['proxypypi prefetch requirements.txt', 'for the Python and the platform of this machine'],
    ['pip freeze | proxypypi prefetch -', 'what is installed here'],
    ['proxypypi prefetch uv.lock --python 3.12 --platform any', 'a lock, for other machines too'],
  ],
  execute: invocation => {
    if (invocation.operands.length === 0)
      throw new UsageError(
        'prefetch needs a FILE: requirements.txt, a lock, or - for standard input',
      )
    const fill = async (indexes: Indexes): Promise<number> => {
      const { fillCache } = await import('./fill-cache.ts')
      return fillCache(invocation, indexes)
    }
    return withIndexes(invocation, fill, true)
  },
}
