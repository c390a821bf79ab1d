/** What can be counted. */
export type Counted = 'users' | 'indexes' | 'releases' | 'files' | 'documentation' | 'test results'

/** What an import has done so far, and what it could not do. */
export class Tally {
  readonly added = new Map<Counted, number>()
  /** Things that were there before, as they are in the export. */
  present = 0
  /** What was taken, but not quite as it was. */
  readonly notes: string[] = []
  /** What was left out, and why. */
  readonly problems: string[] = []

  add(what: Counted): void {
    this.added.set(what, (this.added.get(what) ?? 0) + 1)
  }

  /** `3 users, 2 indexes`; undefined when nothing was added. */
  get words(): string | undefined {
    const parts = [...this.added].map(([what, count]) => `${count} ${what}`)
    return parts.length === 0 ? undefined : parts.join(', ')
  }
}
