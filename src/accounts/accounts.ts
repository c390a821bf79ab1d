import type { Layout } from '../disk/layout.ts'
import { readToken, type TokenId, type TokenText } from '../spec/token.ts'
import { tokenUser, userName, type UserName } from '../spec/user-name.ts'
import type { AccountChange } from './change.ts'
import { nobodysPassword } from './password.ts'
import { Passwords } from './passwords.ts'
import { isExpired, Tokens } from './tokens.ts'
import { Users } from './users.ts'

/** What a client says about itself; a bearer token is a password without a user. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/** A user that was recognised. */
export interface Identity {
  readonly user: UserName
  /** Patterns of the names that the user may publish. */
  readonly publish: readonly string[]
  /** The token that was used, and the patterns that it is limited to. */
  readonly token?: { readonly id: TokenId; readonly publish: readonly string[] | undefined }
}

/** What tells the time: of day, and on a clock that never jumps; both in milliseconds. */
export interface Clock {
  now(): number
  ticks(): number
}

const systemClock: Clock = { now: () => Date.now(), ticks: () => performance.now() }

// A token alone, in either place, or as the password of its own user (UP-15, CL-62).
const tokenIn = ({ user, password }: Credentials): TokenText | undefined =>
  readToken(password) ?? (password === '' ? readToken(user) : undefined)

/** Who may sign in at one directory. Whatever any process changes counts from the next request on. */
export class Accounts {
  readonly users: Users
  readonly tokens: Tokens
  readonly #passwords: Passwords
  readonly #clock: Clock

  constructor(layout: Layout, clock = systemClock) {
    this.users = new Users(layout)
    this.tokens = new Tokens(layout)
    this.#passwords = new Passwords(() => clock.ticks())
    this.#clock = clock
  }

  /**
   * Whose credentials these are; undefined when they are wrong in any way.
   * @param address of the client, to slow down guessing
   * @throws {AccessError} 429 after too many wrong passwords
   */
  async identify(credentials: Credentials, address: string): Promise<Identity | undefined> {
    const token = tokenIn(credentials)
    if (token !== undefined) return this.#byToken(token, credentials)
    // Guessing a token is hopeless, so it is not slowed down either.
    if (credentials.user === '' || credentials.user === tokenUser) return undefined
    return this.#byPassword(credentials, address)
  }

  /** Removes a user and all that user's tokens; undefined when there is no such user. */
  async remove(name: UserName): Promise<AccountChange | undefined> {
    const change = await this.users.remove(name)
    // They are void by now; this only tidies up.
    for (const { id, user } of await this.tokens.list())
      if (change !== undefined && user === name) await this.tokens.revoke(id)
    return change
  }

  async #byToken(text: TokenText, { user, password }: Credentials): Promise<Identity | undefined> {
    const token = await this.tokens.find(text)
    if (token === undefined || isExpired(token, this.#clock.now())) return undefined
    const isOthers = user !== '' && user !== tokenUser && user !== token.user
    if (password !== '' && isOthers) return undefined
    const owner = await this.users.get(token.user)
    if (owner === undefined || owner.id !== token.owner) return undefined
    const { id, publish } = token
    return { user: owner.name, publish: owner.publish, token: { id, publish } }
  }

  // Nothing, not even the time it takes, tells a user who does not exist from a wrong password (fault P02).
  async #byPassword(
    { user, password }: Credentials,
    address: string,
  ): Promise<Identity | undefined> {
    const name = userName(user)
    const found = name === undefined ? undefined : await this.users.get(name)
    const kept = found?.password ?? nobodysPassword
    const isRight = await this.#passwords.check({ user: name ?? '', password, kept, address })
    return isRight && found !== undefined ? { user: found.name, publish: found.publish } : undefined
  }
}
