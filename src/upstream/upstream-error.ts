import { withoutCredentials } from './credentials.ts'
import { privateAddress } from './address.ts'

/** Why an upstream could not be used. */
export type Trouble = 'unreachable' | 'timeout' | 'refused' | 'tls' | 'invalid' | 'status'

/** What more is known about a failure. */
export interface TroubleDetails extends ErrorOptions {
  /** Seconds for which upstream asks not to be asked again. */
  readonly retryAfter?: number | undefined
  /** The status that upstream answered, of kind `status`. */
  readonly answered?: number | undefined
}

/** An upstream's fault. The message is one line for people, free of credentials. */
export class UpstreamError extends Error {
  /** The status with which a client learns of it. */
  readonly status: 502 | 504
  readonly kind: Trouble
  readonly retryAfter: number | undefined
  readonly answered: number | undefined

  constructor(
    kind: Trouble,
    message: string,
    { retryAfter, answered, ...options }: TroubleDetails = {},
  ) {
    super(message, options)
    this.kind = kind
    this.status = kind === 'timeout' ? 504 : 502
    this.retryAfter = retryAfter
    this.answered = answered
  }
}

/** Makes the errors of one request: `upstream NAME: URL: REASON`. */
export const troubleWith =
  (upstream: string, url: URL) =>
  (kind: Trouble, reason: string, details?: TroubleDetails): UpstreamError =>
    new UpstreamError(kind, `upstream ${upstream}: ${withoutCredentials(url)}: ${reason}`, details)

const distrusted =
  'its certificate is signed by an authority that is not trusted; name the authority by ca-file, SSL_CERT_FILE or NODE_EXTRA_CA_CERTS'
const framing = 'the answer is not proper HTTP'

const reasons = new Map<string, readonly [Trouble, string]>([
  ['ECONNREFUSED', ['unreachable', 'connection refused']],
  ['ECONNRESET', ['unreachable', 'the connection was reset']],
  ['EPIPE', ['unreachable', 'the connection was closed']],
  ['UND_ERR_SOCKET', ['unreachable', 'the connection was closed before the answer was complete']],
  ['ENOTFOUND', ['unreachable', 'the name of the host was not found']],
  ['EAI_AGAIN', ['unreachable', 'the name server does not answer']],
  ['EHOSTUNREACH', ['unreachable', 'no route to the host']],
  ['ENETUNREACH', ['unreachable', 'the network cannot be reached']],
  ['EADDRNOTAVAIL', ['unreachable', 'the address cannot be reached']],
  ['ETIMEDOUT', ['timeout', 'no connection in time']],
  ['UND_ERR_CONNECT_TIMEOUT', ['timeout', 'no connection in time']],
  ['UND_ERR_HEADERS_TIMEOUT', ['timeout', 'no answer in time']],
  ['UND_ERR_BODY_TIMEOUT', ['timeout', 'the answer came to a standstill']],
  ['UND_ERR_HEADERS_OVERFLOW', ['invalid', 'the headers of the answer are too large']],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', ['unreachable', 'the answer broke off']],
  [
    privateAddress,
    ['refused', 'the host is not on the public internet; allow it by file-hosts if it is meant'],
  ],
  ['SELF_SIGNED_CERT_IN_CHAIN', ['tls', distrusted]],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', ['tls', distrusted]],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', ['tls', distrusted]],
  ['UNABLE_TO_GET_ISSUER_CERT', ['tls', distrusted]],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', ['tls', distrusted]],
  ['CERT_HAS_EXPIRED', ['tls', 'its certificate has expired']],
  ['CERT_NOT_YET_VALID', ['tls', 'its certificate is not valid yet']],
  ['CERT_REVOKED', ['tls', 'its certificate was revoked']],
  ['ERR_TLS_CERT_ALTNAME_INVALID', ['tls', 'its certificate is for another host']],
  ['EPROTO', ['tls', 'it does not speak TLS as we do']],
])

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Says in words what the HTTP client, TLS or a decoder threw. */
export const explain = (error: unknown, trouble: ReturnType<typeof troubleWith>): UpstreamError => {
  if (error instanceof UpstreamError) return error
  if (error instanceof Error && error.name === 'TimeoutError')
    return trouble('timeout', 'no complete answer in time', { cause: error })
  const code = codeOf(error)
  const known = reasons.get(code)
  const cause = { cause: error }
  if (known !== undefined) return trouble(known[0], known[1], cause)
  if (error instanceof Error && error.name === 'HTTPParserError') {
    // llhttp's word for an end where there should be none; its codes do not reach us.
    if (error.message.includes('(Invalid EOF state)'))
      return trouble('unreachable', 'the answer broke off', cause)
    return trouble('invalid', framing, cause)
  }
  if (code.startsWith('ERR_SSL_')) return trouble('tls', 'it does not speak TLS as we do', cause)
  if (code.startsWith('Z_') || code.startsWith('ERR__') || code.startsWith('ERR_BROTLI'))
    return trouble('invalid', 'the answer is compressed wrongly', cause)
  const tunnel = error instanceof Error ? /^Proxy response \((\d{3})\)/.exec(error.message) : null
  if (tunnel !== null)
    return trouble('unreachable', `the proxy refuses the connection (${tunnel[1]})`, cause)
  if (error instanceof Error && error.message.startsWith('Proxy Authentication Required'))
    return trouble('unreachable', 'the proxy asks for credentials', cause)
  return trouble('unreachable', 'the connection failed', cause)
}

/** True when the connection broke before any answer, so that asking once more may help (faults U15, U16). */
export const isBroken = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error))
