import { isIP } from 'node:net'

/** A place to look for projects, with the credentials taken out of its URL. */
export interface IndexUrl {
  readonly url: URL
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
}

/** Replaces `${NAME}` by variables of the environment. Throws naming the one that is not set. */
export const expandVariables = (text: string, env: NodeJS.ProcessEnv): string =>
  text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env[name]
    if (value === undefined) throw new Error(`the environment has no variable ${name}`)
    return value
  })

// A password may contain any character, so inside the userinfo its variable is put in encoded.
const expandUrl = (text: string, env: NodeJS.ProcessEnv): string => {
  const [whole = '', scheme = '', userinfo = ''] =
    /^([a-z][a-z\d+.-]*:\/\/)([^/?#]*@)/i.exec(text) ?? []
  const encoded = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value && encodeURIComponent(value)]),
  )
  return (
    scheme + expandVariables(userinfo, encoded) + expandVariables(text.slice(whole.length), env)
  )
}

/** The URL of a simple index as people write it: with or without `/simple`, with or without the last slash. Throws with the reason, which holds no credential. */
export const parseIndexUrl = (text: string, env: NodeJS.ProcessEnv): IndexUrl => {
  const expanded = expandUrl(text.trim(), env)
  if (!URL.canParse(expanded)) {
    throw new Error('expects a URL such as https://pypi.org/simple/')
  }
  const url = new URL(expanded)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error('expects a URL that begins with http:// or https://')
  }
  if (url.search !== '' || url.hash !== '') throw new Error('expects a URL without ? and #')
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (url.pathname === '/') url.pathname = '/simple/'
  else if (!url.pathname.endsWith('/')) url.pathname += '/'
  if (username === '' && password === '') return { url }
  try {
    const credentials = {
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
    }
    return { url, credentials }
  } catch (error) {
    throw new Error('expects user name and password percent-encoded', { cause: error })
  }
}

const asName = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')

/** A short name for an upstream that has none: `pypi`, `download`, `cu128`; letters, digits and `-`, unlike those taken. */
export const nameUpstream = (url: URL, taken: ReadonlySet<string>): string => {
  const host = url.hostname
  const label =
    host === 'pypi.org' ? 'pypi'
    : isIP(host.replaceAll(/[[\]]/g, '')) > 0 || host === 'localhost' ? ''
    : (host.split('.')[0] ?? '')
  const last = url.pathname
    .split('/')
    .filter(part => !/^\+?simple$|^$/.test(part))
    .at(-1)
  const names = [label, last ?? ''].map(asName).filter(name => name !== '')
  const free = names.find(name => !taken.has(name))
  if (free !== undefined) return free
  const stem = names[0] ?? 'upstream'
  let name = stem
  for (let number = 2; taken.has(name); number++) name = `${stem}-${number}`
  return name
}

/** What stands for credentials where they are not shown. */
export const concealed = '***'

// A variable's name tells nothing, so a password that is one may stay.
const isTelling = (userinfo: string): boolean => {
  const [username = '', ...password] = userinfo.split(':')
  const secret = password.length === 0 ? username : password.join(':')
  return secret.replaceAll(/\$\{[^}]*\}/g, '') !== ''
}

/** An index URL as it may be written down: credentials concealed, variables kept. */
export const withoutCredentials = (text: string): string =>
  text.replace(/^([^/]*:\/\/)([^/?#]*)@/, (whole, scheme: string, userinfo: string) =>
    isTelling(userinfo) ? `${scheme}${concealed}@` : whole,
  )
