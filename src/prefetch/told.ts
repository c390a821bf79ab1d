/** What a distribution tells of what it needs. */
export interface Told {
  /** Values of `Requires-Dist`. */
  readonly requires: readonly string[]
  readonly requiresPython: string | undefined
  /** What must be there to build it; empty for a wheel. */
  readonly build: readonly string[]
  /** Why its dependencies may be others; absent where they are certain. */
  readonly note?: string
}

/** A distribution does not tell anything that could be read: installers pass it over too. */
export class UnreadableError extends Error {}
