import { createHash, type Hash } from 'node:crypto'
import { open, rename, rmdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Layout } from '../disk/layout.ts'
import type { Progress } from '../disk/progress.ts'
import { discard, inDirectory, publish } from '../disk/write.ts'
import { discardAnswer, UpstreamError, type Answer } from './client.ts'
import { AbsentError, TooLargeError, type Order, type Verified } from './order.ts'
import { partName } from './parts.ts'

/** How often a broken connection is taken up again where it broke off. */
const attempts = 4

/** No distribution is larger; what has neither size nor length may not fill the disk (fault U35). */
const largest = 64 * 1024 ** 3

/**
 * Fetches a file into a part of its own, verifies it and gives it its final name; tells every byte
 * to `progress`. Nothing stays behind on failure.
 * @throws UpstreamError when upstream fails or sends something else than its page lists
 */
export const lead = async (
  layout: Layout,
  order: Order,
  progress: Progress,
  signal: AbortSignal,
  received: (bytes: number) => void,
): Promise<void> => {
  const { name, file } = order
  const directory = layout.parts(name, file.filename)
  const part = new PartFile(directory, file.size)
  const fetching = new Fetching(order, part, progress, signal, received)
  // Upstream is asked while the part is made: nobody waits for the one and then for the other.
  const asked = fetching.ask(0)
  try {
    await part.open()
  } catch (error) {
    asked.then(discardAnswer, () => {})
    throw error
  }
  try {
    await fetching.run(asked)
    const verified = await fetching.verify()
    // A fact without its file means nothing, so one need not wait for the other to be on the disk.
    await Promise.all([part.handle.sync(), order.record(verified)])
    const path = layout.file(name, file.filename)
    const before = await part.handle.stat({ bigint: true })
    // Its bytes are synced. Should a power cut take its name, it is fetched again.
    await publish(part.path, path, { durable: 'content' })
    progress.publish(path, verified.size)
    const after = await part.handle.stat({ bigint: true })
    // Unless somebody has written into it already, this state of the file is the verified one.
    if (after.mtimeNs === before.mtimeNs && after.size === before.size)
      await order.published(verified.sha256, after)
  } finally {
    await part.close()
    // The directory goes with its last part; another leader's part keeps it.
    await rmdir(directory).catch(() => {})
  }
}

/** The file aside into which one leader writes. */
class PartFile {
  path: string
  handle!: FileHandle
  length = 0
  readonly #directory: string

  constructor(directory: string, size: number | undefined) {
    this.#directory = directory
    this.path = join(directory, partName(size))
  }

  async open(): Promise<void> {
    const openPart = () => open(this.path, 'wx+')
    this.handle = await inDirectory(this.#directory, openPart, { durable: false })
  }

  /** Tells followers in other processes how long the file will be. */
  async tellSize(size: number): Promise<void> {
    const path = join(this.#directory, partName(size))
    await rename(this.path, path)
    this.path = path
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await this.handle.write(
        chunk,
        done,
        chunk.length - done,
        this.length,
      )
      done += bytesWritten
      this.length += bytesWritten
    }
  }

  async close(): Promise<void> {
    await this.handle.close()
    await discard(this.path)
  }
}

const checkable = ['sha256', 'sha512', 'sha384', 'sha1', 'md5']

/** Upstream's bytes are not what its page lists: asking again for the rest is of no use. */
class Contradiction extends UpstreamError {}

/** One download: requests, resumption, hashes. */
class Fetching {
  readonly #order: Order
  readonly #part: PartFile
  readonly #progress: Progress
  readonly #signal: AbortSignal
  readonly #received: (bytes: number) => void
  readonly #sha256 = createHash('sha256')
  readonly #listed: { readonly algorithm: string; readonly hash: Hash } | undefined
  #size: number | undefined
  #validator: string | undefined

