import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Digests } from '../disk/digest.ts'
import type { Resource } from '../disk/resource.ts'
import type { UpstreamSettings } from '../settings.ts'
import { isWheel, type Filename } from '../spec/filename.ts'
import { metadataDigest, type File, type Page } from '../spec/page.ts'
import { matches } from '../spec/pattern.ts'
import type { Places } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import { spare } from '../spare.ts'
import { discardAnswer, UpstreamError, type UpstreamClient } from '../upstream/client.ts'
import type { Documents } from '../upstream/documents.ts'
import type { Downloads } from '../upstream/download.ts'
import {
  etagOf,
  TooLargeError,
  type Order,
  type RandomAccess,
  type Verified,
} from '../upstream/order.ts'
import type { HeldPage } from '../upstream/page-store.ts'
import type { Names } from '../upstream/names.ts'
import type { Got, Pages, Want } from '../upstream/pages.ts'
import { remoteFile, wholeAnswer } from '../upstream/remote-file.ts'
import { noneIn, wheelMetadata } from './archives.ts'
import { DeniedError } from './denied-error.ts'
import type { MirroredFact } from './fact.ts'
import type { Facts } from './facts.ts'
import { UpstreamApi } from './upstream-api.ts'

/** The public paths of a page's files, in the page's order. */
interface Paths {
  readonly paths: readonly string[]
  readonly places: ReadonlyMap<string, number>
}

/** A file that upstream lists. */
export interface Entry {
  readonly name: Name
  readonly file: File
  readonly path: string
}

/** Wheels up to this size are fetched whole when only their metadata is wanted: one round trip, and soon needed. */
const worthFetching = 16 * 1024 * 1024

/** Longest core metadata that is believed, in bytes. */
const mostMetadata = 16 * 1024 * 1024

