import { LRUCache } from 'lru-cache'
import { WholeFile } from '../disk/open-files.ts'
import type { Resource } from '../disk/resource.ts'
import { identityOf, linkStatsOf } from '../disk/stamp.ts'
import { Batch } from '../flight.ts'
import type { Exchange } from '../http/exchange.ts'
import { file as fileReply, type Reply } from '../http/reply.ts'
import type { Index, Wanted } from '../index/index.ts'
import type { Journal } from '../journal/journal.ts'
import type { IndexName } from '../spec/index-name.ts'
import { localPath } from '../spec/public-path.ts'
import type { Ahead } from './ahead.ts'
import { downloadNote } from './download-note.ts'

/** A file that was found at a path, and how it is answered. */
interface Known {
  readonly file: WholeFile
  readonly reply: Reply
  readonly at: number
}

/** What a path asks for. */
export interface Asked {
  /** The files that it may mean, the likeliest first. */
  readonly wanted: readonly Wanted[]
  /** Not the file is wanted, but its core metadata (PEP 658). */
  readonly forMetadata: boolean
}

/** Milliseconds for which a path is believed to lead to the same file; its bytes are looked at each time. */
const believed = 1000

const companion = '.metadata'

/**
 * What the segments of a path ask for.
 * @param wantedBy the files that a path without the ending of core metadata may mean
 */
export const askedBy = (
  segments: readonly string[],
  wantedBy: (segments: readonly string[]) => readonly Wanted[],
): Asked => {
  const last = segments.at(-1) ?? ''
  return last.endsWith(companion) ?
      {
        wanted: wantedBy([...segments.slice(0, -1), last.slice(0, -companion.length)]),
        forMetadata: true,
      }
    : { wanted: wantedBy(segments), forMetadata: false }
}

/** What is missing at a path, for the client. */
export const described = ({ wanted, forMetadata }: Asked): string | undefined =>
  wanted[0] && `${wanted[0].filename}${forMetadata ? companion : ''}`

// What a person put there may be replaced by that person; what was published may not.
const control = ({ name, filename, path }: Wanted, { isLasting }: Resource): string | undefined =>
  isLasting !== true && (path === undefined || path === localPath(name, filename)) ?
    'no-cache'
  : undefined

/** Answers with files and their core metadata. Downloads are noted in the journal. */
export class FileAnswers {
  readonly #journal: Journal
  readonly #ahead: Ahead
  readonly #place: IndexName | undefined
  readonly #known = new LRUCache<string, Known>({ max: 2000 })
  // Requests that arrive together cost one look at the disk and leave together: a third less time each.
  readonly #looks = new Batch<Reply | undefined>()

  /** @param place the index, for the journal; undefined for the root index */
  constructor(journal: Journal, ahead: Ahead, place?: IndexName) {
    this.#journal = journal
    this.#ahead = ahead
    this.#place = place
  }

  /** What was answered at this path a moment ago, if the same file still lies there. */
  again({ path, method }: Exchange): Promise<Reply | undefined> | undefined {
    const found = method === 'GET' ? this.#known.get(path) : undefined
    return found && this.#looks.run(path, async () => this.#look(path, found))
  }

  #look(path: string, { file, reply, at }: Known): Reply | undefined {
    if (performance.now() - at > believed) return undefined
    const stats = linkStatsOf(file.path)
    if (stats !== undefined && identityOf(stats) === file.identity) return reply
    this.#known.delete(path)
    return undefined
  }

  /** The first of the files that an index has; undefined when it has none of them. */
  async find(exchange: Exchange, index: Index, asked: Asked): Promise<Reply | undefined> {
    for (const one of asked.wanted) {
      const reply =
        asked.forMetadata ? await this.#metadata(index, one)
        : exchange.method === 'HEAD' ? await this.#head(index, one)
        : await this.#file(exchange, index, one)
      if (reply !== undefined) return reply
    }
    return undefined
  }

  async #metadata(index: Index, wanted: Wanted): Promise<Reply | undefined> {
    const found = await index.metadata(wanted)
    if (found === undefined) return undefined
    const { resource, source } = found
    if (source === 'miss' && resource.bytes !== undefined) this.#ahead.look(index, resource.bytes)
    return fileReply(resource, source, control(wanted, resource))
  }

  async #head(index: Index, wanted: Wanted): Promise<Reply | undefined> {
    const resource = await index.peek(wanted)
    const source = resource instanceof WholeFile ? 'hit' : 'miss'
    return resource && fileReply(resource, source, control(wanted, resource))
  }

  async #file(exchange: Exchange, index: Index, wanted: Wanted): Promise<Reply | undefined> {
    const found = await index.file(wanted)
    if (found === undefined) return undefined
    const { resource, source } = found
    const reply = {
      ...fileReply(resource, source, control(wanted, resource)),
      sent: downloadNote(this.#journal, index, wanted, resource, this.#place),
    }
    if (resource instanceof WholeFile)
      this.#known.set(exchange.path, { file: resource, reply, at: performance.now() })
    return reply
  }
}
