import type { Name } from '../spec/project-name.ts'
import { DeniedError } from './denied-error.ts'
import type { Ask } from './index.ts'
import type { Listed } from './merge.ts'
import type { Mirror } from './mirror.ts'

/**
 * Several upstreams as one: the first that has a project owns it, and a failing one is never skipped
 * in silence. In `offline` form nothing is asked.
 */
export class Upstreams {
  readonly #mirrors: readonly Mirror[]
  readonly #offline: boolean

  constructor(mirrors: readonly Mirror[], offline: boolean) {
    this.#mirrors = mirrors
    this.#offline = offline
  }

  /** All names that they have and `others` has not, each once. */
  async *names(others: ReadonlySet<Name>): AsyncGenerator<Name, void> {
    if (this.#offline) return
    const seen = new Set(others)
    for (const mirror of this.#mirrors)
      for await (const name of mirror.names()) {
        if (seen.has(name) || !mirror.asks(name)) continue
        // One alone tells each name once, and all of them would fill the memory.
        if (this.#mirrors.length > 1) seen.add(name)
        yield name
      }
  }

  /** The first one that has the project, by its page. Throws when that cannot be found out. */
  async listed(name: Name, ask: Ask): Promise<Listed | undefined> {
    const mirrors = this.#askable(name)
    if (this.#offline) {
      const held = await firstHeld(mirrors, name)
      return held === undefined ? undefined : { ...held, source: 'hit' }
    }
    for (const [place, mirror] of mirrors.entries()) {
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

  /** The first one whose page of the project is held, without asking. */
  held(name: Name): Promise<Listed | undefined> {
    return firstHeld(this.#askable(name), name)
  }

  /** @throws {DeniedError} when upstream has quarantined the project, which means malware (SA-93) */
  async refuseQuarantined(name: Name): Promise<void> {
    if ((await this.held(name))?.held.head.quarantined !== true) return
    // It may have been lifted since; when that cannot be found out, it stays.
    const listed = await this.listed(name, {})
    if (listed?.held.head.quarantined === true)
      throw new DeniedError(`${name} is quarantined upstream: its files are not served`)
  }

  #askable(name: Name): Mirror[] {
    return this.#mirrors.filter(mirror => mirror.asks(name))
  }
}

const firstHeld = async (mirrors: readonly Mirror[], name: Name): Promise<Listed | undefined> => {
  for (const mirror of mirrors) {
    const held = await mirror.held(name)
    if (held !== undefined) return { mirror, held, source: 'stale' }
  }
  return undefined
}
