import { readHistory, type History } from '../../index/log-entry.ts'
import { isObject } from '../../spec/json-value.ts'

/** The moment that devpi writes as `[Y, M, D, h, m, s]` (UTC); undefined for anything else. */
const momentOf = (value: unknown): Date | undefined => {
  if (!Array.isArray(value) || value.length < 3) return undefined
  const parts = value.slice(0, 6).map(Number)
  const [year = Number.NaN, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  return Number.isNaN(time.getTime()) ? undefined : time
}

/**
 * What happened to a file, as an export tells it, oldest first; undefined when it tells nothing,
 * as those of old servers. What is broken is passed over.
 */
export const dumpedHistory = (log: unknown): History | undefined => {
  if (!Array.isArray(log)) return undefined
  const entries = log.filter(isObject).map(entry => ({
    ...entry,
    when: momentOf(entry['when'])?.toISOString(),
  }))
  const history = readHistory(entries)
  return history.length === 0 ? undefined : history
}

/** Who brought something to the index: the last one who is named. */
export const bringerIn = (history: History | undefined): string | undefined =>
  history?.findLast(({ who }) => who !== undefined)?.who

/** When something was uploaded: as HTTP writes it (RFC 9110), else as its history says. */
export const uploadMoment = (modified: unknown, history: History | undefined): Date | undefined => {
  const time = typeof modified === 'string' ? Date.parse(modified) : Number.NaN
  if (!Number.isNaN(time)) return new Date(time)
  const told = history?.find(({ what }) => what === 'upload')?.when
  return told === undefined ? undefined : new Date(told)
}
