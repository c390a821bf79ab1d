import type { Log } from '../log.ts'
import type { Name } from '../spec/project-name.ts'
import type { Folder } from './folder.ts'
import type { Ask } from './index.ts'
import type { View } from './merge.ts'
import type { Ownership } from './ownership.ts'
import type { Upstreams } from './upstreams.ts'

/** Finds out what is known of a project, and whose it is. */
export class Views {
  readonly #folder: Folder
  readonly #ownership: Ownership
  readonly #upstreams: Upstreams
  readonly #offline: boolean
  readonly #log: Log

  constructor(parts: {
    folder: Folder
    ownership: Ownership
    upstreams: Upstreams
    offline: boolean
    log: Log
  }) {
    this.#folder = parts.folder
    this.#ownership = parts.ownership
    this.#upstreams = parts.upstreams
    this.#offline = parts.offline
    this.#log = parts.log
  }

  /**
   * Everything local and upstream.
   * @throws when upstream cannot be asked and nothing of the project is here
   */
  async of(name: Name, ask: Ask): Promise<View> {
    const local = await this.#folder.of(name)
    const owner = await this.#ownership.of(name, local)
    if (owner.kind === 'private') return { local, owner, listed: undefined, cutOff: false }
    const hasLocal = local.mirrored.size + local.uploaded.size + local.dropped.size > 0
    try {
      const listed = await this.#upstreams.listed(name, ask)
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
}
