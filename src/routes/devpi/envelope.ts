import { HttpError, type HttpErrorOptions } from '../../http/error.ts'
import { octetsOf, type Reply } from '../../http/reply.ts'

/** What a `result` is (devpi-api 1.2): clients give up on any other than they expect. */
export type ResultType =
  | 'apiconfig'
  | 'proxyauth'
  | 'userconfig'
  | 'list:userconfig'
  | 'userpassword'
  | 'indexconfig'
  | 'projectconfig'
  | 'versiondata'
  | 'releasefilemeta'
  | 'toxresultpath'
  | 'actionlog'
  | 'status'

/** Of all answers with a value: exactly this type, without a character set, since clients compare the whole. */
export const envelopeHeaders = [
  'Content-Type',
  'application/json',
  'Cache-Control',
  'no-store',
] as const

const enveloped = (status: number, content: object): Reply => ({
  status,
  headers: envelopeHeaders,
  body: octetsOf(`${JSON.stringify(content, undefined, 2)}\n`),
})

/** An answer with a value. */
export const result = (status: number, type: ResultType, value: unknown, message?: string): Reply =>
  enveloped(status, { result: value, type, ...(message !== undefined && { message }) })

/** An answer that is a line for people and nothing else. */
export const message = (status: number, text: string): Reply => enveloped(status, { message: text })

/** Another place of ours, for now; relative to the URL that was asked for, or below `DevpiRequest.base`. */
export const found = (location: string): Reply => ({
  status: 302,
  headers: ['Location', location, 'Cache-Control', 'no-store', 'Vary', 'Accept, User-Agent'],
})

/**
 * How an error is told (devpi-api 1.3):
 * - `api`: the envelope with a message
 * - `mixed`: the same to whom `application/json` is mentioned in Accept, else as `page`
 * - `page`: by Accept an HTML page, a JSON object with `message`, `code`, `title`, or a plain line
 * - `upload`: as `page`, and the message is the reason phrase, which is all that uploaders show
 */
export type ErrorShape = 'api' | 'mixed' | 'page' | 'upload'

/** A refusal in a shape of its own, whatever the shape of other errors of its route. */
export class Refusal extends HttpError {
  /** Undefined: that of the route. */
  readonly shape: ErrorShape | undefined

  constructor(
    status: number,
    text: string,
    { shape, ...options }: HttpErrorOptions & { readonly shape?: ErrorShape } = {},
  ) {
    super(status, text, options)
    this.shape = shape
  }
}

/** A missing right: 403, in the shape of a page unless told (devpi-api 2). */
export const forbidden = (text: string, shape: ErrorShape = 'page'): Refusal =>
  new Refusal(403, text, { shape })
