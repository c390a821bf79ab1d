import type { Resource } from '../disk/resource.ts'
import { hashedPath } from '../spec/places.ts'
import { rootIndex } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'
import type { Ask, Found, Index, Kept, Project, Wanted } from './index.ts'
import type { PageMemory } from './page-memory.ts'

const hashed = `${rootIndex}/+f/`

/**
 * The root index whose files are found at devpi's paths, too: `root/pypi/+f/ab3/4ef0123456789/FILE`.
 * All else is as it was.
 */
export class HashedPaths implements Index {
  readonly name: string
  readonly #index: Index
  readonly #pages: PageMemory

  constructor(index: Index, pages: PageMemory) {
    this.name = index.name
    this.#index = index
    this.#pages = pages
  }

  get limits(): string | undefined {
    return this.#index.limits
  }

  projects(): AsyncIterable<Name> {
    return this.#index.projects()
  }

  project(name: Name, ask?: Ask): Promise<Project | undefined> {
    return this.#index.project(name, ask)
  }

  async file(wanted: Wanted): Promise<Found | undefined> {
    const found = await this.#meant(wanted)
    return found && this.#index.file(found)
  }

  async fetch(wanted: Wanted): Promise<Kept | undefined> {
    const found = await this.#meant(wanted)
    return found && this.#index.fetch(found)
  }

  async metadata(wanted: Wanted): Promise<Found | undefined> {
    const found = await this.#meant(wanted)
    return found && this.#index.metadata(found)
  }

  async peek(wanted: Wanted): Promise<Resource | undefined> {
    const found = await this.#meant(wanted)
    return found && this.#index.peek(found)
  }

  /** The file by its own path; undefined when no file has this digest. */
  async #meant(wanted: Wanted): Promise<Wanted | undefined> {
    const { name, filename, path } = wanted
    if (path?.startsWith(hashed) !== true) return wanted
    const project = await this.#index.project(name)
    if (project === undefined) return undefined
    const { files } = await this.#pages.of(rootIndex, project)
    const file = files.find(
      ({ filename: listed, hashes }) =>
        listed === filename && hashedPath(rootIndex, hashes['sha256'] ?? '', listed) === path,
    )
    return file && { ...wanted, path: file.url }
  }
}
