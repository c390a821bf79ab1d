import { createHash } from 'node:crypto'
import type { Resource } from '../disk/resource.ts'
import type { Log } from '../log.ts'
import { isWheel, type Filename } from '../spec/filename.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { localPath } from '../spec/public-path.ts'
import { UpstreamError } from '../upstream/client.ts'
import { noneIn } from './archives.ts'
import type { CoreMetadata } from './core-metadata.ts'
import { DeniedError } from './denied-error.ts'
import type { Folder, Local } from './folder.ts'
import type { Ask, Found, Index, Kept, Project, Wanted } from './index.ts'
import { mergedPage, type Listed, type View } from './merge.ts'
import type { Entry, Mirror } from './mirror.ts'
import type { Owner, Ownership } from './ownership.ts'

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
  readonly #mirrors: readonly Mirror[]
  readonly #ownership: Ownership
  readonly #metadata: CoreMetadata
  readonly #offline: boolean
  readonly #log: Log

  constructor(
    name: string,
    parts: {
      folder: Folder
      mirrors: readonly Mirror[]
      ownership: Ownership
      metadata: CoreMetadata
      offline: boolean
      log: Log
    },
  ) {
    this.name = name
    this.#folder = parts.folder
    this.#mirrors = parts.mirrors
    this.#ownership = parts.ownership
    this.#metadata = parts.metadata
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
    if (this.#offline) return
    const seen = this.#mirrors.length > 1 ? new Set(local) : local
    for (const mirror of this.#mirrors)
      for await (const name of mirror.names()) {
        if (seen.has(name) || !mirror.asks(name)) continue
        if (this.#mirrors.length > 1) seen.add(name)
        yield name
      }
  }

  async project(name: Name, ask: Ask = {}): Promise<Project | undefined> {
    const view = await this.#view(name, ask)
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
    const sameBytes = await this.#openSame(name, filename, local, listed.entry.file)
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
    const { dropped, mirrored } = await this.#folder.of(wanted.name)
    const { source } = found
    const own = dropped.get(wanted.filename)
    if (own !== undefined)
      return { path: own.path, size: own.file.size as number, sha256: own.sha256, source }
    const held = mirrored.get(wanted.filename)
    if (held === undefined) throw new Error(`${wanted.filename} was removed as soon as it was here`)
    return { path: held.path, size: held.fact.size, sha256: held.fact.sha256, source }
  }

  async metadata(wanted: Wanted): Promise<Found | undefined> {
    const { name, filename } = wanted
    if (!isWheel(filename)) return undefined
    const local = await this.#folder.of(name)
    const owner = await this.#ownership.of(name, local)
    const held = await this.#localMetadata(wanted, local, owner)
    if (held !== undefined) return { resource: held, source: 'hit' }
    const listed = await this.#entry(wanted, owner)
    if (listed === undefined) return undefined
    const content = contentOf(listed.entry.file)
    const kept = await this.#metadata.held(name, filename, content)
    if (kept !== undefined) return { resource: kept, source: 'hit' }
    if (this.#offline) return undefined
    const bytes = await listed.mirror.metadata(listed.entry)
    const resource =
      bytes === undefined ?
        // It was easier to fetch the wheel: now it is here.
        await this.#localMetadata(wanted, await this.#folder.of(name), owner)
      : await this.#metadata.keep(name, filename, content, bytes)
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
    return this.#view(name, {})
  }

  async #view(name: Name, ask: Ask): Promise<View> {
    const local = await this.#folder.of(name)
    const owner = await this.#ownership.of(name, local)
    if (owner.kind === 'private') return { local, owner, listed: undefined, cutOff: false }
    const hasLocal = local.mirrored.size + local.dropped.size > 0
    try {
      const listed = await this.#listed(name, ask)
      if (owner.kind === 'public' || this.#offline) return { local, owner, listed, cutOff: false }
      const decided = await this.#ownership.decide(name, local, await listed?.held.page())
      return {
        local,
        owner: decided,
        listed: decided.kind === 'public' ? listed : undefined,
        cutOff: false,
      }
    } catch (error) {
      // Nothing of this project's page is held, but files are: better these than none.
      if (!hasLocal) throw error
      this.#log.warn('upstream cannot be asked, listing local files only', {
        project: name,
        reason: (error as Error).message,
      })
      return { local, owner, listed: undefined, cutOff: true }
    }
  }

  /** The first upstream that has the project, by its page. */
  async #listed(name: Name, ask: Ask): Promise<Listed | undefined> {
    const mirrors = this.#mirrors.filter(mirror => mirror.asks(name))
    for (const [place, mirror] of mirrors.entries()) {
      if (this.#offline) {
        const held = await mirror.held(name)
        if (held !== undefined) return { mirror, held, source: 'hit' }
        continue
      }
      const later = await firstHeld(mirrors.slice(place + 1), name)
      try {
        const got = await mirror.get(name, {
          ...ask,
          ...(later !== undefined && { patience: 1000 }),
        })
        if (got.held !== undefined) return { mirror, held: got.held, source: got.source }
      } catch (error) {
        // What was served from a later one before can be served again (need 3).
        if (later === undefined) throw error
        return later
      }
    }
    return undefined
  }

  async #openLocal(
    { name, filename, path }: Wanted,
    local: Local,
    owner: Owner,
  ): Promise<Resource | undefined> {
    const dropped = local.dropped.get(filename)
    if (dropped !== undefined && (path === undefined || path === localPath(name, filename)))
      return this.#folder.openDropped(dropped)
    const mirrored = owner.kind === 'private' ? undefined : local.mirrored.get(filename)
    if (mirrored === undefined || (path !== undefined && path !== mirrored.fact.path))
      return undefined
    await this.#refuseQuarantined(name)
    return this.#folder.openMirrored(name, filename, mirrored)
  }

  /** The local file of this name if it has the listed bytes; `other` if it has different ones. */
  async #openSame(
    name: Name,
    filename: Filename,
    local: Local,
    file: File,
  ): Promise<Resource | 'other' | undefined> {
    const dropped = local.dropped.get(filename)
    const listed = file.hashes['sha256']
    if (dropped !== undefined)
      return dropped.sha256 === listed ?
          ((await this.#folder.openDropped(dropped)) ?? 'other')
        : 'other'
    const mirrored = local.mirrored.get(filename)
    if (mirrored === undefined) return undefined
    if (listed !== undefined && listed !== mirrored.fact.sha256) return 'other'
    return this.#folder.openMirrored(name, filename, mirrored)
  }

  async #localMetadata(wanted: Wanted, local: Local, owner: Owner): Promise<Resource | undefined> {
    const { name, filename, path } = wanted
    const dropped = local.dropped.get(filename)
    if (dropped !== undefined && (path === undefined || path === localPath(name, filename)))
      return this.#metadata
        .fromWheel(name, filename, dropped.path, dropped.file.size as number, dropped.sha256)
        .catch(noneIn)
    const mirrored = owner.kind === 'private' ? undefined : local.mirrored.get(filename)
    if (mirrored === undefined || (path !== undefined && path !== mirrored.fact.path))
      return undefined
    const { fact } = mirrored
    return this.#metadata
      .fromWheel(name, filename, mirrored.path, fact.size, fact.sha256)
      .catch(noneIn)
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
    await this.#refuseQuarantined(name)
    const listed = owner.kind === 'open' ? undefined : await this.#firstHeld(name)
    const held = await find(listed)
    if (held !== undefined || this.#offline) return held
    const isOld = listed !== undefined && Date.now() - listed.held.confirmed > recent
    const view = await this.#view(name, { confirm: isOld })
    if (view.owner.kind === 'private') return undefined
    const entry = await find(view.listed)
    if (entry === undefined && (view.cutOff || view.listed?.source === 'stale'))
      throw new UpstreamError('unreachable', `upstream cannot be asked about ${filename}`)
    return entry
  }

  /** @throws {DeniedError} when upstream has quarantined the project, which means malware (SA-93) */
  async #refuseQuarantined(name: Name): Promise<void> {
    if ((await this.#firstHeld(name))?.held.head.quarantined !== true) return
    // It may have been lifted since.
    const { listed } = await this.#view(name, {})
    if (listed?.held.head.quarantined === true)
      throw new DeniedError(`${name} is quarantined upstream: its files are not served`)
  }

  #firstHeld(name: Name): Promise<Listed | undefined> {
    return firstHeld(
      this.#mirrors.filter(mirror => mirror.asks(name)),
      name,
    )
  }
}

const hasAnything = ({ local, owner, listed }: View, offline: boolean): boolean => {
  if (local.dropped.size > 0) return true
  if (owner.kind === 'private') return false
  return local.mirrored.size > 0 || (listed !== undefined && !offline)
}

const firstHeld = async (mirrors: readonly Mirror[], name: Name): Promise<Listed | undefined> => {
  for (const mirror of mirrors) {
    const held = await mirror.held(name)
    if (held !== undefined) return { mirror, held, source: 'stale' }
  }
  return undefined
}

const contentOf = (file: File): string =>
  file.hashes['sha256'] ?? createHash('sha256').update(file.url).digest('hex')
