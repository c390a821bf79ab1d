import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { crc32, inflateRaw } from 'node:zlib'
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl'
import { ArchiveError } from './archive-error.ts'
import { Pieces, type RandomAccess } from './source.ts'
import { findZipEnd } from './zip-end.ts'

/** Far above the largest real wheels, and little enough to hold in memory. */
const mostEntries = 100_000
const largestDirectory = 16 * 1024 * 1024

/** A file in an archive: its path as it is written there, and what its bytes can be had by. */
export interface ZipMember {
  readonly path: string
  readonly entry: Entry
}

/** An open ZIP archive, of which the central directory has been fetched. */
export class Zip {
  readonly #pieces: Pieces
  readonly #file: ZipFile
  readonly #directory: number

  constructor(pieces: Pieces, file: ZipFile, directory: number) {
    this.#pieces = pieces
    this.#file = file
    this.#directory = directory
  }

  /**
   * The members in the order of the central directory; to be asked for once.
   * @throws {ArchiveError} as soon as an entry of the directory is broken
   */
  async *members(): AsyncGenerator<ZipMember, void> {
    const entries = this.#file.eachEntry()
    for (let count = 1; ; count++) {
      const next = await unbroken(entries.next())
      if (next.done === true) return
      yield { path: next.value.fileNameRaw.toString('utf8'), entry: next.value }
      // Nothing here waits for the disk: without this a long directory would hold up everybody.
      if (count % 1000 === 0) await setImmediate()
    }
  }

  /**
   * The bytes of a member exactly as they were packed.
   * @param most the largest size that is accepted
   * @throws {ArchiveError} when it is larger, encrypted, or not what its headers say
   */
  async bytes({ path, entry }: ZipMember, most: number): Promise<Buffer> {
    const { compressedSize, uncompressedSize } = entry
    const what = `its ${lastPart(path)}`
    if (uncompressedSize > most || compressedSize > most)
      throw new ArchiveError(`${what} has more than ${most} bytes`)
    if (!entry.canDecodeFileData())
      throw new ArchiveError(`${what} is encrypted or packed by an unknown method`)
    const packed = await this.#packed(what, entry)
    const bytes =
      entry.compressionMethod === 0 ? packed
      : uncompressedSize === 0 ? Buffer.alloc(0)
      : await unbroken(inflate(packed, { maxOutputLength: uncompressedSize }), `${what} is damaged`)
    if (bytes.length !== uncompressedSize || crc32(bytes) !== entry.crc32)
      throw new ArchiveError(`${what} is damaged`)
    return bytes
  }

  async #packed(what: string, entry: Entry): Promise<Buffer> {
    const { compressedSize, relativeOffsetOfLocalHeader: start } = entry
    // The local header may have other extra fields than the central one: some room saves a read.
    const likely = start + 30 + entry.fileNameLength + entry.extraFieldLength + 1024
    await this.#pieces.fetch(start, Math.min(likely + compressedSize, this.#directory))
    const local = await unbroken(this.#file.readLocalFileHeaderPromise(entry, {}))
    // Readers that go by the local headers would see another file here (fault P11).
    if (!local.fileName.equals(entry.fileNameRaw))
      throw new ArchiveError(`${what} has another name in its own header`)
    const data = local.fileDataStart
    if (data + compressedSize > this.#directory) throw new ArchiveError(`${what} is damaged`)
    await this.#pieces.fetch(data, data + compressedSize)
    return this.#pieces.slice(data, data + compressedSize)
  }
}

/**
 * Opens a ZIP archive with two reads at most: the tail, and the central directory if that begins
 * before the tail.
 * @throws {ArchiveError} when it is broken or its directory is beyond our limits; whatever
 *   `source.read` throws
 */
export const openZip = async (source: RandomAccess): Promise<Zip> => {
  const pieces = new Pieces(source)
  const { entries, start, end, shift } = await findZipEnd(pieces)
  if (shift !== 0) throw new ArchiveError('the central directory is not where it should be')
  if (entries > mostEntries) throw new ArchiveError(`it has more than ${mostEntries} entries`)
  if (end - start > largestDirectory)
    throw new ArchiveError(`its central directory is larger than ${largestDirectory} bytes`)
  await pieces.fetch(start, end)
  // Names stay bytes: only one of them matters to us, and nothing is ever extracted.
  const options = { decodeStrings: false, autoClose: false }
  const reader = new PiecesReader(pieces)
  const file = await unbroken(fromRandomAccessReaderPromise(reader, source.size, options))
  return new Zip(pieces, file, start)
}

// A directory's name may hold anything, a line feed too, and has no place in a message.
const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const inflate = promisify(inflateRaw)

// What yauzl and zlib throw is about the archive: they read from memory only.
const unbroken = async <T>(work: Promise<T>, reason?: string): Promise<T> => {
  try {
    return await work
  } catch (error) {
    if (error instanceof ArchiveError) throw error
    throw new ArchiveError(reason ?? (error as Error).message, { cause: error })
  }
}

class PiecesReader extends RandomAccessReader {
  readonly #pieces: Pieces

  constructor(pieces: Pieces) {
    super()
    this.#pieces = pieces
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null) => void,
  ): void {
    let failure: Error | null = null
    try {
      this.#pieces.slice(position, position + length).copy(buffer, offset)
    } catch (error) {
      failure = error as Error
    }
    done(failure)
  }
}
