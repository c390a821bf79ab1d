import type { Log } from '../log.ts'
import { oneLine, text, type Reply } from './reply.ts'

/** What an error tells besides its message. */
export interface HttpErrorOptions extends ErrorOptions {
  /** Name, value, name, value: headers of the answer. */
  readonly headers?: readonly string[]
}

/** The client's fault, or a plain no; the message is for the client. */
export class HttpError extends Error {
  readonly status: number
  /** Name, value, name, value. */
  readonly headers: readonly string[]

  constructor(
    status: number,
    message: string,
    { headers = [], ...options }: HttpErrorOptions = {},
  ) {
    super(message, options)
    this.status = status
    this.headers = headers
  }
}

/** Seconds; small, since pip really sleeps that long without a word (CL-12). */
const retry = '5'

/** What a system error means to a client: status and line. */
const system: ReadonlyMap<string, readonly [status: number, line: string]> = new Map([
  ['ENOSPC', [507, 'the disk of the cache is full: the operator must free some space']],
  ['EDQUOT', [507, 'the disk quota of the cache is used up: the operator must free some space']],
  ['EMFILE', [503, 'too many open files: try again in a moment']],
  ['ENFILE', [503, 'too many open files: try again in a moment']],
  ['EROFS', [500, 'the cache is on a read-only disk: the operator must make it writable']],
  [
    'EACCES',
    [
      500,
      'the server may not use a file of its cache: the operator must correct its owner or mode',
    ],
  ],
  [
    'EPERM',
    [
      500,
      'the server may not use a file of its cache: the operator must correct its owner or mode',
    ],
  ],
  [
    'EXDEV',
    [
      500,
      'a project has a file system of its own: the operator must put the cache on one file system',
    ],
  ],
  ['EIO', [500, 'the disk of the cache fails: the operator must look at it']],
])

const propertyOf = (error: unknown, name: 'status' | 'code' | 'headers'): unknown =>
  typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined

const isStatus = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599

const headersOf = (error: unknown): readonly string[] => {
  const headers = propertyOf(error, 'headers')
  return Array.isArray(headers) ? (headers as readonly string[]) : []
}

/**
 * The answer to a thrown error. Errors with a `status` are meant for the client and keep their
 * message, and `headers` if they have some; a system error becomes its known line; anything else is
 * ours, logged and not shown (X19).
 */
export const errorReply = (error: unknown, log: Log, path: string): Reply => {
  const status = propertyOf(error, 'status')
  if (isStatus(status))
    return errorText(status, error instanceof Error ? error.message : 'refused', headersOf(error))
  const code = propertyOf(error, 'code')
  const known = typeof code === 'string' ? system.get(code) : undefined
  log.error('request failed', { path, ...describe(error, known !== undefined) })
  return known === undefined ? errorText(500, 'internal error') : errorText(...known)
}

/** An error status with one line, which is the reason phrase as well; 502, 503 and 504 say when to come back. */
export const errorText = (
  status: number,
  line: string,
  headers: readonly string[] = [],
): Reply & { readonly reason: string } => {
  const again = status >= 502 && status <= 504 ? ['Retry-After', retry] : []
  return { ...text(status, line, [...headers, ...again]), reason: line }
}

// The innermost place tells a mistake of ours apart; disk errors need none.
const describe = (error: unknown, known: boolean) => {
  const reason = oneLine(error instanceof Error ? error.message : String(error))
  if (known || !(error instanceof Error)) return { reason }
  return {
    reason,
    at: error.stack
      ?.split('\n', 20)
      .find(line => /^\s+at /.test(line))
      ?.trim(),
  }
}
