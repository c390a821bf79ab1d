import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { stale, tryLock } from '../disk/lock.ts'
import { statsOf } from '../disk/stamp.ts'
import { userName, type UserName } from '../spec/user-name.ts'
import type { AccountChange } from './change.ts'
import { hashPassword } from './password.ts'
import { Records } from './records.ts'
import { isTexts } from './texts.ts'

/** A person or a machine that may sign in. */
export interface User {
  readonly name: UserName
  /** Made anew with each user, so that who is created again under an old name inherits nothing (fault P28). */
  readonly id: string
  /** As `hashPassword` made it. */
  readonly password: string
  /** Patterns of the names of projects that this user may publish; none: may only read. */
  readonly publish: readonly string[]
  /** ISO time. */
  readonly created: string
}

/** What can be set about a user. */
export interface UserSettings {
  readonly password: string
  readonly publish: readonly string[]
}

const parse = (name: UserName, object: JsonObject): User | undefined => {
  const { id, password, publish, created } = object
  return (
      typeof id === 'string' &&
        typeof password === 'string' &&
        typeof created === 'string' &&
        isTexts(publish)
    ) ?
      { name, id, password, publish, created }
    : undefined
}

/** The users of one directory. What other processes change is seen at once. */
export class Users {
  readonly #layout: Layout
  readonly #records: Records<UserName, User>

  constructor(layout: Layout) {
    this.#layout = layout
    this.#records = new Records(layout, { path: name => layout.user(name), parse })
  }

  /** True from the first user on, for ever: who removes the last one does not open the door to everybody. */
  get haveExisted(): boolean {
    return statsOf(this.#layout.users) !== undefined
  }

  get(name: UserName): Promise<User | undefined> {
    return this.#records.get(name)
  }

  /** All users, by name. */
  async list(): Promise<User[]> {
    return [...(await this.#records.list(this.#layout.users, userName)).values()]
  }

  /** Adds a user; undefined when the name is taken. Of two at once exactly one wins. */
  async add(
    name: UserName,
    { password, publish }: UserSettings,
  ): Promise<AccountChange | undefined> {
    const record = {
      id: randomUUID(),
      password: await hashPassword(password),
      publish,
      created: new Date().toISOString(),
    }
    const isNew = await this.#records.create(name, record)
    return isNew ? { action: 'user added', user: name, publish } : undefined
  }

  /** Sets another password or other rights; undefined when there is no such user. */
  async change(
    name: UserName,
    { password, publish }: Partial<UserSettings>,
  ): Promise<AccountChange | undefined> {
    const members = {
      ...(password !== undefined && { password: await hashPassword(password) }),
      ...(publish !== undefined && { publish }),
    }
    const isChanged = await this.#alone(name, () => this.#records.change(name, members))
    if (!isChanged) return undefined
    const action = publish === undefined ? 'password changed' : 'user changed'
    return { action, user: name, publish }
  }

  /** Removes a user; undefined when there is none. `Accounts.remove` takes the tokens along. */
  async remove(name: UserName): Promise<AccountChange | undefined> {
    const isRemoved = await this.#alone(name, () => this.#records.remove(name))
    return isRemoved ? { action: 'user removed', user: name } : undefined
  }

  // Of two changes at once one would undo the other: an old password could come back, or a removed user.
  async #alone(name: UserName, work: () => Promise<boolean>): Promise<boolean> {
    const path = this.#layout.lock(`user ${name}`)
    const end = performance.now() + 2 * stale
    for (;;) {
      const release = await tryLock(path)
      if (release !== undefined)
        try {
          return await work()
        } finally {
          await release()
        }
      if (performance.now() > end)
        throw new Error(`user ${name} is being changed by somebody else: try again later`)
      await setTimeout(50)
    }
  }
}