/** One upstream simple index: its pages under our paths, its files fetched into the directory. */
export class Mirror {
  readonly name: string
  readonly api: UpstreamApi
  readonly #settings: UpstreamSettings
  readonly #client: UpstreamClient
  readonly #pages: Pages
  readonly #names: Names
  readonly #downloads: Downloads
  readonly #facts: Facts
  readonly #digests: Digests
  readonly #places: Places
  readonly #paths = spare(
    new LRUCache<string, Paths>({
      maxSize: 100_000,
      sizeCalculation: ({ paths }) => paths.length + 1,
    }),
  )

  constructor(parts: {
    settings: UpstreamSettings
    client: UpstreamClient
    pages: Pages
    names: Names
    downloads: Downloads
    facts: Facts
    digests: Digests
    documents: Documents
    places: Places
  }) {
    this.name = parts.settings.name
    this.api = new UpstreamApi(parts)
    this.#places = parts.places
    this.#settings = parts.settings
    this.#client = parts.client
    this.#pages = parts.pages
    this.#names = parts.names
    this.#downloads = parts.downloads
    this.#facts = parts.facts
    this.#digests = parts.digests
  }

  /** False for names that the settings keep from this upstream. */
  asks(name: Name): boolean {
    const { only } = this.#settings
    return only === undefined || only.some(pattern => matches(pattern, name))
  }

  /** All names of the upstream, as fresh as an hour; none where it gives no list. */
  names(): AsyncIterable<Name> {
    return this.#settings.hasNoList === true ? this.#names.held() : this.#names.all()
  }

  /** Names whose pages are held, without asking. */
  heldNames(): AsyncIterable<Name> {
    return this.#names.held()
  }

  /** Forgets the page of a project that is held; false when none is. */
  forget(name: Name): Promise<boolean> {
    return this.#pages.forget(name)
  }

  /** The project's page as upstream has it now, or as it is held. */
  get(name: Name, want?: Want): Promise<Got> {
    return this.#pages.get(name, want)
  }

  /** The page that is held and not gone, without asking. */
  async held(name: Name): Promise<HeldPage | undefined> {
    const held = await this.#pages.held(name)
    return held?.head.gone === true ? undefined : held
  }

  /** The files of a page under our own paths; wheels promise their metadata, since we can always give it. */
  async files(name: Name, held: HeldPage): Promise<File[]> {
    const page = await held.page()
    const { paths } = this.#pathsOf(name, held, page)
    // Signatures beside the files are not fetched, so none is promised (SA-86).
    return page.files.map(({ 'gpg-sig': _signature, ...file }, index) => ({
      ...file,
      url: paths[index] as string,
      ...(isWheel(file.filename) && lacksMetadata(file) && { 'core-metadata': true }),
    }))
  }

  /** The listed file at one of our paths, or with a name where no path is given. */
  async entry(
    name: Name,
    held: HeldPage,
    filename: Filename,
    path: string | undefined,
  ): Promise<Entry | undefined> {
    const page = await held.page()
    const { paths, places } = this.#pathsOf(name, held, page)
    const index =
      path === undefined ?
        page.files.findIndex(file => file.filename === filename)
      : (places.get(path) ?? -1)
    const file = page.files[index]
    return file === undefined ? undefined : { name, file, path: paths[index] as string }
  }

  /** The bytes of a listed file, as soon as they begin to arrive; undefined when upstream has lost it. */
  async fetch(entry: Entry): Promise<Resource | undefined> {
    const order = this.#order(entry)
    try {
      return await this.#downloads.get(order)
    } catch (error) {
      // It was joined to a look at the metadata, which had no use for so large a file.
      if (!(error instanceof TooLargeError)) throw error
      return this.#downloads.get(order)
    }
  }

  /**
   * What is known of a listed file without fetching it; its size by a HEAD where the page does not
   * say. Undefined when upstream has lost it.
   */
  async peek({ file }: Entry): Promise<Resource | undefined> {
    const size = file.size ?? (await this.#askSize(file))
    if (size === 'absent') return undefined
    const modified = new Date(file['upload-time'] ?? 0)
    return { size, etag: etagOf(file), modified, whole: true, read: onlyLookedAt }
  }

  // Undefined where upstream does not tell.
  async #askSize(file: File): Promise<number | 'absent' | undefined> {
    const answer = await this.#client.get(new URL(file.url), { method: 'HEAD', kind: 'metadata' })
    discardAnswer(answer)
    if (answer.status === 404 || answer.status === 410) return 'absent'
    const length = answer.headers.get('content-length') ?? ''
    return answer.status === 200 && /^\d{1,15}$/.test(length) ? Number(length) : undefined
  }

  /**
   * The core metadata of a listed wheel that is not held: upstream's own file where it offers one,
   * else read out of the wheel, by ranges of a large one or by fetching a small one.
   */
  async metadata(entry: Entry): Promise<Buffer | undefined> {
    const { file } = entry
    const offered = lacksMetadata(file) ? undefined : await this.#offered(file)
    if (offered !== undefined) return offered
    let read: Buffer | undefined
    const plain = this.#order(entry)
    const order = {
      ...plain,
      metadata: async (source: RandomAccess) => (read = await plain.metadata(source)),
    }
    const large = await this.#completeUnlessLarge(order)
    // Unless somebody else has fetched it.
    if (large === undefined) return read
    const bytes = await this.#far(file, large)
    if (bytes !== undefined) return bytes
    await this.#downloads.complete(order)
    return undefined
  }

  /** Fetches a file; undefined when that is done, else the size of one that is not worth it. */
  async #completeUnlessLarge(order: Order): Promise<number | undefined> {
    const { size = 0 } = order.file
    if (size > worthFetching) return size
    try {
      await this.#downloads.complete({ ...order, most: worthFetching })
      return undefined
    } catch (error) {
      if (error instanceof TooLargeError) return error.size
      throw error
    }
  }

  // Out of the wheel at upstream, where it serves ranges.
  async #far(file: File, size: number): Promise<Buffer | undefined> {
    const source = await remoteFile(this.#client, new URL(file.url), size)
    if (source === undefined) return undefined
    const bytes = await wheelMetadata(source, file.filename).catch(noneIn)
    return bytes !== undefined && isListed(bytes, file) ? bytes : undefined
  }

  async #offered(file: File): Promise<Buffer | undefined> {
    const url = new URL(file.url)
    url.pathname += '.metadata'
    const bytes = await wholeAnswer(this.#client, url, mostMetadata).catch((error: unknown) => {
      // Asked and not given is what the wheel is for; an upstream that fails would fail there too.
      if (error instanceof UpstreamError && error.kind === 'status') return undefined
      throw error
    })
    // A wrong one is never passed on (fault U40): the wheel itself is asked then.
    return bytes !== undefined && isListed(bytes, file) ? bytes : undefined
  }

  #order(entry: Entry): Order {
    const { name, file } = entry
    return {
      name,
      file,
      client: this.#client,
      metadata: async source =>
        isWheel(file.filename) && lacksMetadata(file) ?
          wheelMetadata(source, file.filename)
        : undefined,
      record: verified => this.#record(entry, verified),
      published: (sha256, stats) => this.#digests.remember(name, file.filename, stats, sha256),
    }
  }

  async #record({ name, file, path }: Entry, verified: Verified): Promise<void> {
    const { sha256, size, metadata } = verified
    const fact: MirroredFact = {
      kind: 'mirrored',
      file: {
        ...file,
        size,
        hashes: { ...file.hashes, sha256 },
        ...(metadata !== undefined && { 'core-metadata': { sha256: metadata } }),
      },
      sha256,
      size,
      upstream: this.name,
      path,
      at: new Date().toISOString(),
    }
    await this.#facts.write(name, fact)
    // As late as can be: an upload writes its fact, durably, before it takes the name.
    if (!(await this.#facts.protects(name, file.filename))) return
    await this.#facts.remove(name, fact)
    throw new DeniedError(`${file.filename} was uploaded here meanwhile: upstream's is not kept`)
  }

  #pathsOf(name: Name, held: HeldPage, page: Page): Paths {
    const key = `${name} ${held.head.sha256}`
    const known = this.#paths.get(key)
    if (known !== undefined) return known
    const { origin } = this.#settings.url
    const paths = page.files.map(file =>
      this.#places.mirrored(this.name, origin, name, file, shortDigest),
    )
    const places = new Map(paths.map((path, index) => [path, index]))
    const made = { paths, places }
    this.#paths.set(key, made)
    return made
  }
}

const onlyLookedAt = () => {
  throw new Error('only looked at')
}

const lacksMetadata = (file: File): boolean => (file['core-metadata'] ?? false) === false

// True for metadata that has the digest which the page lists, if it lists one.
const isListed = (bytes: Buffer, file: File): boolean => {
  const sha256 = metadataDigest(file)
  return sha256 === undefined || sha256 === digest(bytes)
}

const digest = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')

const shortDigest = (text: string): string => digest(text).slice(0, 32)
