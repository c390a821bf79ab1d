import { parseObject } from '../disk/json.ts'
import { oneLine, redact } from '../log.ts'

/** Who did something, as far as the request tells. */
export interface Actor {
  /** Undefined: anonymous. */
  readonly user?: string | undefined
  /** The address of the peer, which behind a reverse proxy is the proxy. */
  readonly address?: string | undefined
  /** What `X-Forwarded-For` claims; anybody can claim anything. */
  readonly forwarded?: string | undefined
  /** The `User-Agent`. */
  readonly agent?: string | undefined
}

/** Something that happened. Never holds a credential. */
export interface Entry extends Actor {
  /** One word: `download`, `upload`, `yank`, `delete`, `user`, `token`, ... */
  readonly event: string
  /** `alice/dev`; undefined for the root index. */
  readonly index?: string | undefined
  readonly project?: string | undefined
  readonly version?: string | undefined
  readonly file?: string | undefined
  /** Hex. */
  readonly sha256?: string | undefined
  /** The first byte of a download that went on from there; undefined for a whole one. */
  readonly from?: number | undefined
  /** What changed, in a few words: a yank's reason, the rights that a user got. */
  readonly change?: string | undefined
}

/** An entry as it stands in the journal. */
export interface Recorded extends Entry {
  /** ISO time in UTC, with milliseconds. */
  readonly time: string
}

// In the order of the line, each with the characters that are kept of it.
const actorTexts = [
  ['user', 200],
  ['address', 100],
  ['forwarded', 200],
  ['agent', 500],
] as const
const eventTexts = [
  ['event', 40],
  ['index', 150],
  ['project', 250],
  ['version', 250],
  ['file', 250],
  ['sha256', 64],
  ['change', 1000],
] as const

/** Longer than anything that is kept: what a client sends beyond it is not even looked at. */
const longest = 4000

const quote = (text: string, most: number): string =>
  JSON.stringify(oneLine(redact(text.slice(0, longest)).slice(0, most)))

const field = (key: string, text: string | undefined, most: number): string =>
  text === undefined ? '' : `,"${key}":${quote(text, most)}`

// The last few actors' texts as they are written: cleaning one costs more than all the rest of a line,
// and to compare a few long ones less than to look one up in a map.
const recent: { readonly text: string; readonly key: string; readonly written: string }[] = []
let oldest = 0

const recentField = (key: string, text: string | undefined, most: number): string => {
  if (text === undefined) return ''
  for (const one of recent) if (one.text === text && one.key === key) return one.written
  const written = field(key, text, most)
  recent[oldest] = { text, key, written }
  oldest = (oldest + 1) % 16
  return written
}

const actorPart = (who: Actor): string => {
  let part = ''
  for (const [key, most] of actorTexts) part += recentField(key, who[key], most)
  return part
}

const eventParts = new WeakMap<Entry, string>()

const eventPart = (entry: Entry): string => {
  const known = eventParts.get(entry)
  if (known !== undefined) return known
  let part = ''
  for (const [key, most] of eventTexts) part += field(key, entry[key], most)
  if (entry.from !== undefined) part += `,"from":${entry.from}`
  eventParts.set(entry, part)
  return part
}

let millisecond = -1
let stamp = ''
const isoTime = (now: number): string => {
  if (now === millisecond) return stamp
  millisecond = now
  stamp = new Date(now).toISOString()
  return stamp
}

/**
 * An entry as one line of JSON, ended by a line feed. Texts are bounded, control characters escaped
 * and the passwords of URLs removed (faults X14, X15), so a line is at most some kilobytes long.
 * @param now milliseconds since 1970
 * @param who whose doing it was, where the entry itself is kept for many
 */
export const lineOf = (entry: Entry, now: number, who: Actor = entry): string =>
  `{"time":"${isoTime(now)}"${actorPart(who)}${eventPart(entry)}}\n`

/** What stands in the line of every entry about a project, and nowhere else. */
export const markOf = (project: string): string => `"project":${JSON.stringify(project)}`

/** The entry in a line; undefined for a torn or foreign one. */
export const readEntry = (line: string): Recorded | undefined => {
  const record = parseObject(line)
  const time = record?.['time']
  if (typeof time !== 'string' || typeof record?.['event'] !== 'string') return undefined
  const entry: Record<string, string | number> = { time }
  for (const [key] of [...actorTexts, ...eventTexts]) {
    const text = record[key]
    if (typeof text === 'string') entry[key] = text
  }
  const { from } = record
  if (typeof from === 'number') entry['from'] = from
  return entry as unknown as Recorded
}
