import { isWheel } from '../spec/filename.ts'
import type { IndexName } from '../spec/index-name.ts'
import { makePage } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import type { Resource } from '../disk/resource.ts'
import type { CoreMetadata } from './core-metadata.ts'
import type { Folder } from './folder.ts'
import { Holdings } from './holdings.ts'
import type { Found, Index, Kept, Project, Wanted } from './index.ts'
import { ownFiles } from './local.ts'
import type { Owner } from './ownership.ts'
import type { Releases } from './releases.ts'

const own: Owner = { kind: 'private' }

/** What was uploaded to an index, registered there or put into its directory; nobody else is asked. */
export class Hosted implements Index {
  readonly name: IndexName
  readonly #folder: Folder
  readonly #holdings: Holdings
  readonly #releases: Releases

  constructor(
    name: IndexName,
    parts: { folder: Folder; metadata: CoreMetadata; releases: Releases },
  ) {
    this.name = name
    this.#folder = parts.folder
    this.#holdings = new Holdings(parts.folder, parts.metadata)
    this.#releases = parts.releases
  }

  async *projects(): AsyncGenerator<Name, void> {
    const registered = await this.#releases.projects()
    yield* registered
    for (const name of await this.#folder.names())
      if (!registered.has(name) && (await this.#folder.has(name))) yield name
  }

  /** Also when it is only registered: its page then has no files. */
  async project(name: Name): Promise<Project | undefined> {
    const local = await this.#folder.of(name)
    const isEmpty = local.uploaded.size + local.dropped.size === 0
    if (isEmpty && !(await this.#releases.has(name))) return undefined
    return {
      name,
      revision: local.revision,
      source: 'hit',
      page: async () => makePage(name, ownFiles(local)),
    }
  }

  /**
   * True when no mirror may be asked for a name, since it is one of ours: it has files, is registered,
   * or had files and was not erased since.
   */
  async claims(name: Name): Promise<boolean> {
    const { uploaded, dropped, claimed, unfinished } = await this.#folder.of(name)
    if (claimed !== undefined || uploaded.size + dropped.size + unfinished > 0) return true
    return this.#releases.has(name)
  }

  async file(wanted: Wanted): Promise<Found | undefined> {
    const resource = await this.peek(wanted)
    return resource && { resource, source: 'hit' }
  }

  async fetch(wanted: Wanted): Promise<Kept | undefined> {
    const local = await this.#folder.of(wanted.name)
    if (!(await this.#holdings.hasOwn(wanted, local))) return undefined
    const kept = this.#holdings.kept(local, wanted.filename)
    return kept && { ...kept, source: 'hit' }
  }

  async metadata(wanted: Wanted): Promise<Found | undefined> {
    if (!isWheel(wanted.filename)) return undefined
    const local = await this.#folder.of(wanted.name)
    const resource = await this.#holdings.metadata(wanted, local, own)
    return resource && { resource, source: 'hit' }
  }

  async peek(wanted: Wanted): Promise<Resource | undefined> {
    return this.#holdings.own(wanted, await this.#folder.of(wanted.name))
  }
}
