import { Parser, type ReadEntry } from 'tar'
import { extensionOf } from '../spec/filename.ts'
import { ArchiveError } from './archive-error.ts'
import { gunzipped } from './gunzipped.ts'
import { withFile } from './source.ts'
import { largestMetadata } from './wheel.ts'
import { openZip } from './zip.ts'

const mostEntries = 100_000
const mostUnpacked = 512 * 1024 * 1024

const isPkgInfo = (path: string): boolean => /^(?:\.\/)?[^/]+\/PKG-INFO$/.test(path)

/**
 * The PKG-INFO in the top directory of a source distribution, a `.tar.gz`, `.tgz` or `.zip` by its
 * name. Undefined when it has none, and for other kinds. Nothing is unpacked to the disk.
 * @throws {ArchiveError} when the archive is broken or beyond our limits; system errors as they come
 */
export const sdistMetadata = async (path: string): Promise<Buffer | undefined> => {
  switch (extensionOf(path)?.toLowerCase() ?? '') {
    case '.tar.gz':
    case '.tgz':
      return fromTar(path)
    case '.zip':
      return withFile(path, async source => {
        const zip = await openZip(source)
        for await (const member of zip.members())
          if (isPkgInfo(member.path)) return zip.bytes(member, largestMetadata)
        return undefined
      })
    default:
      return undefined
  }
}

const fromTar = async (path: string): Promise<Buffer | undefined> => {
  const search = new TarSearch()
  for await (const chunk of gunzipped(path)) {
    search.feed(chunk)
    if (search.isOver) return search.found
  }
  return undefined
}

/** Finds PKG-INFO in the chunks of a tar archive. */
class TarSearch {
  #unpacked = 0
  #entries = 0
  #failure: Error | undefined
  readonly #parser: Parser
  found: Buffer | undefined
  /** True as soon as nothing that follows can matter: found, or the end of the archive is reached. */
  isOver = false

  constructor() {
    this.#parser = new Parser({
      zstd: false,
      maxMetaEntrySize: 64 * 1024,
      filter: (path, entry) => this.#wants(path, entry as ReadEntry),
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

  #wants(path: string, entry: ReadEntry): boolean {
    if (++this.#entries > mostEntries)
      this.#failure = new ArchiveError(`it has more than ${mostEntries} entries`)
    if (this.found !== undefined || !isPkgInfo(path)) return false
    if (entry.type !== 'File' && entry.type !== 'OldFile') return false
    if (entry.size <= largestMetadata) return true
    this.#failure = new ArchiveError(`its PKG-INFO has more than ${largestMetadata} bytes`)
    return false
  }

  #read(entry: ReadEntry) {
    const chunks: Buffer[] = []
    entry.on('data', chunk => chunks.push(Buffer.from(chunk)))
    entry.on('end', () => {
      this.found ??= Buffer.concat(chunks)
      this.isOver = true
    })
  }
}
