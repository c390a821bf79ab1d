const opaque = (tag: string) => (tag.startsWith('W/') ? tag.slice(2) : tag)

/**
 * True when an `If-None-Match` names this entity tag: `*`, one tag or a list, compared weakly
 * (RFC 9110, 13.1.2). Commas within quotes belong to the tag.
 */
export const matches = (header: string, etag: string): boolean => {
  if (header === etag) return true
  if (header.trim() === '*') return true
  const wanted = opaque(etag)
  for (let from = header.indexOf('"'); from >= 0;) {
    const to = header.indexOf('"', from + 1)
    if (to < 0) return false
    if (header.slice(from, to + 1) === wanted) return true
    from = header.indexOf('"', to + 1)
  }
  return false
}

const httpDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/

// Seconds, the precision of the format; NaN for anything but the one form that is still sent.
const secondsOf = (date: string): number => (httpDate.test(date) ? Date.parse(date) / 1000 : NaN)

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

/** The validators of a representation. */
export interface Validators {
  readonly etag: string
  readonly modified: Date
}

/** True when the client's copy is good. `If-Modified-Since` counts only without `If-None-Match` (SA-45). */
export const notModified = (
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
  { etag, modified }: Validators,
): boolean => {
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, etag)
  return ifModifiedSince !== undefined && seconds(modified) <= secondsOf(ifModifiedSince)
}

/**
 * True when a range may be answered under this `If-Range`: the same strong tag or exactly the same
 * date (CL-34). A weak tag never holds.
 */
export const ifRangeHolds = (header: string, { etag, modified }: Validators): boolean =>
  header.startsWith('"') ? header === etag : seconds(modified) === secondsOf(header)
