/** What an `Authorization` header says; a bearer token is a password without a user. */
export interface Authorization {
  readonly user: string
  readonly password: string
}

/** Characters; no user name and password of ours are longer. */
const longest = 4096

const shape = /^(basic|bearer) +([A-Za-z0-9+/=._~-]+) *$/i

// UTF-8 by RFC 7617; requests, and so pip and twine, write Latin-1 where that is possible.
const decode = (base64: string): string => {
  const bytes = Buffer.from(base64, 'base64')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}

const isBase64 = (text: string): boolean =>
  /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1

/**
 * The credentials in an `Authorization` header (RFC 7617, RFC 6750), the password being all behind
 * the first colon. Undefined where there are none: no header, or neither user nor password in it;
 * `unreadable` for what nobody can tell the meaning of.
 */
export const parseAuthorization = (
  header: string | undefined,
): Authorization | 'unreadable' | undefined => {
  if (header === undefined) return undefined
  if (header.length > longest) return 'unreadable'
  const [, scheme = '', value = ''] = shape.exec(header) ?? []
  if (scheme === '') return 'unreadable'
  if (scheme.toLowerCase() === 'bearer') return { user: '', password: value }
  const text = isBase64(value) ? decode(value) : ''
  const colon = text.indexOf(':')
  if (colon < 0 || /\p{Cc}/u.test(text)) return 'unreadable'
  if (text === ':') return undefined
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
