import { bounded } from '../bounded.ts'
import { parseObject, type JsonObject } from '../disk/json.ts'
import { Flight } from '../flight.ts'
import type { UpstreamSettings } from '../settings.ts'
import { mayPass } from '../spec/file-fields.ts'
import type { Name } from '../spec/project-name.ts'
import { discardAnswer, UpstreamError, type Answer, type UpstreamClient } from './client.ts'
import type { DocumentStore, HeldDocument } from './document-store.ts'
import type { HealthWatch } from './health.ts'
import type { PageLimits } from './pages.ts'
import { withPatience } from './patience.ts'
import { conditionsOf, maxAgeOf, validatorsOf } from './validators.ts'

/** Milliseconds for which an upstream's refusal is believed. */
const absence = 60_000

/** Milliseconds for which what failed is not asked for again. */
const pause = 30_000

/** Milliseconds that a client waits for the confirmation of what is merely stale. */
const patience = 1000

/** One JSON object at an upstream. */
export interface Wish {
  readonly name: Name
  readonly url: URL
  readonly accept: string
  /** False for an object that is something else. */
  readonly isUsable: (value: JsonObject) => boolean
  /** Look at upstream however fresh the copy is. */
  readonly confirm?: boolean
}

/**
 * JSON documents of one upstream, kept by the rules of its pages: fresh ones from disk, stale ones
 * confirmed by a conditional request, old ones however old when upstream fails. Upstream may well
 * lack them all.
 */
export class Documents {
  readonly #settings: UpstreamSettings
  readonly #client: UpstreamClient
  readonly #store: DocumentStore
  readonly #health: HealthWatch
  readonly #limits: PageLimits
  readonly #offline: boolean
  readonly #refreshing = new Flight<HeldDocument | undefined>()
  /** When upstream had none, and when it failed, by the monotonic clock. */
  readonly #absent = bounded<string, number>(10_000)
  readonly #failed = bounded<string, number>(10_000)

  constructor(parts: {
    settings: UpstreamSettings
    client: UpstreamClient
    store: DocumentStore
    health: HealthWatch
    limits: PageLimits
    offline: boolean
  }) {
    this.#settings = parts.settings
    this.#client = parts.client
    this.#store = parts.store
    this.#health = parts.health
    this.#limits = parts.limits
    this.#offline = parts.offline
  }

  /**
   * The document at a URL that upstream named, or at one of its own.
   * @returns undefined when upstream has none there
   * @throws {UpstreamError} when upstream fails, or may not be asked for it, and nothing is held
   */
  async get(wish: Wish): Promise<HeldDocument | undefined> {
    const { url } = wish
    const held = await this.#store.held(wish.name, url)
    if (this.#offline) return held
    if (wish.confirm !== true) {
      if (held !== undefined && this.#isFresh(held)) return held
      if (isRecent(this.#absent.get(url.href), absence)) return held
    }
    const isResting = this.#health.resting || isRecent(this.#failed.get(url.href), pause)
    if (isResting && held === undefined)
      throw new UpstreamError('unreachable', `upstream ${this.#settings.name} failed lately`)
    if (isResting) return held
    const refreshed = this.#refreshing.run(url.href, () => this.#refresh(wish, held))
    if (held === undefined) return refreshed
    const answer = refreshed.catch(() => held)
    return wish.confirm === true ? answer : withPatience(answer, patience, () => held)
  }

  async #refresh(wish: Wish, held: HeldDocument | undefined): Promise<HeldDocument | undefined> {
    const { href } = wish.url
    try {
      const got = await this.#ask(wish, held)
      this.#failed.delete(href)
      if (got === undefined) this.#absent.set(href, performance.now())
      else this.#absent.delete(href)
      // What upstream has deleted stays, as files do.
      return got ?? held
    } catch (error) {
      this.#failed.set(href, performance.now())
      throw error
    }
  }

  async #ask(wish: Wish, held: HeldDocument | undefined): Promise<HeldDocument | undefined> {
    const conditions = held === undefined ? {} : conditionsOf(held.head)
    const headers = { accept: wish.accept, 'cache-control': 'max-age=0', ...conditions }
    const answer = await this.#client.get(wish.url, { headers, kind: 'page' })
    if (answer.status === 200) return this.#receive(wish, answer)
    discardAnswer(answer)
    if (answer.status === 304 && held !== undefined) return this.#store.confirm(wish.name, held)
    // 404, 403, 405 and what else servers say that know nothing of such a path.
    return undefined
  }

  async #receive({ name, url, isUsable }: Wish, answer: Answer): Promise<HeldDocument | undefined> {
    const text = await this.#client.readText(answer, this.#limits)
    const value = parseObject(text)
    // A page for people, or an object nested so deeply that writing it again would fail (fault U66).
    if (value === undefined || !mayPass('document', value) || !isUsable(value)) return undefined
    const head = { url: url.href, ...validatorsOf(answer), ...maxAgeOf(answer) }
    return this.#store.keep(name, head, text)
  }

  // A time in the future is no evidence of freshness (fault S34).
  #isFresh({ confirmed, head }: HeldDocument): boolean {
    const age = Date.now() - confirmed
    const allowed = Math.min(this.#settings.refresh, head.maxAge ?? Infinity)
    return age > -2000 && age < allowed * 1000
  }
}

const isRecent = (at: number | undefined, milliseconds: number): boolean =>
  at !== undefined && performance.now() - at < milliseconds
