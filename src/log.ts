import { Lines } from './lines.ts'

/** The least severe level that is written. */
export type Level = 'error' | 'warn' | 'info' | 'debug'

/** Values beside a message; `undefined` ones are left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>

/** One access line. */
export interface Access {
  readonly method: string
  readonly path: string
  readonly status: number
  /** hit, miss, stale, revalidated, or `-`. */
  readonly cache: string
  readonly bytes: number
  readonly milliseconds: number
}

/** Where events go: one line each, control characters escaped, credentials removed. */
export interface Log {
  error(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  debug(message: string, fields?: Fields): void
  access(access: Access): void
  /** Writes what is buffered; call before the process ends. */
  flush(): Promise<void>
  /** Opens the file again after a log rotation. */
  reopen(): void
}

/** How and where a log is written. */
export interface LogOptions {
  /** The file to append to; standard output without one. */
  readonly path?: string | undefined
  readonly format: 'text' | 'json'
  readonly level: Level
}

const severity: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 2, debug: 3 }

// Control characters, line and paragraph separators, and what turns the direction of writing (fault X14).
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** The text on one line: characters that could forge a line or move a cursor are escaped. */
export const oneLine = (text: string): string =>
  unprintable.test(text) ?
    text.replaceAll(
      new RegExp(unprintable, 'gu'),
      found => `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    )
  : text

/** The text without the user names and passwords of URLs, and without `Authorization` values (fault X15). */
export const redact = (text: string): string =>
  text
    .replaceAll(/:\/\/[^\s/?#]*@/g, '://***@')
    .replaceAll(/(authorization["']?[:=] ?["']?)(\w+ )?[^\s"',]+/gi, '$1***')

// Without `@`, `:` and `=` there is nothing to redact, and each of these is printable.
const harmless = /^[\w/.,;!?%+~&'()*$ -]*$/

const longest = 2000
const clean = (text: string): string =>
  (harmless.test(text) ? text : oneLine(redact(text))).slice(0, longest)

const two = (number: number): string => String(number).padStart(2, '0')

// Formatting a time costs more than the rest of a line, so it is done once a second.
let second = -1
let stamp = ''
const now = (): string => {
  const time = Date.now()
  if (Math.floor(time / 1000) !== second) {
    second = Math.floor(time / 1000)
    const date = new Date(time)
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
    stamp = `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  }
  return stamp
}

/** A number of bytes as people read it: `2.1kB`. */
export const shortBytes = (bytes: number): string => {
  if (bytes < 1000) return `${bytes}B`
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const amount = bytes / 1000 ** power
  return `${amount < 99.95 ? amount.toFixed(1) : Math.round(amount)}${'_kMGT'[power]}B`
}

const textField = ([name, value]: [string, string | number | boolean | undefined]): string => {
  const text = clean(String(value))
  return ` ${name}=${/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)}`
}

const formats = {
  text: {
    event: (level: Level, message: string, fields: Fields) =>
      `${now()} ${level} ${clean(message)}${Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(textField)
        .join('')}\n`,
    access: ({ method, path, status, cache, bytes, milliseconds }: Access) =>
      `${now()} ${oneLine(method)} ${path} ${status} ${cache} ${shortBytes(bytes)} ${Math.round(milliseconds)}ms\n`,
  },
  json: {
    event: (level: Level, message: string, fields: Fields) => {
      const own = Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === 'string' ? clean(value) : value,
      ])
      const time = new Date().toISOString()
      return `${JSON.stringify({ ...Object.fromEntries(own), time, level, message: clean(message) })}\n`
    },
    access: (access: Access) => {
      const ms = Math.round(access.milliseconds * 10) / 10
      const { method, path, status, cache, bytes } = access
      return `${JSON.stringify({ time: new Date().toISOString(), method, path, status, cache, bytes, ms })}\n`
    },
  },
}

/** A log as its options say. Throws one line when the file cannot be opened. */
export const createLog = ({ path, format, level }: LogOptions): Log => {
  const lines = new Lines(path)
  const { event, access } = formats[format]
  const write = (own: Level, message: string, fields: Fields = {}): void => {
    if (severity[own] <= severity[level]) lines.add(event(own, message, fields))
  }
  return {
    error: (message, fields) => write('error', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    info: (message, fields) => write('info', message, fields),
    debug: (message, fields) => write('debug', message, fields),
    access: asked => {
      if (severity.info > severity[level]) return
      const [path = ''] = asked.path.split('?', 1)
      lines.add(access({ ...asked, path: clean(path) }))
    },
    flush: () => lines.flush(),
    reopen: () => lines.reopen(),
  }
}

/** Lets work go on that nobody waits for; when it fails, the log says so. */
export const background = (promise: Promise<unknown>, what: string, log: Log): void => {
  promise.catch((error: unknown) => {
    log.warn(`${what} failed`, { reason: error instanceof Error ? error.message : String(error) })
  })
}

/** The same log, with fields in front of those of every message: what all of them are about. */
export const logAbout = (log: Log, about: Fields): Log => ({
  error: (message, fields) => log.error(message, { ...about, ...fields }),
  warn: (message, fields) => log.warn(message, { ...about, ...fields }),
  info: (message, fields) => log.info(message, { ...about, ...fields }),
  debug: (message, fields) => log.debug(message, { ...about, ...fields }),
  access: access => log.access(access),
  flush: () => log.flush(),
  reopen: () => log.reopen(),
})
