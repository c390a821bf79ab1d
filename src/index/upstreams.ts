import type { Name } from '../spec/project-name.ts'
import { UpstreamError } from '../upstream/upstream-error.ts'
import { DeniedError } from './denied-error.ts'
import type { Ask } from './index.ts'
import type { Listed } from './merge.ts'
import type { Mirror } from './mirror.ts'

/** Which upstreams an index has; they may change while it runs. */
export interface MirrorSource {
  now(): readonly Mirror[] | Promise<readonly Mirror[]>
  /** Why there is none though there should be one; what only upstream can tell is an error then. */
  readonly lack?: string | undefined
}

/**
 * Several upstreams as one: the first that has a project owns it, and a failing one is never skipped
 * in silence. In `offline` form nothing is asked.
 */
export class Upstreams {
  readonly #source: MirrorSource
  readonly #offline: boolean

  constructor(source: MirrorSource, offline: boolean) {
    this.#source = source
    this.#offline = offline
  }

  /** All names that they have and `others` has not, each once. */
  async *names(others: ReadonlySet<Name>): AsyncGenerator<Name, void> {
    if (this.#offline) return
    const mirrors = await this.#all()
    const seen = new Set(others)
    for (const mirror of mirrors)
      for await (const name of mirror.names()) {
        if (seen.has(name) || !mirror.asks(name)) continue
        // One alone tells each name once, and all of them would fill the memory.
        if (mirrors.length > 1) seen.add(name)
        yield name
      }
  }

  /** The first one that has the project, by its page. Throws when that cannot be found out. */
  async listed(name: Name, ask: Ask): Promise<Listed | undefined> {
    if (this.#offline) {
      const held = await this.held(name)
      return held === undefined ? undefined : { ...held, source: 'hit' }
    }
    const mirrors = askable(await this.#all(), name)
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
  async held(name: Name): Promise<Listed | undefined> {
    return firstHeld(askable(await this.#source.now(), name), name)
  }

  /** @throws {DeniedError} when upstream has quarantined the project, which means malware (SA-93) */
  async refuseQuarantined(name: Name): Promise<void> {
    if ((await this.held(name))?.held.head.quarantined !== true) return
    // It may have been lifted since; when that cannot be found out, it stays.
    const listed = await this.listed(name, {})
    if (listed?.held.head.quarantined === true)
      throw new DeniedError(`${name} is quarantined upstream: its files are not served`)
  }

  async #all(): Promise<readonly Mirror[]> {
    const { lack } = this.#source
    if (lack !== undefined) throw new UpstreamError('refused', lack)
    return this.#source.now()
  }
}

const askable = (mirrors: readonly Mirror[], name: Name): Mirror[] =>
  mirrors.filter(mirror => mirror.asks(name))

const firstHeld = async (mirrors: readonly Mirror[], name: Name): Promise<Listed | undefined> => {
  for (const mirror of mirrors) {
    const held = await mirror.held(name)
    if (held !== undefined) return { mirror, held, source: 'stale' }
  }
  return undefined
}
