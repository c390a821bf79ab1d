import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../options.ts'
import type { UpstreamSettings } from '../settings.ts'
import type { Credentials } from '../upstream/credentials.ts'

// A quoted word (which may lack its end), or anything up to white space; each character is looked at once.
const words = /"(?:[^"\\]|\\.)*"?|\S+/gs

const unquoted = (word: string): string =>
  word.startsWith('"') ? word.replace(/^"|"$/g, '').replace(/\\(.)/gs, '$1') : word

// A macro reaches to the next empty line; a line that starts with # is a comment.
const withoutMacros = (text: string): string => {
  const lines: string[] = []
  let inMacro = false
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') inMacro = false
    else if (/^\s*macdef\s/.test(line)) inMacro = true
    if (!inMacro && !/^\s*#/.test(line)) lines.push(line)
  }
  return lines.join('\n')
}

/**
 * What a netrc file's text has for a host (without port; CL-63): its `machine` entry, else `default`,
 * else undefined. An entry without login or password has empty ones.
 */
export const netrcCredentials = (host: string, text: string): Credentials | undefined => {
  interface Entry {
    readonly machine: string | undefined
    username: string
    password: string
  }
  const entries: Entry[] = []
  const found = withoutMacros(text).match(words) ?? []
  for (let at = 0; at < found.length; at += 1) {
    const entry = entries.at(-1)
    const next = unquoted(found[at + 1] ?? '')
    switch (found[at] ?? '') {
      case 'default':
        entries.push({ machine: undefined, username: '', password: '' })
        continue
      case 'machine':
        entries.push({ machine: next.toLowerCase(), username: '', password: '' })
        break
      case 'login':
      case 'user':
        if (entry !== undefined) entry.username = next
        break
      case 'password':
        if (entry !== undefined) entry.password = next
        break
      case 'account':
        break
      default:
        continue
    }
    at += 1
  }
  const entry =
    entries.find(({ machine }) => machine === host.toLowerCase()) ??
    entries.find(({ machine }) => machine === undefined)
  return entry === undefined ? undefined : { username: entry.username, password: entry.password }
}

// A service may have no home that it can look into, and then there is nothing to be found there.
const readNetrc = async (env: NodeJS.ProcessEnv): Promise<string> => {
  const named = env['NETRC']
  const path = named ?? join(env['HOME'] ?? homedir(), '.netrc')
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (named === undefined) return ''
    throw new UsageError(`NETRC: ${path} cannot be read (${error.code})`, { cause: error })
  })
}

const hostOf = ({ url }: UpstreamSettings): string => url.hostname.replace(/^\[|\]$/g, '')

/**
 * Upstreams with credentials from the file that `NETRC` names, else `~/.netrc`, where they have none
 * of their own.
 * @throws {UsageError} when the file that is named cannot be read
 */
export const withNetrc = async (
  upstreams: readonly UpstreamSettings[],
  env: NodeJS.ProcessEnv,
): Promise<readonly UpstreamSettings[]> => {
  if (upstreams.every(({ credentials }) => credentials !== undefined)) return upstreams
  const text = await readNetrc(env)
  return upstreams.map(upstream => ({
    ...upstream,
    credentials: upstream.credentials ?? netrcCredentials(hostOf(upstream), text),
  }))
}
