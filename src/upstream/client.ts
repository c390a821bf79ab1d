import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fields, Log } from '../log.ts'
import type { UpstreamSettings } from '../settings.ts'
import { version } from '../version.ts'
import { bytesOf, drain } from './body.ts'
import { trustedCertificates } from './certificates.ts'
import { Connections, type Lane, type Timeouts } from './connections.ts'
import { basicAuthorization, withoutCredentials } from './credentials.ts'
import { retryAfterOf, retryDelay } from './retry.ts'
import { trustOf, type Trust } from './target.ts'
import { textOf, type TextLimits } from './text.ts'
import { explain, isBroken, troubleWith } from './upstream-error.ts'

export { UpstreamError } from './upstream-error.ts'
export type { TextLimits } from './text.ts'
export type { Timeouts } from './connections.ts'

/** What an upstream answered. The body must be read to its end, or given to `discardAnswer`. */
export interface Answer {
  readonly status: number
  /** By lower-case name; several of one name are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>
  /** Where the answer came from at last, without credentials; links in it are relative to this. */
  readonly url: URL
  /**
   * As sent: `bytesOf` and `readText` decode it and tell its errors in our words. What is cut off,
   * stalls or is wrongly framed never ends quietly; whoever reads slowly slows upstream down.
   */
  readonly body: Readable
}

/** What is asked for. */
export interface GetOptions {
  readonly method?: 'GET' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  /** Ends the request and the body. */
  readonly signal?: AbortSignal | undefined
  /**
   * `file` (usual) and `metadata` are asked for as they are, a `page` may come compressed. Only a
   * `file` may take long: pages and metadata never wait behind files for a connection.
   */
  readonly kind?: 'page' | 'metadata' | 'file'
}

const userAgent = `proxypypi/${version}`

const mostRedirects = 5
const mostTries = 3
const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status)

// A deadline of the caller's is an upstream that was too slow; any other abort is the caller's own.
const reasonOf = ({ reason }: AbortSignal, trouble: ReturnType<typeof troubleWith>): unknown =>
  reason instanceof Error && reason.name === 'TimeoutError' ? explain(reason, trouble) : reason

const headersOf = ({ rawHeaders }: IncomingMessage): Map<string, string> => {
  const headers = new Map<string, string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return headers
}

/** Frees the connection of an answer whose body nobody reads. */
export const discardAnswer = (answer: Answer): void => drain(answer.body)

/**
 * Asks one upstream. Requests are made from scratch, follow redirects only where the target rules
 * allow, and carry credentials to the index's own origin only (rules R5-R7 of the fault catalogue).
 */
export class UpstreamClient {
  readonly #settings: UpstreamSettings
  readonly #log: Log
  readonly #connections: Connections

  /**
   * Reads certificate files, so make it at start.
   * @param env the environment with the proxy and certificate variables
   * @throws {Error} when `caFile` is of no use
   */
  constructor(
    settings: UpstreamSettings,
    timeouts: Timeouts,
    log: Log,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#settings = settings
    this.#log = log
    const trusted = trustedCertificates(settings.caFile, env, message => log.warn(message))
    this.#connections = new Connections(env, timeouts, trusted)
  }

