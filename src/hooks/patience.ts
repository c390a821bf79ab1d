/** How long and how often somebody is tried who does not answer, in seconds. */
export interface Patience {
  /** Between attempts; the last one again and again. */
  readonly pauses: readonly number[]
  /** Since a message was made; it is given up when the next attempt would come later. */
  readonly giveUp: number
  /** For one attempt. */
  readonly answer: number
  /** Until what other processes left is looked for. */
  readonly look: number
}

/** A receiver may be away for a day. */
export const usual: Patience = {
  pauses: [5, 15, 60, 300, 900, 3600],
  giveUp: 24 * 3600,
  answer: 15,
  look: 20,
}

/** Seconds until a message is tried again that was tried so often. */
export const pauseAfter = ({ pauses }: Patience, attempts: number): number =>
  pauses[Math.min(attempts, pauses.length) - 1] ?? 0
