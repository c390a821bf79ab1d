import { bounded } from '../bounded.ts'
import { Flight } from '../flight.ts'
import type { Log } from '../log.ts'
import type { UpstreamSettings } from '../settings.ts'
import { PageError, readPage, type Page } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { discardAnswer, UpstreamError, type Answer, type UpstreamClient } from './client.ts'
import type { HealthWatch } from './health.ts'
import type { HeldPage, PageStore } from './page-store.ts'
import { withPatience } from './patience.ts'
import { readHtmlPage, sniff } from './simple-html.ts'
import { conditionsOf, maxAgeOf, validatorsOf } from './validators.ts'

/** What an upstream has to say of a project. */
export interface Got {
  /** Undefined when upstream has no such project. */
  readonly held: HeldPage | undefined
  readonly source: 'hit' | 'miss' | 'stale' | 'revalidated'
}

/** What to do about a page that is held or not. */
export interface Want {
  /** Look at upstream however fresh the copy is. */
  readonly confirm?: boolean
  /** Milliseconds after which a copy, if there is one, is preferred to waiting on. */
  readonly patience?: number
}

/** Milliseconds for which an upstream's 404 is believed: new projects appear any time (SA-107). */
const absence = 60_000

/** Milliseconds that a client waits for the confirmation of a page that is merely stale. */
const patience = 1000

const accept =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01'

/** An upstream page's limits. */
export interface PageLimits {
  /** Largest page, in bytes after decompression. */
  readonly maxBytes: number
  /** Seconds for a whole page. */
  readonly timeout: number
}

/**
 * The project pages of one upstream, as fresh as the settings ask: fresh ones from disk, stale ones
 * confirmed by a conditional request, old ones however old when upstream fails.
 */
export class Pages {
  readonly settings: UpstreamSettings
  readonly store: PageStore
  readonly #client: UpstreamClient
  readonly #health: HealthWatch
  readonly #log: Log
  readonly #limits: PageLimits
  readonly #refreshing = new Flight<Got>()
  readonly #absent = bounded<Name, number>(10_000)
  /** When a page's own failure was last met, so that a broken page is not asked for at every request. */
  readonly #failed = bounded<Name, number>(10_000)

  constructor(
    settings: UpstreamSettings,
    parts: {
      client: UpstreamClient
      store: PageStore
      health: HealthWatch
      log: Log
      limits: PageLimits
    },
  ) {
    this.settings = settings
    this.#client = parts.client
    this.store = parts.store
    this.#health = parts.health
    this.#log = parts.log
    this.#limits = parts.limits
  }

  /** The page that is held and still of this upstream, without asking. */
  async held(name: Name): Promise<HeldPage | undefined> {
    const held = await this.store.held(name)
    return held?.head.url === this.#url(name).href ? held : undefined
  }

  /** Forgets the page that is held; false when none is. */
  async forget(name: Name): Promise<boolean> {
    const isHeld = (await this.store.held(name)) !== undefined
    this.#absent.delete(name)
    this.#failed.delete(name)
    await this.store.forget(name)
    return isHeld
  }

