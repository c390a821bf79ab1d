import { statsOf } from '../disk/stamp.ts'
import type { MirroredFact, UploadedFact } from '../index/fact.ts'
import type { Filename } from '../spec/filename.ts'
import type { IndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'
import { longBytes } from './banner.ts'
import { complain, print, type Command } from './command.ts'
import { isSet, projectsIn, withIndexes } from './open-cache.ts'
import { namesOn, placeOf, shelvesOf, type Shelf } from './shelves.ts'

interface Held {
  readonly index: IndexName
  readonly project: Name
  readonly file: Filename
  readonly size: number
  /** `dropped`, by whom it was uploaded, or the upstream that it came from. */
  readonly origin: string
  /** ISO time; unknown for dropped files. */
  readonly lastUsed: string | undefined
}

const originOf = (fact: MirroredFact | UploadedFact): string =>
  fact.kind === 'mirrored' ? fact.upstream : `uploaded by ${fact.by ?? 'somebody on this machine'}`

const filesOf = async ({ index, folder, facts }: Shelf, project: Name): Promise<Held[]> => {
  const { mirrored, uploaded, dropped } = await folder.of(project)
  const held: Held[] = []
  for (const [file, { file: listed }] of dropped) {
    const { size = 0 } = listed
    held.push({ index, project, file, size, origin: 'dropped', lastUsed: undefined })
  }
  for (const [file, { fact }] of [...mirrored, ...uploaded]) {
    const lastUsed = statsOf(facts.pathOf(project, fact))?.mtime.toISOString()
    held.push({ index, project, file, size: fact.size, origin: originOf(fact), lastUsed })
  }
  return held.toSorted((a, b) => (a.file < b.file ? -1 : 1))
}

const line = (place: string, { file, size, origin, lastUsed }: Held): string =>
  `${place.padEnd(24)} ${file.padEnd(48)} ${longBytes(size).padStart(9)}  ${origin.padEnd(8)} ${lastUsed?.slice(0, 16).replace('T', ' ') ?? '-'}`

/** Lists what is in the directory. */
export const ls: Command = {
  name: 'ls',
  group: 'Cache',
  operands: '[PROJECT...]',
  flags: ['json'],
  summary: 'what is in the directory',
  details:
    'Lists each file of every index with its project, size, origin (dropped, uploaded by whom, or the upstream it ' +
    'came from) and when it was last used, to the hour. Exits with 1 when none of the named projects has a file.',
  examples: [
    ['proxypypi ls', 'everything'],
    ['proxypypi ls requests', 'the files of one project'],
    ['proxypypi --json ls', 'one JSON object for each file and line'],
  ],
  execute: invocation =>
    withIndexes(invocation, async indexes => {
      const asked = projectsIn(invocation.operands)
      const isJson = isSet(invocation, 'json')
      let count = 0
      for await (const shelf of shelvesOf(indexes))
        for (const name of await namesOn(shelf, asked))
          for (const held of await filesOf(shelf, name)) {
            print(isJson ? JSON.stringify(held) : line(placeOf(shelf, name), held))
            count += 1
          }
      if (count > 0 || asked.length === 0) return 0
      complain(`there is no file of ${asked.join(', ')} here`)
      return 1
    }),
}
