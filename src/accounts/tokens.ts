import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { tokenId, writeToken, type TokenId, type TokenText } from '../spec/token.ts'
import type { UserName } from '../spec/user-name.ts'
import { userName } from '../spec/user-name.ts'
import type { AccountChange } from './change.ts'
import { Records } from './records.ts'
import { isTexts } from './texts.ts'
import type { User } from './users.ts'

/** A second, limited way for a user to sign in. */
export interface Token {
  readonly id: TokenId
  readonly user: UserName
  /** The id of the user that it was made for. */
  readonly owner: string
  /** sha256 of the secret, hex. It has 256 random bits, so nothing slower is needed. */
  readonly hash: string
  /** Patterns of the only names that it may publish, and of these what its user may; undefined: what its user may. */
  readonly publish?: readonly string[] | undefined
  /** ISO time. */
  readonly created: string
  /** ISO time from which it is void; undefined: never. */
  readonly expires?: string | undefined
  /** What it is for, in its owner's words. */
  readonly note?: string | undefined
}

/** What can be set about a token; times are milliseconds since 1970. */
export interface TokenSettings {
  readonly publish?: readonly string[] | undefined
  readonly expires?: number | undefined
  readonly note?: string | undefined
}

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value))

// Whoever cannot be understood here would be a token without its limits.
const parse = (id: TokenId, object: JsonObject): Token | undefined => {
  const { owner, hash, publish, created, expires, note } = object
  const user = userName(typeof object['user'] === 'string' ? object['user'] : '')
  const isWhole =
    user !== undefined &&
    typeof owner === 'string' &&
    typeof hash === 'string' &&
    isTime(created) &&
    (publish === undefined || isTexts(publish)) &&
    (expires === undefined || isTime(expires))
  if (!isWhole) return undefined
  return {
    id,
    user,
    owner,
    hash,
    publish,
    created,
    expires,
    note: typeof note === 'string' ? note : undefined,
  }
}

const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/** True when a token is void at a time in milliseconds. */
export const isExpired = ({ expires }: Token, now: number): boolean =>
  expires !== undefined && now >= Date.parse(expires)

/** The tokens of one directory. What other processes change is seen at once. */
export class Tokens {
  readonly #layout: Layout
  readonly #records: Records<TokenId, Token>

  constructor(layout: Layout) {
    this.#layout = layout
    this.#records = new Records(layout, { path: id => layout.token(id), parse })
  }

  /** All tokens, also expired ones and those of users that are no more. */
  async list(): Promise<Token[]> {
    return [...(await this.#records.list(this.#layout.tokens, tokenId)).values()]
  }

  /** Makes a token. Its text cannot be had again: only a hash is kept. */
  async create(
    { name, id: owner }: User,
    { publish, expires, note }: TokenSettings,
  ): Promise<{ readonly text: string; readonly change: AccountChange }> {
    const id = randomBytes(8).toString('hex') as TokenId
    const secret = randomBytes(32).toString('base64url')
    const end = expires === undefined ? undefined : new Date(expires).toISOString()
    const isNew = await this.#records.create(id, {
      user: name,
      owner,
      hash: digestOf(secret).toString('hex'),
      publish,
      created: new Date().toISOString(),
      expires: end,
      note,
    })
    if (!isNew) throw new Error(`token ${id} exists already: try again`)
    return {
      text: writeToken({ id, secret }),
      change: { action: 'token created', user: name, token: id, publish, expires: end },
    }
  }

  /** The token with this id and this secret, expired or not; undefined when there is none. */
  async find({ id, secret }: TokenText): Promise<Token | undefined> {
    const token = await this.#records.get(id)
    if (token === undefined) return undefined
    const kept = Buffer.from(token.hash, 'hex')
    const given = digestOf(secret)
    return kept.length === given.length && timingSafeEqual(kept, given) ? token : undefined
  }

  /** Makes a token void for good; undefined when there is none. */
  async revoke(id: TokenId): Promise<AccountChange | undefined> {
    const token = await this.#records.get(id)
    if (!(await this.#records.remove(id))) return undefined
    return { action: 'token revoked', user: token?.user ?? '?', token: id }
  }
}
