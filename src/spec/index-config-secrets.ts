import { InputError } from './input-error.ts'

/** Stands for what is not shown; sent back, it means: as it was. */
const mark = '***'

const urls = new Set(['mirror_url', 'uploadtrigger_jenkins', 'uploadtrigger_webhook'])
const secret = 'uploadtrigger_secret'

interface Parts {
  readonly scheme: string
  readonly userinfo: string
  readonly rest: string
}

const partsOf = (url: string): Parts | undefined => {
  const [whole = '', scheme = '', userinfo = ''] = /^(https?:\/\/)([^/?#]*)@/i.exec(url) ?? []
  return whole === '' ? undefined : { scheme, userinfo, rest: url.slice(whole.length) }
}

// A name without a password is as a rule a token.
const concealedUserinfo = (userinfo: string): string => {
  const colon = userinfo.indexOf(':')
  return colon < 0 ? mark : `${userinfo.slice(0, colon)}:${mark}`
}

/** A value of an index's settings as it may be shown. */
export const concealed = (key: string, value: unknown): unknown => {
  if (typeof value !== 'string') return value
  if (key === secret) return value === '' ? value : mark
  const parts = urls.has(key) ? partsOf(value) : undefined
  return parts === undefined ? value : (
      `${parts.scheme}${concealedUserinfo(parts.userinfo)}@${parts.rest}`
    )
}

const originOf = (url: string): string | undefined =>
  URL.canParse(url) ? new URL(url).origin : undefined

const withOldPassword = (given: string, old: string): string | undefined => {
  const [asked, known] = [partsOf(given), partsOf(old)]
  if (asked === undefined || known === undefined) return undefined
  // Else whoever may change an index could have its password sent anywhere.
  const isSamePlace =
    originOf(given) === originOf(old) && asked.userinfo === concealedUserinfo(known.userinfo)
  return isSamePlace ? `${asked.scheme}${known.userinfo}@${asked.rest}` : undefined
}

/**
 * A given value with what `***` stands for put in again.
 * @param old the value until now
 * @throws {InputError} where nobody knows what it stands for
 */
export const revealed = (key: string, given: unknown, old: unknown): unknown => {
  if (typeof given !== 'string') return given
  if (key === secret && given === mark) {
    if (old !== undefined) return old
  } else if (!urls.has(key) || partsOf(given)?.userinfo.includes(mark) !== true) return given
  else {
    const found = typeof old === 'string' ? withOldPassword(given, old) : undefined
    if (found !== undefined) return found
  }
  throw new InputError(`'${key}' has *** for a password that is not known here: send the password`)
}
