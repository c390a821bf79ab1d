import { createHmac, randomBytes } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'
import { Flight } from '../flight.ts'
import { AccessError, tooMany } from './access-error.ts'
import { isPassword } from './password.ts'
import { Throttle } from './throttle.ts'
import { Turns } from './turns.ts'

/** A password that somebody gives. */
export interface Attempt {
  /** The user whose password it should be. */
  readonly user: string
  readonly password: string
  /** What is kept of the right password. */
  readonly kept: string
  /** Address of the client. */
  readonly address: string
}

/** Milliseconds for which an answer is remembered after it was last used. */
const remembered = 5 * 60_000

// Half of Node's threads; the others are left for the disk.
const atOnce = 2
const inLine = 200

/** The network of an address: what one person with IPv6 has at least, a /64. */
export const networkOf = (address: string): string => {
  const [bare = ''] = address.split('%', 1)
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare) ?? []
  if (mapped !== undefined) return mapped
  if (!isIPv6(bare)) return bare
  const [before = '', after] = bare.split('::', 2)
  const left = before === '' ? [] : before.split(':')
  const right = after === undefined || after === '' ? [] : after.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  const groups = after === undefined ? left : [...left, ...zeros, ...right]
  return `${groups
    .slice(0, 4)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')}::`
}

/**
 * Checks passwords. A check costs a fifth of a second on purpose, so the answer is remembered for
 * some minutes, by a hash with a key that nobody else has and together with what is kept of the
 * password: after a change nothing remembered fits any more. Guessing is slowed down, for each user
 * from one address and for each address (fault P03); who is remembered never notices.
 */
export class Passwords {
  readonly #key = randomBytes(32)
  readonly #right: LRUCache<string, true>
  // Apart, so that guesses do not push out what is right. An old password that some job tries for ever costs nothing and counts once.
  readonly #wrong: LRUCache<string, true>
  readonly #checks = new Flight<boolean>()
  readonly #turns = new Turns(atOnce, inLine)
  readonly #forUser: Throttle
  readonly #forAddress: Throttle

  readonly #compare: typeof isPassword

  /**
   * @param ticks milliseconds on a clock that never jumps
   * @param compare does the work
   */
  constructor(ticks: () => number, compare = isPassword) {
    this.#compare = compare
    const limits = { max: 1000, ttl: remembered, ttlResolution: 0, perf: { now: ticks } }
    this.#right = new LRUCache({ ...limits, updateAgeOnGet: true })
    this.#wrong = new LRUCache(limits)
    this.#forUser = new Throttle({ free: 5, longest: 60, ticks })
    this.#forAddress = new Throttle({ free: 20, longest: 60, ticks })
  }

  /**
   * True when the password is right.
   * @throws {AccessError} 429 after too many wrong ones, 503 when too many wait
   */
  async check(attempt: Attempt): Promise<boolean> {
    const proof = createHmac('sha256', this.#key)
      .update(JSON.stringify([attempt.user, attempt.kept, attempt.password]))
      .digest('base64')
    if (this.#right.get(proof) === true) return true
    const network = networkOf(attempt.address)
    const keys = { user: `${attempt.user} ${network}`, network }
    this.#refuseGuessing(keys)
    if (this.#wrong.has(proof)) return false
    return this.#checks.run(`${network} ${proof}`, async () => {
      if (this.#turns.isFull)
        throw new AccessError(503, 'too many passwords to check: try again in a moment')
      return this.#turns.run(() => this.#work(attempt, proof, keys))
    })
  }

  async #work(
    { password, kept }: Attempt,
    proof: string,
    keys: { readonly user: string; readonly network: string },
  ): Promise<boolean> {
    // Those before us in the line may have been guesses.
    this.#refuseGuessing(keys)
    const isRight = await this.#compare(password, kept)
    if (isRight) {
      this.#right.set(proof, true)
      // Not the address: who has one password could guess others for ever.
      this.#forUser.forgive(keys.user)
    } else {
      this.#wrong.set(proof, true)
      this.#forUser.failed(keys.user)
      this.#forAddress.failed(keys.network)
    }
    return isRight
  }

  #refuseGuessing({ user, network }: { readonly user: string; readonly network: string }): void {
    const wait = Math.max(this.#forUser.wait(user), this.#forAddress.wait(network))
    if (wait > 0) throw tooMany(wait)
  }
}
