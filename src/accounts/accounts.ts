import type { Layout } from '../disk/layout.ts'
import { readToken, type TokenId, type TokenText } from '../spec/token.ts'
import { rootUser, tokenUser, userName, type UserName } from '../spec/user-name.ts'
import { forbidden } from './access-error.ts'
import type { AccountChange } from './change.ts'
import { IndexConfigs, type Erase } from './index-configs.ts'
import { isLoginToken, loginLife, LoginTokens } from './login-tokens.ts'
import { closedPassword, isForeignPassword, nobodysPassword } from './password.ts'
import { Passwords } from './passwords.ts'
import { isExpired, Tokens } from './tokens.ts'
import { Users, type User } from './users.ts'

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

/** Where credentials come from. */
export interface Origin {
  /** Of the client, to slow down guessing. */
  readonly address: string
  /** True for a client on this machine: from there alone an empty password is good. */
  readonly isLocal: boolean
}

/** What `devpi login` gets: a password for some time, in seconds. */
export interface Login {
  readonly password: string
  readonly expiration: number
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

const identityOf = ({ name, publish }: User): Identity => ({ user: name, publish })

/** Who may sign in at one directory. Whatever any process changes counts from the next request on. */
export class Accounts {
  readonly users: Users
  readonly tokens: Tokens
  readonly indexes: IndexConfigs
  readonly #logins: LoginTokens
  readonly #passwords: Passwords
  readonly #clock: Clock

  constructor(layout: Layout, clock = systemClock) {
    this.users = new Users(layout)
    this.tokens = new Tokens(layout)
    this.indexes = new IndexConfigs(layout)
    this.#logins = new LoginTokens(layout)
    this.#passwords = new Passwords(() => clock.ticks())
    this.#clock = clock
  }

  /**
   * Whose credentials these are; undefined when they are wrong in any way.
   * @throws {AccessError} 429 after too many wrong passwords
   */
  async identify(credentials: Credentials, origin: Origin): Promise<Identity | undefined> {
    const token = tokenIn(credentials)
    if (token !== undefined) return this.#byToken(token, credentials)
    // Guessing a token is hopeless, so it is not slowed down either.
    if (credentials.user === '' || credentials.user === tokenUser) return undefined
    const user =
      isLoginToken(credentials.password) ?
        await this.#byLogin(credentials, origin)
      : await this.#byPassword(credentials, origin)
    return user && identityOf(user)
  }

  /**
   * A token for who knows a user's password; undefined when it is wrong. Another token is no
   * password here, else none would ever end.
   * @throws {AccessError} 429 after too many wrong ones
   */
  async login(credentials: Credentials, origin: Origin): Promise<Login | undefined> {
    const { password } = credentials
    if (isLoginToken(password) || readToken(password) !== undefined) return undefined
    const user = await this.#byPassword(credentials, origin)
    return user && this.freshLogin(user.name)
  }

  /** A token for a user who has just proved to be that one; undefined without such a user. */
  async freshLogin(name: UserName): Promise<Login | undefined> {
    const user = await this.users.get(name)
    if (user === undefined) return undefined
    const password = await this.#logins.issue(user, this.#clock.now())
    return { password, expiration: loginLife }
  }

  /** True as long as root has its empty password. */
  async isRootOpen(): Promise<boolean> {
    return (await this.users.get(rootUser))?.password === ''
  }

  /**
   * Removes a user with all tokens and indexes; undefined when there is no such user.
   * @param erase takes away what lies of an index
   * @throws {AccessError} 403 for root, and for who has an index that is not volatile
   */
  async remove(name: UserName, erase: Erase): Promise<AccountChange | undefined> {
    const change = await this.users.remove(name, () => this.#removeIndexes(name, erase))
    // They are void by now; this only tidies up.
    for (const { id, user } of await this.tokens.list())
      if (change !== undefined && user === name) await this.tokens.revoke(id)
    return change
  }

  async #removeIndexes(name: UserName, erase: Erase): Promise<void> {
    const own = await this.indexes.of(name)
    for (const [index, { volatile }] of own)
      if (!volatile)
        throw forbidden(`user '${name}' has non-volatile index: ${index.slice(name.length + 1)}`)
    for (const index of await this.indexes.left(name)) await this.indexes.remove(index, erase)
  }

  async #byToken(text: TokenText, { user, password }: Credentials): Promise<Identity | undefined> {
    const token = await this.tokens.find(text)
    if (token === undefined || isExpired(token, this.#clock.now())) return undefined
    const isOthers = user !== '' && user !== tokenUser && user !== token.user
    if (password !== '' && isOthers) return undefined
    const owner = await this.users.get(token.user)
    if (owner === undefined || owner.id !== token.owner) return undefined
    const { id, publish } = token
    return { ...identityOf(owner), token: { id, publish } }
  }

  async #byLogin({ user, password }: Credentials, { isLocal }: Origin): Promise<User | undefined> {
    const name = userName(user)
    const found = name === undefined ? undefined : await this.users.get(name)
    // A login lets nobody in whom no password would.
    if (found === undefined || (found.password === '' && !isLocal)) return undefined
    if (found.password === closedPassword) return undefined
    const isRight = await this.#logins.isRight(password, found, this.#clock.now())
    return isRight ? found : undefined
  }

  // Nothing, not even the time it takes, tells a user who does not exist from a wrong password (fault P02).
  async #byPassword(
    { user, password }: Credentials,
    { address, isLocal }: Origin,
  ): Promise<User | undefined> {
    const name = userName(user)
    const found = name === undefined ? undefined : await this.users.get(name)
    if (found?.password === '' && password === '' && isLocal) return found
    // An empty text is no hash, and must cost a guess as much as one.
    const kept = (found?.password ?? '') === '' ? nobodysPassword : (found?.password ?? '')
    const isRight = await this.#passwords.check({ user: name ?? '', password, kept, address })
    if (!isRight || found === undefined) return undefined
    if (isForeignPassword(kept)) await this.#rehash(found, password)
    return found
  }

  // A directory that cannot be written to keeps nobody from signing in.
  async #rehash({ name, password: before }: User, password: string): Promise<void> {
    await this.users.rehash(name, before, password).catch(() => {})
  }
}
