import { asWanted } from './as-wanted.ts'
import type { ConfigOf, Message, Send } from './event.ts'

/** How an attempt is made. */
export interface Attempting {
  readonly send: Send
  readonly configOf: ConfigOf
  /** Seconds for an answer. */
  readonly answer: number
  /** Breaks it off. */
  readonly leaving: AbortSignal
}

const isTaken = (status: number, { isTakenByRedirect }: Message): boolean =>
  (status >= 200 && status < 300) ||
  (isTakenByRedirect === true && (status === 302 || status === 303))

/**
 * One attempt to hand a message to its receiver. `unwanted`: the index has this receiver no longer,
 * and nothing was sent. A number is the status of a refusal.
 * @throws when there is no answer in time
 */
export const attempt = async (
  message: Message,
  { send, configOf, answer, leaving }: Attempting,
): Promise<'taken' | 'unwanted' | number> => {
  const wanted = asWanted(message, await configOf(message.index))
  if (wanted === undefined) return 'unwanted'
  const timeout = AbortSignal.timeout(answer * 1000)
  const { status } = await send(wanted, AbortSignal.any([leaving, timeout]))
  return isTaken(status, message) ? 'taken' : status
}
