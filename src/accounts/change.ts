/** What was changed about the accounts, for the journal and for people; it holds no secret (fault P29). */
export interface AccountChange {
  readonly action:
    | 'user added'
    | 'user changed'
    | 'password changed'
    | 'user removed'
    | 'token created'
    | 'token revoked'
  readonly user: string
  /** The id of a token. */
  readonly token?: string | undefined
  /** The patterns of the names that may be published from now on; undefined: not told, or no limit of the token's own. */
  readonly publish?: readonly string[] | undefined
  /** ISO time at which a token ends. */
  readonly expires?: string | undefined
}