  /**
   * The project's page.
   * @throws {UpstreamError} when upstream fails and nothing is held
   */
  async get(name: Name, want: Want = {}): Promise<Got> {
    const held = await this.held(name)
    if (want.confirm !== true) {
      if (held !== undefined && this.#isFresh(held)) return { held: present(held), source: 'hit' }
      if (held === undefined && this.#isAbsent(name)) return { held: undefined, source: 'hit' }
      if (held !== undefined && (this.#health.resting || this.#failedLately(name)))
        return { held: present(held), source: 'stale' }
      if (held === undefined && this.#health.pausing)
        throw new UpstreamError('status', `upstream ${this.settings.name} asks for a pause`)
    }
    const refreshed = this.#refreshing.run(name, () => this.#refresh(name, held))
    if (held === undefined && want.patience === undefined) return refreshed
    const stale = (): Got => ({ held: present(held), source: 'stale' })
    // Without a copy of ours the caller has another one: it is told by an exception.
    const answer = held === undefined ? refreshed : refreshed.catch(stale)
    if (want.confirm === true) return answer
    return withPatience(answer, want.patience ?? patience, () => {
      if (held === undefined)
        throw new UpstreamError('timeout', `upstream ${this.settings.name} is slow`)
      return stale()
    })
  }

  async #refresh(name: Name, held: HeldPage | undefined): Promise<Got> {
    try {
      const got = await this.#ask(name, held)
      this.#health.answered()
      this.#failed.delete(name)
      return got
    } catch (error) {
      this.#note(name, error, held !== undefined)
      throw error
    }
  }

  // What fails for long is said once, be it the upstream or one page.
  #note(name: Name, error: unknown, isHeld: boolean): void {
    const isNew = !this.#failed.has(name)
    this.#failed.set(name, performance.now())
    const { message } = error as Error
    if (error instanceof UpstreamError && error.kind !== 'invalid') {
      const { kind, answered, retryAfter } = error
      if (kind !== 'status') return this.#health.failed(message)
      if (answered !== undefined) this.#health.refused(message, retryAfter)
    }
    if (isHeld && isNew && this.#health.health.ok)
      this.#log.warn('page not confirmed, serving the old one', { project: name, reason: message })
  }

  async #ask(name: Name, held: HeldPage | undefined): Promise<Got> {
    const url = this.#url(name)
    const known = present(held)
    const conditions = conditionsOf(known?.head ?? {})
    const headers = { accept, 'cache-control': 'max-age=0', ...conditions }
    const answer = await this.#client.get(url, { headers, kind: 'page' })
    if (answer.status === 200) return this.#receive(name, url, answer, known)
    discardAnswer(answer)
    const isAsked = Object.keys(conditions).length > 0
    if (answer.status === 304 && known !== undefined && isAsked)
      return { held: await this.store.confirm(name, known), source: 'revalidated' }
    if (answer.status === 404 || answer.status === 410) return this.#gone(name, held)
    throw new UpstreamError(
      'status',
      `upstream ${this.settings.name} answered ${answer.status} for ${url.href}`,
    )
  }

  async #receive(name: Name, url: URL, answer: Answer, held: HeldPage | undefined): Promise<Got> {
    const text = await this.#client.readText(answer, this.#limits)
    const page = this.#parse(text, answer, name)
    const serial = page.meta['_last-serial'] ?? numberOf(answer.headers.get('x-pypi-last-serial'))
    // Nodes of a CDN disagree for minutes: what is older than ours is not believed (SA-108).
    if (this.#isOlder(serial, held))
      return { held: await this.store.confirm(name, held), source: 'revalidated' }
    this.#absent.delete(name)
    const head = {
      url: url.href,
      ...validatorsOf(answer),
      ...maxAgeOf(answer),
      ...(serial !== undefined && { serial }),
      ...(page['project-status']?.status === 'quarantined' && { quarantined: true as const }),
    }
    return { held: await this.store.keep(name, head, withSerial(page, serial)), source: 'miss' }
  }

  #isOlder(serial: number | undefined, held: HeldPage | undefined): held is HeldPage {
    const known = this.settings.ignoresSerial === true ? undefined : held?.head.serial
    return known !== undefined && serial !== undefined && serial < known
  }

  #parse(text: string, answer: Answer, name: Name): Page {
    const form = sniff(answer.headers.get('content-type'), text.slice(0, 1024))
    try {
      if (form === 'json')
        return readPage(JSON.parse(text.replace(/^\uFEFF/, '')), name, answer.url)
      if (form === 'html') return readHtmlPage(text, name, answer.url)
      throw new PageError('it is neither HTML nor JSON')
    } catch (error) {
      const reason = error instanceof PageError ? error.message : 'it is not JSON'
      throw new UpstreamError(
        'invalid',
        `upstream ${this.settings.name} sent no simple page for ${name}: ${reason}`,
      )
    }
  }

  async #gone(name: Name, held: HeldPage | undefined): Promise<Got> {
    this.#absent.set(name, performance.now())
    if (held === undefined) return { held: undefined, source: 'miss' }
    if (held.head.gone === undefined) {
      this.#log.warn('project is gone upstream, cached files stay', { project: name })
      const { sha256: _sha256, bytes: _bytes, ...head } = held.head
      await this.store.keep(name, { ...head, gone: true }, await held.page())
    } else await this.store.confirm(name, held)
    return { held: undefined, source: 'miss' }
  }

  #url(name: Name): URL {
    return new URL(`${name}/`, this.settings.url)
  }

  // A time in the future is no evidence of freshness (fault S34).
  #isFresh(held: HeldPage): boolean {
    const age = Date.now() - held.confirmed
    const { refresh, refreshesAlone } = this.settings
    const { gone, maxAge = Infinity } = held.head
    const granted = refreshesAlone === true ? Infinity : maxAge
    const allowed = Math.min(refresh, gone === true ? absence / 1000 : granted)
    return age > -2000 && age < allowed * 1000
  }

  #isAbsent(name: Name): boolean {
    const at = this.#absent.get(name)
    return (
      at !== undefined && performance.now() - at < Math.min(absence, this.settings.refresh * 1000)
    )
  }

  #failedLately(name: Name): boolean {
    const at = this.#failed.get(name)
    return at !== undefined && performance.now() - at < 5000
  }
}

const present = (held: HeldPage | undefined): HeldPage | undefined =>
  held?.head.gone === true ? undefined : held

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined

const withSerial = (page: Page, serial: number | undefined): Page =>
  serial === undefined || page.meta['_last-serial'] !== undefined ?
    page
  : { ...page, meta: { ...page.meta, '_last-serial': serial } }
