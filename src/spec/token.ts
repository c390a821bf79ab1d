declare const id: unique symbol

/** What a token is called in lists and files. Only `tokenId` makes one; it is no secret. */
export type TokenId = string & { readonly [id]: true }

/** A token as its owner holds it, taken apart. */
export interface TokenText {
  readonly id: TokenId
  readonly secret: string
}

const validId = /^[0-9a-f]{16}$/
const validToken = /^pypp-([0-9a-f]{16})-([A-Za-z0-9_-]{43})$/

/** A text as the id of a token; undefined when it cannot be one. */
export const tokenId = (text: string): TokenId | undefined =>
  validId.test(text) ? (text as TokenId) : undefined

/** `pypp-ID-SECRET`: safe in URLs, and found by those who search for leaked secrets. */
export const writeToken = ({ id, secret }: TokenText): string => `pypp-${id}-${secret}`

/** The parts of a token; undefined for any other text. */
export const readToken = (text: string): TokenText | undefined => {
  const [, id, secret] = validToken.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id: id as TokenId, secret }
}
