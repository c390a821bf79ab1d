import type { Exchange } from './exchange.ts'

// Nothing that HTML, JSON or a header would have to escape.
const shape =
  /^https?:\/\/(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?((?:\/[A-Za-z0-9._~-]{1,100}){0,10})\/?$/

const dots = /\/\.{1,2}(?:\/|$)/

/** Where clients see our root: its URL with a slash at its end, and the path of it without (`/pypi`, or empty). */
export interface OutsideUrl {
  readonly url: string
  readonly path: string
}

/** The URL of our root as somebody wrote it; undefined for what cannot be one. */
export const readOutsideUrl = (text: string): OutsideUrl | undefined => {
  const path = shape.exec(text)?.[1]
  if (path === undefined || dots.test(path) || !URL.canParse(text)) return undefined
  return { url: `${text.replace(/\/$/, '')}/`, path }
}

const known = new Map<string, OutsideUrl | undefined>()

/** As `readOutsideUrl`, remembered, for what comes with each request. */
const remembered = (text: string): OutsideUrl | undefined => {
  if (known.has(text)) return known.get(text)
  const read = readOutsideUrl(text)
  if (text.length > 500) return read
  if (known.size >= 100) known.clear()
  known.set(text, read)
  return read
}

/**
 * What the header `X-Outside-Url` says, with which devpi's reverse proxies tell where we are seen
 * (devpi-api 1.6). It is for this client's own answer only (fault X03).
 * @returns undefined without it, `unusable` for what is no URL of a server
 */
export const toldOutsideUrl = (exchange: Exchange): OutsideUrl | 'unusable' | undefined => {
  const header = exchange.header('x-outside-url')
  return header === undefined || header === '' ? undefined : (remembered(header) ?? 'unusable')
}

/**
 * Takes the path of the outside URL off the path of a request that begins with it, so that it does
 * not matter whether the reverse proxy did.
 * @param configured where the settings say that we are seen
 */
export const stripOutsidePath = (exchange: Exchange, configured: OutsideUrl | undefined): void => {
  const told = toldOutsideUrl(exchange)
  const { path } = (told === 'unusable' ? undefined : told) ?? configured ?? { path: '' }
  if (path !== '') exchange.strip(path)
}
