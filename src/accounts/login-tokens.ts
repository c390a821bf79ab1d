import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Layout } from '../disk/layout.ts'
import { identityOf, statsOf } from '../disk/stamp.ts'
import { create } from '../disk/write.ts'
import type { User } from './users.ts'

/** Seconds for which a login is good, as devpi's. */
export const loginLife = 36_000

const shape = /^pypl-([0-9a-z]{1,9})-([\w-]{43})$/

/** True for a text that can only be a login token, right or wrong. */
export const isLoginToken = (text: string): boolean => shape.test(text)

/**
 * What `devpi login` gets instead of a password: `pypl-`, the second in which it ends, and a
 * signature over that, the user and the user's `logins`. Nothing is kept of it, and with other
 * `logins`, or another user of the name, it is void. The password is not in it, since devpi's client
 * goes on with its old login when it has changed the password itself.
 */
export class LoginTokens {
  readonly #layout: Layout
  #known: { readonly identity: string; readonly key: Buffer } | undefined

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** A token for a user, from now (milliseconds since 1970). ASCII, and safe in URLs. */
  async issue(user: User, now: number): Promise<string> {
    const end = Math.floor(now / 1000) + loginLife
    const key = (await this.#key()) ?? (await this.#newKey())
    return `pypl-${end.toString(36)}-${signature(key, user, end).toString('base64url')}`
  }

  /** True for a token of this user that has not ended. */
  async isRight(text: string, user: User, now: number): Promise<boolean> {
    const [, written = '', given = ''] = shape.exec(text) ?? []
    const end = Number.parseInt(written, 36)
    if (!(now < end * 1000)) return false
    const key = await this.#key()
    const bytes = Buffer.from(given, 'base64url')
    return (
      key !== undefined && bytes.length === 32 && timingSafeEqual(bytes, signature(key, user, end))
    )
  }

  async #key(): Promise<Buffer | undefined> {
    const path = this.#layout.tokenKey
    const stats = statsOf(path)
    if (stats === undefined) return undefined
    const identity = identityOf(stats)
    if (this.#known?.identity === identity) return this.#known.key
    const text = (await readFile(path, 'latin1')).trim()
    // With a key that others can guess, anybody could sign in as anybody.
    if (!/^[0-9a-f]{64}$/.test(text))
      throw new Error(`${path} is damaged: remove it; everybody then has to log in again`)
    const key = Buffer.from(text, 'hex')
    this.#known = { identity, key }
    return key
  }

  // Of several processes one makes it, and all of them read that.
  async #newKey(): Promise<Buffer> {
    const path = this.#layout.tokenKey
    await create(this.#layout, path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    const key = await this.#key()
    if (key === undefined) throw new Error(`${path} was removed: try again`)
    return key
  }
}

const signature = (key: Buffer, { name, id, logins }: User, end: number): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify(['login', name, id, logins, end]))
    .digest()
