import { createHash } from 'node:crypto'
import type { Resource } from '../disk/resource.ts'
import type { Log } from '../log.ts'
import { isWheel } from '../spec/filename.ts'
import { metadataDigest, type File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { UpstreamError } from '../upstream/client.ts'
import type { CoreMetadata } from './core-metadata.ts'
import type { Folder } from './folder.ts'
import { Holdings } from './holdings.ts'
import type { Ask, Found, Index, Kept, Project, Wanted } from './index.ts'
import type { Local } from './local.ts'
import { mergedPage, type Listed, type View } from './merge.ts'
import type { Entry, Mirror } from './mirror.ts'
import type { Owner, Ownership } from './ownership.ts'
import { Upstreams, type MirrorSource } from './upstreams.ts'
import { Views } from './views.ts'

/** Milliseconds for which a page is believed to lack what is asked for and it does not list. */
const recent = 5000

/**
 * The directory and its upstreams as one index. Local files come first; the first upstream that has
 * a project owns it, and a failing one is never skipped in silence. In `offline` form nothing is
 * asked and only what is held is listed.
 */
export class Stack implements Index {
  readonly name: string
  readonly #folder: Folder
  readonly #holdings: Holdings
  readonly #upstreams: Upstreams
  readonly #ownership: Ownership
  readonly #views: Views
  readonly #metadata: CoreMetadata
  readonly #offline: boolean
  readonly #log: Log

  constructor(
    name: string,
    parts: {
      folder: Folder
      mirrors: MirrorSource
      ownership: Ownership
      metadata: CoreMetadata
      offline: boolean
      log: Log
    },
  ) {
    this.name = name
    this.#folder = parts.folder
    this.#holdings = new Holdings(parts.folder, parts.metadata)
    this.#upstreams = new Upstreams(parts.mirrors, parts.offline)
    this.#ownership = parts.ownership
    this.#metadata = parts.metadata
    this.#views = new Views({ ...parts, upstreams: this.#upstreams })
    this.#offline = parts.offline
    this.#log = parts.log
  }

  get limits(): string | undefined {
    return this.#offline ? 'offline: only what lies in the directory is here' : undefined
  }

  async *projects(): AsyncGenerator<Name, void> {
    const local = new Set<Name>()
    for (const name of await this.#folder.names()) if (await this.#folder.has(name)) local.add(name)
    yield* local
    yield* this.#upstreams.names(local)
  }

  async project(name: Name, ask: Ask = {}): Promise<Project | undefined> {
    const view = await this.#views.of(name, ask)
    if (!hasAnything(view, this.#offline)) return undefined
    const { local, owner, listed } = view
    const source = listed?.source ?? (view.cutOff ? 'stale' : 'hit')
    const revision = [
      owner.kind,
      local.revision,
      listed === undefined ?
        view.cutOff ?
          'cut off'
        : '-'
      : `${listed.mirror.name} ${listed.held.head.sha256}`,
    ].join('|')
    return {
      name,
      revision,
      source,
      page: () => mergedPage(name, view, this.#offline, this.#log),
      api: listed?.mirror.api,
    }
  }

  async file(wanted: Wanted): Promise<Found | undefined> {
    const { name, filename } = wanted
    const local = await this.#folder.of(name)
    const owner = await this.#ownership.of(name, local)
    const held = await this.#openLocal(wanted, local, owner)
    if (held !== undefined) return { resource: held, source: 'hit' }
    const listed = await this.#entry(wanted, owner)
    if (listed === undefined) return undefined
    const sameBytes = await this.#holdings.same(name, filename, local, listed.entry.file)
    if (sameBytes !== undefined)
      return sameBytes === 'other' ? undefined : { resource: sameBytes, source: 'hit' }
    if (this.#offline) return undefined
    const resource = await listed.mirror.fetch(listed.entry)
    return resource === undefined ? undefined : { resource, source: 'miss' }
  }

  async fetch(wanted: Wanted): Promise<Kept | undefined> {
    const found = await this.file(wanted)
    if (found === undefined) return undefined
    await found.resource.completed?.()
    const kept = this.#holdings.kept(await this.#folder.of(wanted.name), wanted.filename)
    if (kept === undefined) throw new Error(`${wanted.filename} was removed as soon as it was here`)
    return { ...kept, source: found.source }
  }

  async metadata(wanted: Wanted): Promise<Found | undefined> {
    const { name, filename } = wanted
    if (!isWheel(filename)) return undefined
    const local = await this.#folder.of(name)
    const owner = await this.#ownership.of(name, local)
    const held = await this.#holdings.metadata(wanted, local, owner)
    if (held !== undefined) return { resource: held, source: 'hit' }
    const listed = await this.#entry(wanted, owner)
    if (listed === undefined) return undefined
    const content = contentOf(listed.entry.file)
    const expected = metadataDigest(listed.entry.file)
    const kept = await this.#metadata.held(name, filename, content, expected)
    if (kept !== undefined) return { resource: kept, source: 'hit' }
    if (this.#offline) return undefined
    const bytes = await listed.mirror.metadata(listed.entry)
    const resource =
      bytes === undefined ?
        // It was easier to fetch the wheel: now it is here.
        await this.#holdings.metadata(wanted, await this.#folder.of(name), owner)
      : await this.#metadata.keep(name, filename, content, bytes, {
          // What a power cut takes is had again; what it tears is noticed where the digest is known.
          durable: expected === undefined ? 'content' : false,
        })
    return resource === undefined ? undefined : { resource, source: 'miss' }
  }

  async peek(wanted: Wanted): Promise<Resource | undefined> {
    const local = await this.#folder.of(wanted.name)
    const owner = await this.#ownership.of(wanted.name, local)
    const held = await this.#openLocal(wanted, local, owner)
    if (held !== undefined) return held
    const listed = await this.#entry(wanted, owner)
    return listed === undefined || this.#offline ? undefined : listed.mirror.peek(listed.entry)
  }

  /** What is known of a project and by which rules, for `explain`. */
  explain(name: Name): Promise<View> {
    return this.#views.of(name, {})
  }

  async #openLocal(wanted: Wanted, local: Local, owner: Owner): Promise<Resource | undefined> {
    const own = await this.#holdings.own(wanted, local)
    if (own !== undefined || owner.kind === 'private') return own
    if (local.mirrored.has(wanted.filename)) await this.#upstreams.refuseQuarantined(wanted.name)
    return this.#holdings.mirrored(wanted, local, owner)
  }

  /**
   * The upstream's entry for a file: by the page that is held, else by asking, for what a page lacks
   * may have been published since.
   * @throws {UpstreamError} when nobody can say whether there is such a file
   */
  async #entry(
    wanted: Wanted,
    owner: Owner,
  ): Promise<{ mirror: Mirror; entry: Entry } | undefined> {
    const { name, filename, path } = wanted
    if (owner.kind === 'private') return undefined
    const find = async (listed: Listed | undefined) => {
      if (listed === undefined) return undefined
      const entry = await listed.mirror.entry(name, listed.held, filename, path)
      return entry === undefined ? undefined : { mirror: listed.mirror, entry }
    }
    await this.#upstreams.refuseQuarantined(name)
    const listed = owner.kind === 'open' ? undefined : await this.#upstreams.held(name)
    const held = await find(listed)
    if (held !== undefined || this.#offline) return held
    const isOld = listed !== undefined && Date.now() - listed.held.confirmed > recent
    const view = await this.#views.of(name, { confirm: isOld })
    if (view.owner.kind === 'private') return undefined
    const entry = await find(view.listed)
    if (entry === undefined && (view.cutOff || view.listed?.source === 'stale'))
      throw new UpstreamError('unreachable', `upstream cannot be asked about ${filename}`)
    return entry
  }
}

const hasAnything = ({ local, owner, listed }: View, offline: boolean): boolean => {
  if (local.uploaded.size + local.dropped.size > 0) return true
  if (owner.kind === 'private') return false
  return local.mirrored.size > 0 || (listed !== undefined && !offline)
}

const contentOf = (file: File): string =>
  file.hashes['sha256'] ?? createHash('sha256').update(file.url).digest('hex')