  constructor(
    order: Order,
    part: PartFile,
    progress: Progress,
    signal: AbortSignal,
    received: (bytes: number) => void,
  ) {
    this.#order = order
    this.#part = part
    this.#progress = progress
    this.#signal = signal
    this.#received = received
    this.#size = order.file.size
    const algorithm = checkable.find(name => order.file.hashes[name] !== undefined)
    this.#listed =
      algorithm === undefined ? undefined
      : algorithm === 'sha256' ? { algorithm, hash: this.#sha256 }
      : { algorithm, hash: createHash(algorithm) }
  }

  /** Asks for the file from a byte on. */
  ask(from: number): Promise<Answer> {
    const { client, file } = this.#order
    const headers: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` }
    if (from > 0 && this.#validator !== undefined) headers['if-range'] = this.#validator
    const asked = client.get(new URL(file.url), { headers, signal: this.#signal })
    // Its failure is met where the answer is awaited.
    asked.catch(() => {})
    return asked
  }

  /** Receives the whole file, whose first request is under way. */
  async run(asked: Promise<Answer>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const before = this.#part.length
      // That there is no answer at all is final: the client has tried again already.
      const answer = await (attempt === 1 ? asked : this.ask(before))
      try {
        await this.#receive(answer)
        return
      } catch (error) {
        const brokeOff =
          error instanceof UpstreamError &&
          (error.kind === 'unreachable' || (error.kind === 'timeout' && this.#part.length > before))
        if (!brokeOff || attempt >= attempts || this.#signal.aborted) throw error
      }
    }
  }

  async #receive(answer: Answer): Promise<void> {
    const { client } = this.#order
    const from = this.#part.length
    if (from === 0) await this.#begin(answer)
    const resumed = answer.status === 206 && from > 0
    if (resumed ? !startsAt(answer, from) : answer.status !== 200) {
      discardAnswer(answer)
      throw this.#refuse(`answered ${answer.status}`)
    }
    // Upstream may send all of it again: what we have is skipped, and the hash decides in the end.
    let skip = resumed ? 0 : from
    for await (const received of client.bytesOf(answer)) {
      this.#received(received.length)
      const chunk = skip >= received.length ? undefined : received.subarray(skip)
      skip = Math.max(0, skip - received.length)
      if (chunk !== undefined) await this.#take(chunk)
    }
    if (this.#size !== undefined && this.#part.length < this.#size)
      throw new UpstreamError(
        'unreachable',
        `${this.#subject()} ended after ${this.#part.length} of ${this.#size} bytes`,
      )
  }

  async #begin(answer: Answer): Promise<void> {
    const { status, headers } = answer
    if (status === 404 || status === 410) {
      discardAnswer(answer)
      throw new AbsentError(`${this.#subject()} answered ${status}`)
    }
    this.#validator = strongValidator(headers)
    const length = headers.has('content-encoding') ? undefined : lengthOf(headers)
    if (status !== 200 || length === undefined) return
    if (this.#size !== undefined && this.#size !== length) {
      discardAnswer(answer)
      throw this.#refuse(`is ${length} bytes long, its page says ${this.#size}`)
    }
    if (length > (this.#order.most ?? Infinity)) {
      discardAnswer(answer)
      throw new TooLargeError(length)
    }
    if (this.#size === undefined) {
      this.#size = length
      await this.#part.tellSize(length)
      this.#progress.size = length
    }
  }

  async #take(chunk: Uint8Array): Promise<void> {
    const limit = this.#size ?? largest
    if (this.#part.length + chunk.length > limit)
      throw this.#refuse(`is longer than ${limit} bytes`)
    await this.#part.append(chunk)
    this.#sha256.update(chunk)
    if (this.#listed !== undefined && this.#listed.hash !== this.#sha256)
      this.#listed.hash.update(chunk)
    this.#progress.advance(this.#part.path, this.#part.length)
  }

  /** Compares what arrived with what the page lists. */
  async verify(): Promise<Verified> {
    const { file } = this.#order
    const size = this.#part.length
    const sha256 = this.#sha256.digest('hex')
    if (this.#listed !== undefined) {
      const { algorithm, hash } = this.#listed
      const found = hash === this.#sha256 ? sha256 : hash.digest('hex')
      if (found !== file.hashes[algorithm])
        throw this.#refuse(`has ${algorithm} ${found}, its page says ${file.hashes[algorithm]}`)
    }
    return { sha256, size, metadata: await this.#metadata(size) }
  }

  async #metadata(size: number): Promise<string | undefined> {
    const { handle } = this.#part
    const source = {
      size,
      read: async (start: number, length: number) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start)
        return buffer.subarray(0, bytesRead)
      },
    }
    const metadata = await this.#order.metadata(source).catch(() => undefined)
    return metadata === undefined ? undefined : createHash('sha256').update(metadata).digest('hex')
  }

  #subject(): string {
    return `upstream's ${this.#order.file.filename}`
  }

  #refuse(reason: string): Contradiction {
    return new Contradiction('invalid', `${this.#subject()} ${reason}`)
  }
}

const startsAt = (answer: Answer, from: number): boolean =>
  answer.headers.get('content-range')?.startsWith(`bytes ${from}-`) === true

const lengthOf = (headers: Answer['headers']): number | undefined => {
  const text = headers.get('content-length')
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

const strongValidator = (headers: Answer['headers']): string | undefined => {
  const etag = headers.get('etag')
  return etag?.startsWith('"') === true ? etag : headers.get('last-modified')
}
