import { Parser, type ReadEntry } from 'tar'
import { extensionOf } from '../spec/filename.ts'
import { ArchiveError } from './archive-error.ts'
import { gunzipped } from './gunzipped.ts'
import { withFile } from './source.ts'
import { openZip } from './zip.ts'

const mostEntries = 100_000
const mostUnpacked = 512 * 1024 * 1024

/** Real ones have some kilobytes; of more files than this nobody needs the texts. */
const largestText = 1024 * 1024
const mostTexts = 20

/**
 * The texts of those members of an sdist that are wanted by their paths, without a leading `./`; of
 * a path that occurs twice the first. Undefined for kinds of archives that are not read here.
 * Nothing is unpacked to the disk; links are passed over.
 * @throws {ArchiveError} when the archive is broken or beyond our limits; system errors as they come
 */
export const sdistTexts = async (
  path: string,
  filename: string,
  wanted: (path: string) => boolean,
): Promise<Map<string, string> | undefined> => {
  switch (extensionOf(filename)?.toLowerCase() ?? '') {
    case '.tar.gz':
    case '.tgz':
      return tarTexts(path, wanted)
    case '.zip':
      return zipTexts(path, wanted)
    default:
      return undefined
  }
}

const plain = (path: string): string => (path.startsWith('./') ? path.slice(2) : path)

const zipTexts = (path: string, wanted: (path: string) => boolean) =>
  withFile(path, async source => {
    const texts = new Map<string, string>()
    const zip = await openZip(source)
    for await (const member of zip.members()) {
      const name = plain(member.path)
      if (!wanted(name) || texts.has(name) || texts.size >= mostTexts) continue
      texts.set(name, (await zip.bytes(member, largestText)).toString('utf8'))
    }
    return texts
  })

const tarTexts = async (path: string, wanted: (path: string) => boolean) => {
  const collector = new TarCollector(wanted)
  for await (const chunk of gunzipped(path)) {
    collector.feed(chunk)
    if (collector.isOver) break
  }
  return collector.texts
}

/** Collects texts from the chunks of a tar archive. */
class TarCollector {
  #unpacked = 0
  #entries = 0
  #failure: Error | undefined
  readonly #parser: Parser
  readonly texts = new Map<string, string>()
  /** True behind the end of the archive, where the parser would heap up all that it is given. */
  isOver = false

  constructor(wanted: (path: string) => boolean) {
    this.#parser = new Parser({
      zstd: false,
      maxMetaEntrySize: 64 * 1024,
      filter: (path, entry) => this.#takes(plain(path), entry as ReadEntry, wanted),
      onReadEntry: entry => this.#read(entry),
    })
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

  #takes(path: string, { type, size }: ReadEntry, wanted: (path: string) => boolean): boolean {
    if (++this.#entries > mostEntries)
      this.#failure = new ArchiveError(`it has more than ${mostEntries} entries`)
    if (this.#failure !== undefined || (type !== 'File' && type !== 'OldFile')) return false
    if (!wanted(path) || this.texts.has(path) || this.texts.size >= mostTexts) return false
    if (size <= largestText) return true
    this.#failure = new ArchiveError(`it has a text of more than ${largestText} bytes`)
    return false
  }

  #read(entry: ReadEntry) {
    const chunks: Buffer[] = []
    entry.on('data', chunk => chunks.push(Buffer.from(chunk)))
    entry.on('end', () => this.texts.set(plain(entry.path), Buffer.concat(chunks).toString('utf8')))
  }
}
