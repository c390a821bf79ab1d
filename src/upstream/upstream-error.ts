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
const closed = 'the connection was closed before the answer was complete'
const framing = 'the answer is not proper HTTP'

const reasons = new Map<string, readonly [Trouble, string]>([
  ['ECONNREFUSED', ['unreachable', 'connection refused']],
  ['ECONNRESET', ['unreachable', 'the connection was reset']],
  ['EPIPE', ['unreachable', 'the connection was closed']],
  ['ENOTFOUND', ['unreachable', 'the name of the host was not found']],
  ['EAI_AGAIN', ['unreachable', 'the name server does not answer']],
  ['EHOSTUNREACH', ['unreachable', 'no route to the host']],
  ['ENETUNREACH', ['unreachable', 'the network cannot be reached']],
  ['EADDRNOTAVAIL', ['unreachable', 'the address cannot be reached']],
  ['ETIMEDOUT', ['timeout', 'no connection in time']],
  ['HPE_HEADER_OVERFLOW', ['invalid', 'the headers of the answer are too large']],
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

const refusedByProxy = 'EPROXY'

/** An error of a proxy's, which is no fault of the target; its message is the reason. */
export const proxyTrouble = (reason: string): Error =>
  Object.assign(new Error(reason), { code: refusedByProxy })

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Says in words what the HTTP client, TLS or a decoder threw. */
export const explain = (error: unknown, trouble: ReturnType<typeof troubleWith>): UpstreamError => {
  if (error instanceof UpstreamError) return error
  if (error instanceof Error && error.name === 'TimeoutError')
    return trouble('timeout', 'no complete answer in time', { cause: error })
  const code = codeOf(error)
  const cause = { cause: error }
  // Node calls an end by this name too, but only a reset comes from a system call.
  if (code === 'ECONNRESET' && error instanceof Error && !('syscall' in error))
    return trouble('unreachable', closed, cause)
  const known = reasons.get(code)
  if (known !== undefined) return trouble(known[0], known[1], cause)
  if (code.startsWith('HPE_')) return trouble('invalid', framing, cause)
  if (code.startsWith('ERR_SSL_')) return trouble('tls', 'it does not speak TLS as we do', cause)
  if (code.startsWith('Z_') || code.startsWith('ERR__') || code.startsWith('ERR_BROTLI'))
    return trouble('invalid', 'the answer is compressed wrongly', cause)
  if (error instanceof Error && code === refusedByProxy)
    return trouble('unreachable', error.message, cause)
  return trouble('unreachable', 'the connection failed', cause)
}

/** True when the connection broke before any answer, so that asking once more may help (faults U15, U16). */
export const isBroken = (error: unknown): boolean => ['ECONNRESET', 'EPIPE'].includes(codeOf(error))
