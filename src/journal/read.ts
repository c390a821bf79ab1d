import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { hasCode, orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import type { Name } from '../spec/project-name.ts'
import { isSameVersion } from '../spec/same-version.ts'
import { daysIn } from './days.ts'
import { markOf, readEntry, type Recorded } from './entry.ts'

/** Which entries are wanted; all without. */
export interface Filter {
  readonly project?: Name
  /** In any spelling. */
  readonly version?: string | undefined
}

const lineFeed = 10

/** Longer than any line of ours, in bytes. */
const longest = 64 * 1024

/** Processes write up to an instant after the event, and so many lines may lie between. */
const disorder = 1000

/** The file in blocks that end with a line; what follows the last line feed is torn, or not written yet. */
const blocks = async function* (path: string): AsyncGenerator<Buffer, void> {
  let rest: Buffer = Buffer.alloc(0)
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 256 * 1024 })
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(lineFeed) + 1
    if (end > 0) yield Buffer.concat([rest, chunk.subarray(0, end)])
    rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk])
    if (rest.length > longest) rest = Buffer.alloc(0)
  }
}

/** The lines of a block in which a text stands: most are passed over without being looked at. */
const linesWith = function* (block: Buffer, mark: Buffer): Generator<string> {
  for (let at = block.indexOf(mark); at >= 0;) {
    const end = block.indexOf(lineFeed, at)
    yield block.toString('utf8', block.lastIndexOf(lineFeed, at) + 1, end)
    at = block.indexOf(mark, end)
  }
}

const entriesOf = async function* (path: string, mark: Buffer): AsyncGenerator<Recorded, void> {
  try {
    for await (const block of blocks(path))
      for (const line of linesWith(block, mark)) {
        const entry = readEntry(line)
        if (entry !== undefined) yield entry
      }
  } catch (error) {
    // Old days are removed at any time.
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

const byTime = (a: Recorded, b: Recorded): number =>
  a.time < b.time ? -1
  : a.time > b.time ? 1
  : 0

// Versions repeat, and comparing them costs more than reading a line.
const sameAs = (wanted: string) => {
  const known = new Map<string, boolean>()
  return (version: string | undefined): boolean => {
    if (version === undefined) return false
    const found = known.get(version) ?? isSameVersion(version, wanted)
    known.set(version, found)
    return found
  }
}

/**
 * The entries of the journal in the order in which they happened, read as a stream: the days may be
 * large. Torn lines are passed over.
 */
export const readJournal = async function* (
  layout: Layout,
  { project, version }: Filter = {},
): AsyncGenerator<Recorded, void> {
  const mark = Buffer.from(project === undefined ? '{"time":' : markOf(project))
  const isWanted = version === undefined ? undefined : sameAs(version)
  let held: Recorded[] = []
  for (const day of daysIn((await orAbsent(readdir(layout.journal))) ?? []))
    for await (const entry of entriesOf(layout.journalDay(day), mark)) {
      if (project !== undefined && entry.project !== project) continue
      if (isWanted?.(entry.version) === false) continue
      held.push(entry)
      if (held.length < 2 * disorder) continue
      const sorted = held.toSorted(byTime)
      yield* sorted.slice(0, disorder)
      held = sorted.slice(disorder)
    }
  yield* held.toSorted(byTime)
}
