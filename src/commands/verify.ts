import type { BigIntStats } from 'node:fs'
import { sha256Of } from '../disk/digest.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard } from '../disk/write.ts'
import type { UploadedFact } from '../index/fact.ts'
import type { Local } from '../index/local.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { print, type Command } from './command.ts'
import { isSet, projectsIn, withIndexes } from './open-cache.ts'
import { namesOn, placeOf, shelvesOf, type Shelf } from './shelves.ts'

interface Tally {
  files: number
  wrong: number
}

/** The digest of a file by its bytes, and the state in which it has it; undefined when it is gone. */
const hashed = async (path: string): Promise<{ found: string; stats: BigIntStats } | undefined> => {
  const stats = linkStatsOf(path)
  if (stats === undefined) return undefined
  return { found: await sha256Of(path, Number(stats.size)), stats }
}

const verifyMirrored = async (
  shelf: Shelf,
  name: Name,
  { mirrored }: Local,
  fix: boolean,
  tally: Tally,
) => {
  const { facts, digests } = shelf
  for (const [filename, { path, fact }] of mirrored) {
    tally.files += 1
    const { found, stats } = (await hashed(path)) ?? {}
    if (found === undefined || stats === undefined) continue
    if (found === fact.sha256) {
      await digests.remember(name, filename, stats, found)
      continue
    }
    tally.wrong += 1
    print(
      `${placeOf(shelf, name)}/${filename}: wrong bytes, sha256 ${found}, expected ${fact.sha256}${fix ? '; removed' : ''}`,
    )
    if (!fix) continue
    await discard(path)
    await facts.remove(name, fact)
  }
}

// What is ours alone is never removed.
const verifyOwn = async (shelf: Shelf, name: Name, local: Local, tally: Tally) => {
  const known = (await shelf.facts.of(name)).uploaded
  const complain = (filename: Filename, what: string) => {
    tally.wrong += 1
    print(`${placeOf(shelf, name)}/${filename}: ${what}`)
  }
  for (const [filename, { path, fact }] of local.uploaded) {
    tally.files += 1
    const { found = fact.sha256 } = (await hashed(path)) ?? {}
    if (found !== fact.sha256) complain(filename, notUploaded(found, [fact]))
  }
  for (const [filename, { path, sha256 }] of local.dropped) {
    tally.files += 1
    const { found = sha256 } = (await hashed(path)) ?? {}
    const expected = known.get(filename)
    if (found !== sha256)
      complain(
        filename,
        `its bytes have changed, sha256 ${found}, was ${sha256}; private, so never removed`,
      )
    else if (expected !== undefined) complain(filename, notUploaded(found, expected))
  }
  for (const [filename, facts] of known) {
    const isHere = [local.uploaded, local.dropped, local.deleted].some(map => map.has(filename))
    if (!isHere && facts.every(isSettledFact)) complain(filename, missing(facts))
  }
}

const notUploaded = (found: string, facts: readonly UploadedFact[]): string =>
  `not what was uploaded, sha256 ${found}, expected ${facts.map(({ sha256 }) => sha256).join(' or ')}; private, so never removed`

// Younger ones may be those of uploads under way.
const isSettledFact = ({ at }: UploadedFact): boolean => Date.now() - Date.parse(at) > 60_000

const missing = (facts: readonly UploadedFact[]): string =>
  `was uploaded but is not here, sha256 ${facts.map(({ sha256 }) => sha256).join(' or ')}: put it back, from a backup or by uploading it again`

/** Hashes every file again. */
export const verify: Command = {
  name: 'verify',
  group: 'Cache',
  operands: '[PROJECT...]',
  flags: ['fix'],
  summary: 'hash every file again',
  details:
    'Hashes the files of every index again and compares with what was recorded when they were published. With ' +
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
      const tally: Tally = { files: 0, wrong: 0 }
      for await (const shelf of shelvesOf(indexes))
        for (const name of await namesOn(shelf, asked)) {
          const local = await shelf.folder.of(name)
          await verifyMirrored(shelf, name, local, isSet(invocation, 'fix'), tally)
          await verifyOwn(shelf, name, local, tally)
        }
      print(
        `${tally.files} files, ${tally.wrong === 0 ? 'all as they were published' : `${tally.wrong} wrong`}`,
      )
      return tally.wrong === 0 ? 0 : 1
    }),
}
