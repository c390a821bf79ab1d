import { resolve } from 'node:path'
import { lockSoon } from '../disk/lock.ts'
import type { Indexes } from '../index/open.ts'
import { UsageError } from '../options.ts'
import type { Tally } from '../transfer/devpi/tally.ts'
import { complain, print, type Command, type Invocation } from './command.ts'
import { withIndexes } from './open-cache.ts'
import { recordChange } from './operator.ts'

const report = ({ words, present, notes, problems }: Tally): void => {
  for (const text of [...notes, ...problems]) complain(text)
  print(`imported ${words ?? 'nothing'}; ${present} more were here already`)
}

const execute = async (invocation: Invocation): Promise<number> => {
  const [given, more] = invocation.operands
  if (given === undefined || more !== undefined)
    throw new UsageError('import-devpi needs one DIR, which devpi-export has written')
  const directory = resolve(invocation.cwd, given)
  const { DevpiImport, openDump } = await import('../transfer/devpi/import-devpi.ts')
  const dump = await openDump(directory)
  const take = async (indexes: Indexes): Promise<number> => {
    const { layout } = indexes
    const release = await lockSoon(layout.lock('import'))
    if (release === undefined) throw new Error('something is being imported already')
    try {
      const tally = await new DevpiImport(indexes, directory).run(dump)
      report(tally)
      if (tally.words !== undefined)
        await recordChange(layout.root, invocation.command, {
          event: 'import',
          change: `from devpi: ${tally.words}`,
        })
      return tally.problems.length > 0 ? 1 : 0
    } finally {
      await release()
    }
  }
  return withIndexes(invocation, take, true)
}

/** Takes over what devpi-server has exported. */
export const importDevpi: Command = {
  name: 'import-devpi',
  group: 'Cache',
  operands: 'DIR',
  summary: 'what devpi-export wrote',
  details:
    'Takes over an export of devpi-server (dataindex.json): users with their passwords, indexes ' +
    'with their settings, releases, files, documentation, test results and their history. ' +
    'Everything is compared with the digests in the export. What is here already stays as it is, ' +
    'so the command can be given again after it was broken off, and servers may go on running. ' +
    'Exits with 1 when something was left out, which is told, and when a file of the export is ' +
    'missing or damaged.',
  examples: [
    ['devpi-export --serverdir ~/.devpi/server /tmp/dump', 'on the old server, which must not run'],
    ['proxypypi -d /srv/pypi import-devpi /tmp/dump', 'into a new directory, or an old one'],
    ['proxypypi -d /srv/pypi index list', 'what came of it'],
  ],
  execute,
}
