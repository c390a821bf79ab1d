const shape = /^(\d{4}-\d{2}-\d{2})\.jsonl$/

/** The day (UTC) of a moment in milliseconds since 1970: `2026-11-21`. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** The days of which there is a file, in order; other names are passed over. */
export const daysIn = (names: readonly string[]): string[] =>
  names.flatMap(name => shape.exec(name)?.[1] ?? []).toSorted()