  /**
   * The final answer to a GET, whatever it is below 500, except 429. Broken connections and 5xx are
   * tried again shortly; files have no total limit, only an idle one.
   * @throws {UpstreamError} when there is no answer; of kind `status` for 429 and 5xx
   */
  async get(url: URL, options: GetOptions = {}): Promise<Answer> {
    let [target, from] = [new URL(url), this.#settings.url]
    for (let redirects = 0; ; redirects += 1) {
      // Userinfo in a link is upstream's invention; ours comes from the settings alone.
      target.username = ''
      target.password = ''
      target.hash = ''
      const trust = trustOf(this.#settings, target, from)
      const answer = await this.#persist(target, trust, options)
      if (!isRedirect(answer.status)) return answer
      discardAnswer(answer)
      const trouble = troubleWith(this.#settings.name, target)
      const location = answer.headers.get('location')
      if (location === undefined || !URL.canParse(location, target.href))
        throw trouble('invalid', 'a redirect that leads nowhere')
      if (redirects === mostRedirects)
        throw trouble('invalid', `more than ${mostRedirects} redirects`)
      from = target
      target = new URL(location, target)
    }
  }

  /**
   * The decoded bytes of an answer; they cost memory only as they are read, so the caller sets the limit.
   * Leaving the loop early closes the connection.
   * @throws {UpstreamError} when the answer breaks off, stalls, or is compressed wrongly or unknowably
   */
  bytesOf(answer: Answer): AsyncGenerator<Buffer, void> {
    return bytesOf(answer, troubleWith(this.#settings.name, answer.url))
  }

  /**
   * The whole text of a page, decoded and without a byte order mark.
   * @throws {UpstreamError} when it is too large (as sent or as decoded), too slow, or broken
   */
  async readText(answer: Answer, limits: TextLimits): Promise<string> {
    const parts: string[] = []
    for await (const part of this.text(answer, limits)) parts.push(part)
    return parts.join('')
  }

  /** The text of a page in pieces as they come, under the same rules as `readText`. */
  text(answer: Answer, limits: TextLimits): AsyncGenerator<string, void> {
    return textOf(answer, limits, troubleWith(this.#settings.name, answer.url))
  }

  /** As `close`, but what is under way comes to its end first. */
  async retire(): Promise<void> {
    await this.#connections.retire()
  }

  /** Breaks what is under way and closes all connections. */
  async close(): Promise<void> {
    await this.#connections.close()
  }

  async #persist(target: URL, trust: Trust, options: GetOptions): Promise<Answer> {
    const trouble = troubleWith(this.#settings.name, target)
    for (let tries = 1; ; tries += 1) {
      const { answer, error } = await this.#once(target, trust, options).then(
        answer => ({ answer, error: undefined }),
        (error: unknown) => ({ answer: undefined, error }),
      )
      if (options.signal?.aborted === true) {
        if (answer !== undefined) discardAnswer(answer)
        throw reasonOf(options.signal, trouble)
      }
      if (answer === undefined && !isBroken(error)) throw explain(error, trouble)
      if (answer !== undefined && answer.status < 500 && answer.status !== 429) return answer
      const retryAfter = answer && retryAfterOf(answer.headers.get('retry-after'))
      const delay =
        answer?.status === 429 ? undefined : retryDelay(tries, answer?.status, retryAfter)
      if (answer !== undefined) discardAnswer(answer)
      if (tries === mostTries || delay === undefined) {
        if (answer === undefined) throw explain(error, trouble)
        const { status } = answer
        throw trouble('status', `it answers ${status}`, { retryAfter, answered: status })
      }
      this.#log.debug('upstream is asked again', this.#exchange(target, answer?.status))
      // Aborted, the next try ends at once and says why.
      await sleep(delay * 1000, undefined, options.signal && { signal: options.signal }).catch(
        () => {},
      )
    }
  }

  async #once(target: URL, trust: Trust, options: GetOptions): Promise<Answer> {
    const { kind = 'file', method = 'GET', signal } = options
    const lane: Lane = kind === 'file' ? 'long' : 'short'
    const trouble = troubleWith(this.#settings.name, target)
    const asked = { url: target, method, headers: this.#headers(trust, options), signal, trouble }
    const body = await this.#connections.ask(asked, trust, lane)
    const { statusCode: status = 0 } = body
    this.#log.debug('upstream answers', this.#exchange(target, status))
    const headers = headersOf(body)
    if (/^(?!chunked$)/i.test(headers.get('transfer-encoding') ?? 'chunked')) {
      body.destroy()
      throw trouble('invalid', 'it sends an unknown transfer coding')
    }
    return { status, headers, url: target, body }
  }

  #exchange(target: URL, status: number | undefined): Fields {
    return { upstream: this.#settings.name, url: withoutCredentials(target), status }
  }

  #headers(trust: Trust, { headers, kind = 'file' }: GetOptions): Record<string, string> {
    const { credentials } = this.#settings
    return {
      ...headers,
      'user-agent': userAgent,
      'accept-encoding': kind === 'page' ? 'gzip, br' : 'identity',
      ...(trust === 'own' &&
        credentials !== undefined && { authorization: basicAuthorization(credentials) }),
    }
  }
}
