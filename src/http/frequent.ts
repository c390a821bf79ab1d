import { headText } from './direct.ts'
import type { Outgoing } from './outgoing.ts'
import type { Reply } from './reply.ts'

/** Replies that are looked at within a second, and bytes of the largest body. */
const most = 1000
const largest = 8 * 1024

/** A reply as it goes over the wire. */
export interface Wired {
  readonly status: number
  readonly bytes: Buffer
  /** Bytes of the body among them. */
  readonly sent: number
}

/**
 * What is asked for more than once within a second, as the bytes that go over the wire: the head
 * tells the second, so they are good for no longer. Replies are known by identity, so this is for
 * those that somebody keeps.
 */
export class Frequent {
  #second = -1
  readonly #replies = new Map<Reply, Wired | 'once'>()

  /** The bytes of a reply to a GET, if they were kept during this second. */
  get(reply: Reply): Wired | undefined {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#replies.clear()
    }
    const known = this.#replies.get(reply)
    return known === 'once' ? undefined : known
  }

  /** Keeps what went out for a reply to a GET, if it is short and was asked for before. */
  note(reply: Reply, out: Outgoing): void {
    const { bytes = '', status } = out
    if (typeof bytes !== 'string' || bytes.length > largest) return
    if (this.#replies.has(reply)) {
      const wired = Buffer.from(headText(out) + bytes, 'latin1')
      this.#replies.set(reply, { status, bytes: wired, sent: bytes.length })
    } else if (this.#replies.size < most) this.#replies.set(reply, 'once')
  }
}
