import { sha256Of } from '../disk/digest.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard } from '../disk/write.ts'
import type { Indexes } from '../server.ts'
import type { Name } from '../spec/project-name.ts'
import { print, type Command } from './command.ts'
import { isSet, projectsIn, withIndexes } from './open-cache.ts'

interface Tally {
  files: number
  wrong: number
}

const verifyProject = async (
  { folder, facts, digests }: Indexes,
  name: Name,
  fix: boolean,
  tally: Tally,
) => {
  const { mirrored, dropped } = await folder.of(name)
  for (const [filename, { path, fact }] of mirrored) {
    tally.files += 1
    const stats = linkStatsOf(path)
    if (stats === undefined) continue
    const found = await sha256Of(path, Number(stats.size))
    if (found === fact.sha256) {
      await digests.remember(name, filename, stats, found)
      continue
    }
    tally.wrong += 1
    print(
      `${name}/${filename}: wrong bytes, sha256 ${found}, expected ${fact.sha256}${fix ? '; removed' : ''}`,
    )
    if (!fix) continue
    await discard(path)
    await facts.remove(name, fact)
  }
  for (const [filename, { path, sha256 }] of dropped) {
    tally.files += 1
    const stats = linkStatsOf(path)
    if (stats === undefined) continue
    const found = await sha256Of(path, Number(stats.size))
    if (found === sha256) continue
    tally.wrong += 1
    print(
      `${name}/${filename}: its bytes have changed, sha256 ${found}, was ${sha256}; private, so never removed`,
    )
  }
}

/** Hashes every file again. */
export const verify: Command = {
  name: 'verify',
  group: 'Cache',
  operands: '[PROJECT...]',
  flags: ['fix'],
  summary: 'hash every file again',
  details:
    'Hashes the files again and compares with what was recorded when they were published. With ' +
    '--fix, wrong mirrored files are removed, so that they are fetched again when somebody asks; ' +
    'private files never are. Exits with 1 when anything is wrong.',
  examples: [
    ['proxypypi verify', 'everything'],
    ['proxypypi --fix verify', 'remove damaged mirrored files'],
    ['proxypypi verify requests', 'one project'],
  ],
  execute: invocation =>
    withIndexes(invocation, async indexes => {
      const asked = projectsIn(invocation.operands)
      const names = asked.length > 0 ? asked : [...(await indexes.folder.names())].toSorted()
      const tally: Tally = { files: 0, wrong: 0 }
      for (const name of names) await verifyProject(indexes, name, isSet(invocation, 'fix'), tally)
      print(
        `${tally.files} files, ${tally.wrong === 0 ? 'all as they were published' : `${tally.wrong} wrong`}`,
      )
      return tally.wrong === 0 ? 0 : 1
    }),
}
