/** What was changed about users, tokens and indexes, for the journal and for people; it holds no secret (fault P29). */
export interface AccountChange {
  readonly action:
    | 'user added'
    | 'user changed'
    | 'password changed'
    | 'user removed'
    | 'token created'
    | 'token revoked'
    | 'index created'
    | 'index changed'
    | 'index deleted'
  /** Whose it is. */
  readonly user: string
  /** `alice/dev` */
  readonly index?: string | undefined
  /** The id of a token. */
  readonly token?: string | undefined
  /** The patterns of the names that may be published from now on; undefined: not told, or no limit of the token's own. */
  readonly publish?: readonly string[] | undefined
  /** ISO time at which a token ends. */
  readonly expires?: string | undefined
}
