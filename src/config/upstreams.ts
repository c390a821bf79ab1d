import { optionNamed, UsageError } from '../options.ts'
import type { UpstreamSettings } from '../settings.ts'
import { expandVariables, nameUpstream, parseIndexUrl } from './index-url.ts'
import type { IndexUrl } from './index-url.ts'
import { blame } from './lookup.ts'
import { parseHosts, parsePatterns } from './names.ts'
import type { SettingsFile } from './settings-file.ts'
import { expected, readValue } from './values.ts'

/** What an upstream has unless its own table says otherwise. */
export type UpstreamDefaults = Pick<UpstreamSettings, 'refresh' | 'caFile' | 'fileHosts'>

const ownCredentials = (
  text: (key: string) => string | undefined,
  place: string,
): IndexUrl['credentials'] => {
  const [username, password, token] = [text('username'), text('password'), text('token')]
  if (token !== undefined) {
    if (username !== undefined || password !== undefined) {
      throw new UsageError(`${place}: give either token or username and password`)
    }
    return { username: '__token__', password: token }
  }
  if (username === undefined && password === undefined) return undefined
  return { username: username ?? '', password: password ?? '' }
}

/** The `[[upstream]]` tables of a settings file. Throws `UsageError` with file and line. */
export const upstreamsOfFile = (
  file: SettingsFile,
  base: string,
  env: NodeJS.ProcessEnv,
  defaults: UpstreamDefaults,
): readonly UpstreamSettings[] => {
  const taken = new Set<string>()
  return file.upstreams.map((table, number) => {
    const place = (key: string): string => file.where(key, number)
    const value = (key: string) => {
      if (!table.has(key)) return undefined
      const option = optionNamed(key) ?? { key, kind: 'text', group: 'tuning', help: '' }
      const read = readValue(
        key === 'only' ? { ...option, kind: 'texts' } : option,
        table.get(key),
        base,
      )
      if (read !== undefined) return read
      throw new UsageError(
        `${place(key)}: expects ${key === 'only' ? 'a list of texts' : expected(option)}`,
      )
    }
    const text = (key: string): string | undefined => {
      const found = value(key) as string | undefined
      return found === undefined ? undefined : blame(place(key), () => expandVariables(found, env))
    }
    if (!table.has('url')) throw new UsageError(`${place('upstream')}: has no url`)
    value('url')
    const index = blame(place('url'), () => parseIndexUrl(String(table.get('url')), env))
    const name = text('name') ?? nameUpstream(index.url, taken)
    if (!/^[a-z\d](?:[a-z\d-]{0,38}[a-z\d])?$/i.test(name)) {
      throw new UsageError(`${place('name')}: expects letters, digits and "-", at most 40`)
    }
    if (taken.has(name)) throw new UsageError(`${place('name')}: ${name} is the name of another`)
    taken.add(name)
    const only = value('only') as readonly string[] | undefined
    const hosts = value('file-hosts') as readonly string[] | undefined
    return {
      name,
      url: index.url,
      credentials: ownCredentials(text, place('token')) ?? index.credentials,
      only: only && blame(place('only'), () => parsePatterns(only)),
      fileHosts: hosts ? blame(place('file-hosts'), () => parseHosts(hosts)) : defaults.fileHosts,
      refresh: (value('refresh') as number | undefined) ?? defaults.refresh,
      caFile: (value('ca-file') as string | undefined) ?? defaults.caFile,
    }
  })
}

/** Upstreams given as URLs alone; one that a table of the file describes is taken from there. Throws `UsageError`. */
export const upstreamsOfUrls = (
  urls: readonly string[],
  place: string,
  known: readonly UpstreamSettings[],
  env: NodeJS.ProcessEnv,
  defaults: UpstreamDefaults,
): readonly UpstreamSettings[] => {
  const found = new Map<string, UpstreamSettings>()
  const taken = new Set(known.map(upstream => upstream.name))
  for (const text of urls) {
    const { url, credentials } = blame(place, () => parseIndexUrl(text, env))
    if (found.has(url.href)) continue
    const described = known.find(upstream => upstream.url.href === url.href)
    const name = described?.name ?? nameUpstream(url, taken)
    taken.add(name)
    found.set(url.href, {
      ...(described ?? { url, name, ...defaults }),
      credentials: credentials ?? described?.credentials,
    })
  }
  return [...found.values()]
}
