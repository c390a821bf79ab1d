import { createHash, type Hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Layout } from '../disk/layout.ts'
import type { Progress } from '../disk/progress.ts'
import { discardAnswer, UpstreamError, type Answer } from './client.ts'
import { AbsentError, TooLargeError, type Order, type Verified } from './order.ts'
import { openPart, type Part } from './part.ts'

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
  const fetching = new Fetching(order, signal, received)
  // That there is no answer at all is final: the client has tried again already.
  const answer = await fetching.begin()
  progress.size = fetching.size
  const part = await partFor(answer, () => openPart(layout, order, fetching.size, progress))
  try {
    await fetching.run(answer, part)
    const verified = await fetching.verify(part)
    // A fact without its file means nothing, so one need not wait for the other to be on the disk.
    await Promise.all([part.sync(), order.record(verified)])
    const path = layout.file(name, file.filename)
    const stats = await part.publish(path)
    progress.publish(path, verified.size, verified.sha256)
    // Whoever waits for it gets its last byte before anything else is done.
    await setImmediate()
    // Unless somebody has written into it already, this state of the file is the verified one.
    if (stats !== undefined) await order.published(verified.sha256, stats)
  } finally {
    await part.close()
  }
}

const partFor = async (answer: Answer, open: () => Part | Promise<Part>): Promise<Part> => {
  try {
    return await open()
  } catch (error) {
    discardAnswer(answer)
    throw error
  }
}

const checkable = ['sha256', 'sha512', 'sha384', 'sha1', 'md5']

/** Upstream's bytes are not what its page lists: asking again for the rest is of no use. */
class Contradiction extends UpstreamError {}

/** One download: requests, resumption, hashes. */
class Fetching {
  /** Bytes in all; undefined while nobody knows. */
  size: number | undefined
  readonly #order: Order
  readonly #signal: AbortSignal
  readonly #received: (bytes: number) => void
  readonly #sha256 = createHash('sha256')
  readonly #listed: { readonly algorithm: string; readonly hash: Hash } | undefined
  #validator: string | undefined

  constructor(order: Order, signal: AbortSignal, received: (bytes: number) => void) {
    this.#order = order
    this.#signal = signal
    this.#received = received
    this.size = order.file.size
    const algorithm = checkable.find(name => order.file.hashes[name] !== undefined)
    this.#listed =
      algorithm === undefined ? undefined
      : algorithm === 'sha256' ? { algorithm, hash: this.#sha256 }
      : { algorithm, hash: createHash(algorithm) }
  }

  /** The answer to the first request, which is the file from its beginning. */
  async begin(): Promise<Answer> {
    const answer = await this.#ask(0)
    this.#examine(answer)
    return answer
  }

  /** Receives the whole file, of which the first answer is here. */
  async run(first: Answer, part: Part): Promise<void> {
    for (let attempt = 1, answer = first; ; attempt += 1) {
      const before = part.length
      try {
        await this.#receive(answer, part)
        return
      } catch (error) {
        const brokeOff =
          error instanceof UpstreamError &&
          (error.kind === 'unreachable' || (error.kind === 'timeout' && part.length > before))
        if (!brokeOff || attempt >= attempts || this.#signal.aborted) throw error
      }
      answer = part.length === 0 ? await this.begin() : await this.#ask(part.length)
    }
  }

  #ask(from: number): Promise<Answer> {
    const { client, file } = this.#order
    const headers: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` }
    if (from > 0 && this.#validator !== undefined) headers['if-range'] = this.#validator
    return client.get(new URL(file.url), { headers, signal: this.#signal })
  }

  async #receive(answer: Answer, part: Part): Promise<void> {
    const { client } = this.#order
    const from = part.length
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
      if (chunk !== undefined) await this.#take(chunk, part)
    }
    if (this.size !== undefined && part.length < this.size)
      throw new UpstreamError(
        'unreachable',
        `${this.#subject()} ended after ${part.length} of ${this.size} bytes`,
      )
  }

  // Looks at an answer that is to hold the whole file.
  #examine(answer: Answer): void {
    try {
      this.#accept(answer)
    } catch (error) {
      discardAnswer(answer)
      throw error
    }
  }

  #accept({ status, headers }: Answer): void {
    if (status === 404 || status === 410)
      throw new AbsentError(`${this.#subject()} answered ${status}`)
    if (status !== 200) throw this.#refuse(`answered ${status}`)
    this.#validator = strongValidator(headers)
    const length = headers.has('content-encoding') ? undefined : lengthOf(headers)
    if (length === undefined) return
    if (this.size !== undefined && this.size !== length)
      throw this.#refuse(`is ${length} bytes long, its page says ${this.size}`)
    if (length > (this.#order.most ?? Infinity)) throw new TooLargeError(length)
    this.size = length
  }

  async #take(chunk: Buffer, part: Part): Promise<void> {
    const limit = this.size ?? largest
    if (part.length + chunk.length > limit) throw this.#refuse(`is longer than ${limit} bytes`)
    const room = part.append(chunk)
    this.#sha256.update(chunk)
    if (this.#listed !== undefined && this.#listed.hash !== this.#sha256)
      this.#listed.hash.update(chunk)
    await room
  }

  /** Compares what arrived with what the page lists. */
  async verify(part: Part): Promise<Verified> {
    const { file } = this.#order
    const size = part.length
    const sha256 = this.#sha256.digest('hex')
    if (this.#listed !== undefined) {
      const { algorithm, hash } = this.#listed
      const found = hash === this.#sha256 ? sha256 : hash.digest('hex')
      if (found !== file.hashes[algorithm])
        throw this.#refuse(`has ${algorithm} ${found}, its page says ${file.hashes[algorithm]}`)
    }
    const source = await part.whole()
    const metadata = await this.#order.metadata(source).catch(() => undefined)
    const digest = metadata && createHash('sha256').update(metadata).digest('hex')
    return { sha256, size, metadata: digest }
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
