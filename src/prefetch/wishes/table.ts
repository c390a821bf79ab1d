/** A table of a TOML file or an object of a JSON file, nothing of which is known yet. */
export type Table = Readonly<Record<string, unknown>>

/** The value as a table; undefined for anything else. */
export const tableOf = (value: unknown): Table | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date) ?
    (value as Table)
  : undefined

/** What a table has under a key; undefined for none, so also for what all objects have. */
export const entry = (table: Table | undefined, key: string): unknown =>
  table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined

/** The text under a key; undefined for none and for anything else. */
export const textAt = (table: Table | undefined, key: string): string | undefined => {
  const value = entry(table, key)
  return typeof value === 'string' ? value : undefined
}

/** The table under a key; undefined for none and for anything else. */
export const tableAt = (table: Table | undefined, key: string): Table | undefined =>
  tableOf(entry(table, key))

/** The list under a key; empty for none and for anything else. */
export const listAt = (table: Table | undefined, key: string): readonly unknown[] => {
  const value: unknown = entry(table, key)
  return Array.isArray(value) ? (value as unknown[]) : []
}

/** The tables in the list under a key; what is none is left out. */
export const tablesAt = (table: Table | undefined, key: string): Table[] =>
  listAt(table, key)
    .map(tableOf)
    .filter(some => some !== undefined)

/** The texts in the list under a key; what is none is left out. */
export const textsAt = (table: Table | undefined, key: string): string[] =>
  listAt(table, key).filter(value => typeof value === 'string')
