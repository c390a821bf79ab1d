/** A user's name and password for an upstream. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** A URL as people and logs may see it: without userinfo, and without query and fragment, which carry tokens too. */
export const withoutCredentials = (url: URL | string): string => {
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  shown.search = ''
  shown.hash = ''
  return shown.href
}

// A stray `%` in a password is meant literally; it must not make the whole URL unusable.
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Takes the userinfo out of a URL, percent-decoded (CL-62); without any, `credentials` is undefined. */
export const splitCredentials = (
  given: URL,
): { url: URL; credentials: Credentials | undefined } => {
  const url = new URL(given)
  const credentials =
    url.username === '' && url.password === '' ?
      undefined
    : { username: decode(url.username), password: decode(url.password) }
  url.username = ''
  url.password = ''
  return { url, credentials }
}

/** The value of an `Authorization` or `Proxy-Authorization` header (RFC 7617, UTF-8). */
export const basicAuthorization = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
