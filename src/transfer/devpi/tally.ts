// What one of them is called.
const singular = {
  users: 'user',
  indexes: 'index',
  releases: 'release',
  files: 'file',
  documentation: 'documentation',
  'test results': 'test result',
} as const

/** What can be counted. */
export type Counted = keyof typeof singular

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
    const parts = [...this.added].map(
      ([what, count]) => `${count} ${count === 1 ? singular[what] : what}`,
    )
    return parts.length === 0 ? undefined : parts.join(', ')
  }
}
