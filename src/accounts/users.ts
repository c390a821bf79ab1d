import { randomUUID } from 'node:crypto'
import type { Layout } from '../disk/layout.ts'
import { statsOf } from '../disk/stamp.ts'
import { isSameJson, type JsonObject } from '../spec/json-value.ts'
import { shownTime, type UserProfile } from '../spec/user-config.ts'
import { rootUser, userName, type UserName } from '../spec/user-name.ts'
import { conflict, forbidden } from './access-error.ts'
import { alone } from './alone.ts'
import type { AccountChange } from './change.ts'
import { closedPassword, hashPassword } from './password.ts'
import { Records, stemsIn } from './records.ts'
import { openRoot, parseUser, type User } from './user-record.ts'

export type { User } from './user-record.ts'

/** What can be set about a user. */
export interface UserSettings {
  /** May be empty: who has that signs in from this machine only. */
  readonly password: string
  readonly publish: readonly string[]
  /** Members that are there and undefined are taken away. */
  readonly profile?: UserProfile
}

/** What is different about a user afterwards. */
export interface UserChange extends Partial<UserSettings> {
  /** The logins made so far stay good; without it another password ends them. */
  readonly keepsLogins?: boolean
}

/** A user as another directory or program kept one; the password as it is kept. */
export type KeptUser = Omit<User, 'name' | 'id' | 'logins'>

const kept = (password: string): string | Promise<string> =>
  password === '' ? '' : hashPassword(password)

// As devpi writes it.
const now = (): string => shownTime(new Date().toISOString())

/** The users of one directory, root always among them. What other processes change is seen at once. */
export class Users {
  readonly #layout: Layout
  readonly #records: Records<UserName, User>

  constructor(layout: Layout) {
    this.#layout = layout
    this.#records = new Records(layout, { path: name => layout.user(name), parse: parseUser })
  }

  /** True from the first user on, for ever: who removes the last one does not open the door to everybody. */
  get haveExisted(): boolean {
    return statsOf(this.#layout.users) !== undefined
  }

  /** Undefined when there is no such user. */
  async get(name: UserName): Promise<User | undefined> {
    return (
      (await this.#records.get(name)) ?? (name === rootUser ? this.#unwrittenRoot() : undefined)
    )
  }

  /** All users, by name. */
  async list(): Promise<User[]> {
    const users = await this.#records.list(this.#layout.users, userName)
    if (!users.has(rootUser)) users.set(rootUser, this.#unwrittenRoot())
    return [...users.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /**
   * Adds a user; undefined when the name is taken. Of two at once exactly one wins. Root can be
   * added as long as nobody gave it a password.
   * @throws {AccessError} 409 for a name that differs from another one's in case only
   */
  async add(
    name: UserName,
    { password, publish, profile }: UserSettings,
  ): Promise<AccountChange | undefined> {
    const member = { password: await kept(password), publish, created: new Date().toISOString() }
    const isNew = await this.#create(name, { ...member, ...profile })
    return isNew ? { action: 'user added', user: name, publish } : undefined
  }

  /** Adds a user as it was kept elsewhere; false when the name is taken, which root's is once it has a password. */
  restore(name: UserName, { profile, ...members }: KeptUser): Promise<boolean> {
    return this.#create(name, { ...members, ...profile })
  }

  /**
   * Sets another password, other rights or what a user says about oneself; undefined when there is
   * no such user. Nothing is written where nothing is different.
   */
  async change(
    name: UserName,
    { password, publish, profile = {}, keepsLogins = false }: UserChange,
  ): Promise<AccountChange | undefined> {
    const members = {
      ...(password !== undefined && { password: await kept(password) }),
      ...(password !== undefined && !keepsLogins && { logins: randomUUID() }),
      ...(publish !== undefined && { publish }),
      ...profile,
    }
    const isThere = await this.#alone(name, async () => {
      const user = await this.get(name)
      if (user === undefined) return false
      const { profile: known, ...others } = user
      const before: JsonObject = { ...others, ...known }
      const isSame = Object.entries(members).every(([key, value]) => isSameJson(value, before[key]))
      if (!isSame) await this.#write(user, { ...members, modified: now() })
      return true
    })
    if (!isThere) return undefined
    const isPassword = password !== undefined && publish === undefined
    return { action: isPassword ? 'password changed' : 'user changed', user: name, publish }
  }

  /** Keeps a password in another way, unless it was changed in between. */
  async rehash(name: UserName, before: string, password: string): Promise<void> {
    const after = await hashPassword(password)
    await this.#alone(name, async () => {
      const user = await this.get(name)
      if (user?.password === before) await this.#write(user, { password: after })
    })
  }

  /**
   * Takes the empty password away from root, if it has that: nobody can sign in as root until the
   * operator sets another one.
   */
  async closeRoot(): Promise<void> {
    await this.#alone(rootUser, async () => {
      const root = await this.get(rootUser)
      if (root?.password === '') await this.#write(root, { password: closedPassword })
    })
  }

  /**
   * Removes a user; undefined when there is none. `Accounts.remove` takes tokens and indexes along.
   * @param first what has to be done before, and stops it by throwing
   * @throws {AccessError} 403 for root
   */
  async remove(
    name: UserName,
    first: () => Promise<void> = () => Promise.resolve(),
  ): Promise<AccountChange | undefined> {
    if (name === rootUser) throw forbidden('user root cannot be removed: others depend on it')
    const isRemoved = await this.#alone(name, async () => {
      if (statsOf(this.#layout.user(name)) === undefined) return false
      await first()
      return this.#records.remove(name)
    })
    return isRemoved ? { action: 'user removed', user: name } : undefined
  }

  // What cannot be read must not open the door.
  #unwrittenRoot(): User {
    const isUnwritten = statsOf(this.#layout.user(rootUser)) === undefined
    return isUnwritten ? openRoot : { ...openRoot, password: closedPassword }
  }

  // Root, who is never removed, stays the same also when first written down.
  async #write({ name }: User, members: JsonObject): Promise<void> {
    if (await this.#records.change(name, members)) return
    const { id, password, publish, created } = openRoot
    await this.#records.put(name, { name, id, password, publish, created, ...members })
  }

  // All names that differ in case only share a lock, so that only one of them can be made.
  #create(name: UserName, members: JsonObject): Promise<boolean> {
    return this.#alone(name, async () => {
      const lower = name.toLowerCase()
      const alike = [rootUser, ...(await stemsIn(this.#layout.users))].find(
        other => other !== name && other.toLowerCase() === lower,
      )
      if (alike !== undefined)
        throw conflict(`user '${alike}' exists: names must differ in more than case`)
      return this.#records.create(name, { name, id: randomUUID(), ...members })
    })
  }

  #alone<T>(name: UserName, work: () => Promise<T>): Promise<T> {
    return alone(this.#layout, `user ${name.toLowerCase()}`, work)
  }
}
