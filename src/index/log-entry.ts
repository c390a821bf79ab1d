import type { JsonObject } from '../disk/json.ts'

/** What happened to a file, its documentation or its test results, as devpi tells it. */
export interface LogEntry {
  readonly what: 'upload' | 'push' | 'overwrite'
  /** Nobody in particular when undefined. */
  readonly who?: string | undefined
  /** ISO time. */
  readonly when: string
  /** The index that it was pushed from. */
  readonly src?: string | undefined
  /** The index that it came to. */
  readonly dst?: string | undefined
  /** How often other bytes had the name before. */
  readonly count?: number | undefined
}

/** An oldest-first list of what happened; never empty as far as we wrote it. */
export type History = readonly LogEntry[]

/** More entries than that nobody reads; the oldest give way. */
const most = 200

/** The entries in a record; what is broken is passed over. */
export const readHistory = (value: unknown): History =>
  Array.isArray(value) ? value.slice(-most).flatMap(readEntry) : []

const kinds: ReadonlySet<unknown> = new Set(['upload', 'push', 'overwrite'])

const readEntry = (value: unknown): LogEntry[] => {
  if (typeof value !== 'object' || value === null) return []
  const { what, who, when, src, dst, count } = value as JsonObject
  if (!kinds.has(what) || typeof when !== 'string' || Number.isNaN(Date.parse(when))) return []
  return [
    {
      what: what as LogEntry['what'],
      when,
      ...(typeof who === 'string' && { who }),
      ...(typeof src === 'string' && { src }),
      ...(typeof dst === 'string' && { dst }),
      ...(typeof count === 'number' && { count }),
    },
  ]
}

/** The history of what is uploaded to an index now. */
export const uploaded = (who: string | undefined, dst: string, at: Date = new Date()): History => [
  { what: 'upload', ...(who !== undefined && { who }), when: at.toISOString(), dst },
]

/** The same history, pushed on to another index. */
export const pushed = (
  history: History,
  { who, src, dst }: Pick<LogEntry, 'who' | 'src' | 'dst'>,
  at: Date = new Date(),
): History => [
  ...history.slice(1 - most),
  { what: 'push', ...(who !== undefined && { who }), when: at.toISOString(), src, dst },
]

/**
 * The history of bytes which take the place of others: how often that has happened comes first.
 * @param before the history of what gives way; undefined when nothing does
 */
export const overwriting = (
  before: History | undefined,
  history: History,
  at: Date = new Date(),
): History => {
  if (before === undefined) return history
  const count = before.reduce((sum, entry) => sum + (entry.count ?? 0), 1)
  const own = history.filter(({ what }) => what !== 'overwrite')
  return [{ what: 'overwrite', when: at.toISOString(), count }, ...own]
}

/** A history as devpi's JSON has it: `when` is `[Y, M, D, h, m, s]` (UTC), nobody is `null`. */
export const shownHistory = (history: History): JsonObject[] =>
  history.map(({ what, who, when, src, dst, count }) => ({
    what,
    who: who ?? null,
    when: shownTime(new Date(when)),
    ...(src !== undefined && { src }),
    ...(dst !== undefined && { dst }),
    ...(count !== undefined && { count }),
  }))

const shownTime = (time: Date): number[] => [
  time.getUTCFullYear(),
  time.getUTCMonth() + 1,
  time.getUTCDate(),
  time.getUTCHours(),
  time.getUTCMinutes(),
  time.getUTCSeconds(),
]
