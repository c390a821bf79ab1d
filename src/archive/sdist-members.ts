import { Parser, type ReadEntry } from 'tar'
import { extensionOf } from '../spec/filename.ts'
import { ArchiveError } from './archive-error.ts'
import { gunzipped } from './gunzipped.ts'
import { withFile } from './source.ts'
import { openZip } from './zip.ts'

const mostEntries = 100_000
const mostUnpacked = 512 * 1024 * 1024

/** Which members of an archive are wanted. */
export interface Wanted {
  /** By the path, without a leading `./`. */
  readonly matches: (path: string) => boolean
  /** The search ends with so many. */
  readonly most: number
  /** Longest that is taken, in bytes; a longer one is an error. */
  readonly largest: number
}

/**
 * Small members of a source distribution, a `.tar.gz`, `.tgz` or `.zip` by its name; of a path that
 * occurs twice the first. Undefined for other kinds. Nothing is unpacked to the disk; links are
 * passed over.
 * @throws {ArchiveError} when the archive is broken or beyond our limits; system errors as they come
 */
export const sdistMembers = async (
  path: string,
  filename: string,
  wanted: Wanted,
): Promise<Map<string, Buffer> | undefined> => {
  switch (extensionOf(filename)?.toLowerCase() ?? '') {
    case '.tar.gz':
    case '.tgz':
      return fromTar(path, wanted)
    case '.zip':
      return fromZip(path, wanted)
    default:
      return undefined
  }
}

const plain = (path: string): string => (path.startsWith('./') ? path.slice(2) : path)

const fromZip = (path: string, { matches, most, largest }: Wanted) =>
  withFile(path, async source => {
    const found = new Map<string, Buffer>()
    const zip = await openZip(source)
    for await (const member of zip.members()) {
      const name = plain(member.path)
      if (!matches(name) || found.has(name)) continue
      found.set(name, await zip.bytes(member, largest))
      if (found.size >= most) break
    }
    return found
  })

const fromTar = async (path: string, wanted: Wanted) => {
  const search = new TarSearch(wanted)
  for await (const chunk of gunzipped(path)) {
    search.feed(chunk)
    if (search.isOver) break
  }
  return search.found
}

/** Finds members in the chunks of a tar archive. */
class TarSearch {
  #unpacked = 0
  #entries = 0
  #failure: Error | undefined
  readonly #wanted: Wanted
  readonly #parser: Parser
  readonly found = new Map<string, Buffer>()
  /** True as soon as nothing that follows can matter: all is found, or the archive has ended. */
  isOver = false

  constructor(wanted: Wanted) {
    this.#wanted = wanted
    this.#parser = new Parser({
      zstd: false,
      maxMetaEntrySize: 64 * 1024,
      filter: (path, entry) => this.#takes(plain(path), entry as ReadEntry),
      onReadEntry: entry => this.#read(entry),
    })
    // Behind its end the parser would heap up all that it is given.
    this.#parser.on('eof', () => {
      this.isOver = true
    })
  }

  /** @throws {ArchiveError} when the archive is broken, hostile or too large to be searched */
  feed(chunk: Buffer): void {
    // The parser would unpack once more by itself, on the main thread and without a limit of ours.
    if (this.#unpacked === 0 && chunk[0] === 0x1f) throw new ArchiveError('it is packed twice')
    this.#unpacked += chunk.length
    if (this.#unpacked > mostUnpacked)
      throw new ArchiveError(`it unpacks to more than ${mostUnpacked} bytes`)
    try {
      this.#parser.write(chunk)
    } catch (error) {
      throw new ArchiveError((error as Error).message, { cause: error })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #takes(path: string, { type, size }: ReadEntry): boolean {
    const { matches, most, largest } = this.#wanted
    if (++this.#entries > mostEntries)
      this.#failure = new ArchiveError(`it has more than ${mostEntries} entries`)
    if (this.#failure !== undefined || (type !== 'File' && type !== 'OldFile')) return false
    if (!matches(path) || this.found.has(path) || this.found.size >= most) return false
    if (size <= largest) return true
    const name = path.split('/').at(-1)
    this.#failure = new ArchiveError(`its ${name} has more than ${largest} bytes`)
    return false
  }

  #read(entry: ReadEntry) {
    const chunks: Buffer[] = []
    entry.on('data', chunk => chunks.push(Buffer.from(chunk)))
    entry.on('end', () => {
      this.found.set(plain(entry.path), Buffer.concat(chunks))
      if (this.found.size >= this.#wanted.most) this.isOver = true
    })
  }
}
