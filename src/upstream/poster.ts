import { STATUS_CODES } from 'node:http'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import type { Log } from '../log.ts'
import { version } from '../version.ts'
import { isPublicAddress, privateAddress } from './address.ts'
import { drain } from './body.ts'
import { trustedCertificates } from './certificates.ts'
import { Connections, type Timeouts } from './connections.ts'
import { basicAuthorization, splitCredentials, withoutCredentials } from './credentials.ts'
import { plainText } from './plain-text.ts'
import type { Trust } from './target.ts'
import { explain, UpstreamError, type Trouble, type TroubleDetails } from './upstream-error.ts'

/** What is sent. */
export interface Posting {
  readonly headers: Readonly<Record<string, string>>
  /** Bytes. */
  readonly length: number
  /** The bytes, from their beginning each time it is called. */
  open(): AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal | undefined
}

/** What was answered. */
export interface Posted {
  readonly status: number
  /** The reason phrase and, of a host on the public internet, the beginning of the body: one line. */
  readonly text: string
}

/** Bytes of an answer that are looked at, and milliseconds that they may take. */
const most = 4096
const patience = 5000

/** Seconds that a server gets to look at what it was sent, at least. */
const leastPatience = 120

const troubleAt =
  (url: URL) =>
  (kind: Trouble, reason: string, details?: TroubleDetails): UpstreamError =>
    new UpstreamError(kind, `${withoutCredentials(url)}: ${reason}`, details)

/** True unless the URL itself says that its host is not on the public internet. */
const mayBePublic = ({ hostname }: URL): boolean => {
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 || isPublicAddress(address)
}

const isPrivate = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === privateAddress

/**
 * Sends things to URLs that our users name: other indexes, hooks. Any host may be named, as in the
 * settings, since the usual one is in the same network. But of a host that is not on the public
 * internet nothing is passed on but status and reason, redirects are not followed, and credentials
 * go nowhere else, so that nobody reads through us what is not meant for him (fault P23).
 */
export class Poster {
  readonly #connections: Connections
  readonly #idle: number

  /**
   * Reads certificate files, so make it at start.
   * @param caFile PEM file with certificates to trust besides the usual ones
   * @throws {Error} when `caFile` is of no use
   */
  constructor(
    timeouts: Timeouts,
    log: Log,
    caFile?: string,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    const trusted = trustedCertificates(caFile, env, message => log.warn(message))
    this.#idle = timeouts.idle
    const firstByte = Math.max(timeouts.firstByte, leastPatience)
    this.#connections = new Connections(env, { ...timeouts, firstByte }, trusted)
  }

  /**
   * One POST. Userinfo in the URL is sent as Basic credentials, unless there are others.
   * @throws {UpstreamError} when there is no answer; its message has no credentials
   */
  async post(given: URL, posting: Posting): Promise<Posted> {
    const { url, credentials } = splitCredentials(given)
    const trouble = troubleAt(url)
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw trouble('refused', 'only http and https are possible')
    const headers = {
      ...(credentials !== undefined && { authorization: basicAuthorization(credentials) }),
      ...posting.headers,
    }
    try {
      if (!mayBePublic(url)) return await this.#once(url, 'named', { ...posting, headers })
      // Where the name leads is known when the connection is made, not before.
      return await this.#once(url, 'public', { ...posting, headers }).catch((error: unknown) => {
        if (!isPrivate(error)) throw error
        return this.#once(url, 'named', { ...posting, headers })
      })
    } catch (error) {
      throw explain(error, trouble)
    }
  }

  /** Breaks what is under way and closes all connections. */
  close(): Promise<void> {
    return this.#connections.close()
  }

  async #once(url: URL, trust: Trust, posting: Posting): Promise<Posted> {
    const trouble = troubleAt(url)
    const stalled = new AbortController()
    const giveUp = () => stalled.abort(trouble('timeout', 'it stopped taking what is sent'))
    const { signal } = stalled
    const answer = await this.#connections.ask(
      {
        url,
        method: 'POST',
        headers: {
          ...posting.headers,
          'content-length': String(posting.length),
          'user-agent': `proxypypi/${version}`,
          accept: '*/*',
          'accept-encoding': 'identity',
          // Of a kept connection that upstream closes nobody knows whether what was sent has arrived.
          connection: 'close',
        },
        body: watched(posting, this.#idle, giveUp),
        signal: posting.signal === undefined ? signal : AbortSignal.any([signal, posting.signal]),
        trouble,
      },
      trust,
      'long',
    )
    const { statusCode: status = 0, statusMessage } = answer
    if (trust !== 'public') drain(answer)
    const said = trust === 'public' ? await beginning(answer) : ''
    return { status, text: plainText(`${statusMessage || (STATUS_CODES[status] ?? '')} ${said}`) }
  }
}

// The next piece is asked for only when the one before has gone.
async function* watched(
  posting: Posting,
  seconds: number,
  giveUp: () => void,
): AsyncGenerator<Uint8Array, void> {
  let timer: NodeJS.Timeout | undefined
  let left = posting.length
  const changed = new Error('what is sent is not as long as it was')
  try {
    for await (const piece of posting.open()) {
      left -= piece.length
      if (left < 0) throw changed
      timer = setTimeout(giveUp, seconds * 1000)
      yield piece
      clearTimeout(timer)
    }
    if (left > 0) throw changed
  } finally {
    clearTimeout(timer)
  }
}

/** What a body begins with; nothing where it does not come. */
const beginning = async (body: Readable): Promise<string> => {
  const timer = setTimeout(() => body.destroy(), patience)
  const parts: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      parts.push(chunk)
      length += chunk.length
      if (length >= most) break
    }
  } catch {
    return ''
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
  return Buffer.concat(parts).toString('utf8', 0, most)
}
