import { namesIn } from '../disk/entries.ts'
import { readObject, type JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { linkStatsOf, statsOf } from '../disk/stamp.ts'
import { distFilename, type Filename } from '../spec/filename.ts'
import { readIndexName, type IndexName } from '../spec/index-name.ts'
import { placesOf } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import { pushMark, readPushMark, type PushTicket } from '../spec/push-mark.ts'
import { readFact, type Tombstone, type UploadedFact } from './fact.ts'

/** One file of a push, as it is to lie at the index. */
export interface PushedFile {
  readonly filename: Filename
  readonly sha256: string
  /** Which file that is on disk, whatever its name: how it is known again. */
  readonly inode: bigint
  /** Another file has the name until then. */
  readonly replaces: boolean
  /** What was known of these very bytes there before. */
  readonly former?: UploadedFact | undefined
}

/** All that it takes to complete a push or to undo it, written before anything else of it. */
export interface PushRecord {
  /** As the release is called at the source. */
  readonly version: string
  readonly source: IndexName
  readonly by: string | undefined
  /** Whether the documentation goes along. */
  readonly withDocs: boolean
  readonly files: readonly PushedFile[]
  /** Marks of deleted files that give way. */
  readonly tombstones: readonly Tombstone[]
}

/** A push that is not through. */
export interface OpenPush {
  readonly ticket: PushTicket
  /** Milliseconds since 1970 at which it was begun. */
  readonly since: number
  readonly record: PushRecord
}

/** A record as it is kept. */
export const pushRecordText = ({ files, ...record }: PushRecord): string =>
  JSON.stringify({
    ...record,
    files: files.map(file => ({ ...file, inode: String(file.inode) })),
  })

const listOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'object' && item !== null) : []

const readRecord = (layout: Layout, name: Name, record: JsonObject): PushRecord | undefined => {
  const { version, source, by, withDocs } = record
  const index = typeof source === 'string' ? readIndexName(source) : undefined
  if (typeof version !== 'string' || index === undefined) return undefined
  const places = placesOf(layout.index)
  const facts = (items: readonly JsonObject[], of: (item: JsonObject) => unknown) =>
    items.flatMap(item => {
      const { filename } = item
      const file = typeof filename === 'string' ? distFilename(filename) : undefined
      const kept = of(item) as JsonObject | undefined
      return file === undefined ? [] : [{ item, file, fact: readFact(places, name, file, kept) }]
    })
  return {
    version,
    source: index,
    by: typeof by === 'string' ? by : undefined,
    withDocs: withDocs === true,
    files: facts(listOf(record['files']), item => item['former']).flatMap(
      ({ item: { sha256, inode, replaces }, file, fact }) =>
        typeof sha256 !== 'string' || typeof inode !== 'string' || !/^\d+$/.test(inode) ?
          []
        : {
            filename: file,
            sha256,
            inode: BigInt(inode),
            replaces: replaces === true,
            former: fact?.kind === 'uploaded' ? fact : undefined,
          },
    ),
    tombstones: facts(listOf(record['tombstones']), item => item).flatMap(({ fact }) =>
      fact?.kind === 'deleted' ? fact : [],
    ),
  }
}

/** The marks of the pushes of a project to an index that are not through. */
export const pushTickets = async (layout: Layout, name: Name): Promise<PushTicket[]> => {
  const directory = layout.push(name)
  const stats = statsOf(directory)
  const entries = stats === undefined ? [] : await namesIn(directory, stats)
  return entries.flatMap(entry => readPushMark(entry) ?? [])
}

/** How often marks are looked for again that change while they are read. */
const attempts = 20

/** The pushes of a project to an index that are not through, at one moment. */
export const openPushes = async (layout: Layout, name: Name): Promise<OpenPush[]> => {
  for (let attempt = 1; ; attempt += 1) {
    const tickets = await pushTickets(layout, name)
    const found: OpenPush[] = []
    for (const ticket of tickets) {
      const path = layout.push(name, pushMark(ticket))
      const stats = linkStatsOf(path)
      const record = await readObject(path)
      const read = record && readRecord(layout, name, record)
      if (stats !== undefined && read !== undefined)
        found.push({ ticket, since: Number(stats.mtimeMs), record: read })
    }
    if (found.length === tickets.length || attempt >= attempts) return found
  }
}
