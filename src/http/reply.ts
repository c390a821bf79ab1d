import type { Resource } from '../disk/resource.ts'
import type { Exchange } from './exchange.ts'

declare const octets: unique symbol

/** Bytes as a string of one character each (latin1), the quickest body that Node can send. */
export type Octets = string & { readonly [octets]: true }

/** A reply body: few bytes, many bytes, a file (with validators and ranges), or what is made while it is sent. */
export type Body = Octets | Buffer | Resource | AsyncIterable<string | Uint8Array>

/**
 * What a route answers, as data; `send` writes it. Status 200 with a `Resource` becomes 206, 304 or
 * 416 as the client asks, and gets its validators and its length there.
 */
export interface Reply {
  readonly status: number
  /** Said in place of the usual reason phrase, as far as a status line can hold it. */
  readonly reason?: string | undefined
  /** Name, value, name, value: made once and shared, so never changed. Without Content-Length. */
  readonly headers: readonly string[]
  readonly body?: Body | undefined
  /** How the answer came about, told as `X-Cache`. */
  readonly cache?: 'hit' | 'miss' | 'stale' | 'revalidated' | undefined
  /**
   * Called once the answer is out, or the client has gone: `exchange.sent` tells. It must not throw
   * nor take long.
   */
  readonly sent?: ((exchange: Exchange, status: number) => void) | undefined
}

/** Answers one request; it may throw what `errorReply` knows. */
export type Handle = (exchange: Exchange) => Reply | Promise<Reply>

/** The UTF-8 bytes of a text, or the bytes of a buffer, as `Octets`. */
export const octetsOf = (from: string | Buffer): Octets =>
  (typeof from === 'string' ? Buffer.from(from) : from).toString('latin1') as Octets

const plain = ['Content-Type', 'text/plain; charset=utf-8', 'Cache-Control', 'no-store'] as const
const jsonHeaders = ['Content-Type', 'application/json', 'Cache-Control', 'no-store'] as const

/** Whatever the text holds becomes one line, so that nothing from outside can pose as more. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()

/** Characters of a reason phrase; a whole file name, a sha256 and some words fit in. */
const longestReason = 500

/** A text as a reason phrase: one line of printable Latin-1, bounded (UP-43, CL-102). */
export const reasonPhrase = (text: string): string =>
  oneLine(text)
    .replace(/[^\u0020-\u007e\u00a0-\u00ff]/g, '?')
    .slice(0, longestReason)

/** One plain line for people; control characters in it become blanks. */
export const text = (status: number, line: string, headers: readonly string[] = []): Reply => ({
  status,
  headers: [...plain, ...headers],
  body: octetsOf(`${oneLine(line)}\n`),
})

/** A value as JSON. */
export const json = (status: number, value: unknown): Reply => ({
  status,
  headers: jsonHeaders,
  body: octetsOf(`${JSON.stringify(value)}\n`),
})

// Neither a scheme nor a host can be written with these (fault X12); one slash at most in front.
const ours = /^(?!\/\/)[A-Za-z0-9._~!$&'()*+,;=@%/?-]+$/

/**
 * A permanent redirect, which clients keep for ever (SA-6), so only to another spelling of the same
 * path. 301, since old clients do not follow 308 (SA-7).
 * @throws {TypeError} when the location is not a path of this server
 */
export const redirect = (location: string): Reply => {
  if (!ours.test(location)) throw new TypeError(`not a path to redirect to: ${oneLine(location)}`)
  return {
    status: 301,
    headers: [...plain.slice(0, 2), 'Location', location],
    body: octetsOf(`moved to ${location}\n`),
  }
}

/** 405, with the methods that would do. */
export const notAllowed = (allow: string): Reply => text(405, `use ${allow}`, ['Allow', allow])

const immutable = 'public, max-age=31536000, immutable'
const fileType = 'application/octet-stream'

/**
 * A distribution or its metadata: a type that no client acts upon, no name, no coding (CL-46, CL-47).
 * @param control `Cache-Control`; by default the bytes at this URL never change
 */
export const file = (resource: Resource, cache: Reply['cache'], control = immutable): Reply => ({
  status: 200,
  headers: control === immutable ? immutableHeaders : fileHeaders(control),
  body: resource,
  cache,
})

const fileHeaders = (control: string) => [
  'Content-Type',
  fileType,
  'Cache-Control',
  control,
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Content-Length, Content-Range, Accept-Ranges',
]

const immutableHeaders = fileHeaders(immutable)
