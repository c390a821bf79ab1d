/** The seconds of a `Retry-After` header (a number or a date, RFC 9110 10.2.3), at most a day; undefined without sense. */
export const retryAfterOf = (header: string | undefined, now = Date.now()): number | undefined => {
  if (header === undefined) return undefined
  const text = header.trim()
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(0, Math.ceil(seconds)), 86_400)
}

const patience = 2
const again = [500, 502, 503, 504]

/**
 * Seconds until a request that failed for the `tries`-th time is made again; undefined when waiting
 * would take longer than a client likes to, or the status is no passing one. With jitter, so that
 * many who failed together do not come back together.
 */
export const retryDelay = (
  tries: number,
  status: number | undefined,
  retryAfter: number | undefined,
  random = Math.random(),
): number | undefined => {
  if (status !== undefined && !again.includes(status)) return undefined
  if (retryAfter !== undefined && retryAfter > patience) return undefined
  return Math.max(retryAfter ?? 0, 0.1 * 3 ** (tries - 1) * (0.5 + random))
}
