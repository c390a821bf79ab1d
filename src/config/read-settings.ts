import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { host, ownDirectory } from '../disk/layout.ts'
import { UsageError } from '../options.ts'
import type { Settings } from '../settings.ts'
import { withoutCredentials } from './index-url.ts'
import { openSources, optionOf } from './lookup.ts'
import type { Lookup, Sources } from './lookup.ts'
import { parseBind, parseHosts, parseOutsideUrl, parsePatterns, parsePrincipals } from './names.ts'
import { withNetrc } from './netrc.ts'
import type { SettingsFile } from './settings-file.ts'
import { upstreamsOfFile, upstreamsOfUrls } from './upstreams.ts'

const runFile = (directory: string, ending: string): string =>
  join(directory, ownDirectory, 'run', `${host}.${ending}`)

/** What it takes to find a daemon: readable even where the other settings are wrong. */
export type Places = Pick<Settings, 'directory' | 'configFile' | 'pidFile' | 'grace'>

const placesOf = (lookup: Lookup, sources: Sources, file: SettingsFile | undefined): Places => {
  const directory = lookup.text('cache') ?? sources.cwd
  return {
    directory,
    configFile: file?.path,
    pidFile: lookup.text('pid') ?? runFile(directory, 'pid'),
    grace: lookup.number('grace'),
  }
}

/** Finds the daemon's directory and PID file. Throws `UsageError`. */
export const readPlaces = async (sources: Sources): Promise<Places> => {
  const { lookup, file } = await openSources(sources)
  return placesOf(lookup, sources, file)
}

const readUpstreams = (
  lookup: Lookup,
  sources: Sources,
  file: SettingsFile | undefined,
): Settings['upstreams'] => {
  const defaults = {
    refresh: lookup.number('refresh'),
    caFile: lookup.text('ca-file'),
    fileHosts: lookup.checked('file-hosts', () => parseHosts(lookup.texts('file-hosts'))),
  }
  const described =
    file === undefined ? [] : upstreamsOfFile(file, dirname(file.path), sources.env, defaults)
  const given = lookup.given('index-url')
  if (given === undefined && described.length > 0) return described
  if (described.length > 0 && file?.values.has('index-url')) {
    throw new UsageError(`${file.where('index-url')}: cannot stand beside [[upstream]] tables`)
  }
  const urls = lookup.texts('index-url')
  const origin = given?.origin ?? '--index-url'
  return upstreamsOfUrls(urls, origin, described, sources.env, defaults)
}

const isUndescribed = (file: SettingsFile | undefined): boolean =>
  file === undefined || file.upstreams.length === 0

const refuseUnreadable = async (upstreams: Settings['upstreams']): Promise<void> => {
  for (const path of new Set(upstreams.map(upstream => upstream.caFile))) {
    if (path === undefined) continue
    await access(path, constants.R_OK).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException
      throw new UsageError(`ca-file: ${path} cannot be read (${code})`, { cause: error })
    })
  }
}

// devpi takes a list with commas.
const readPrincipals = (lookup: Lookup): readonly string[] | undefined =>
  lookup.given('restrict-modify') &&
  lookup.checked('restrict-modify', () =>
    parsePrincipals(lookup.texts('restrict-modify').flatMap(text => text.split(','))),
  )

/** All settings, checked. Throws `UsageError` for the first that is wrong: the place, what is expected, the nearest known name. */
export const readSettings = async (sources: Sources): Promise<Settings> => {
  const { lookup, file } = await openSources(sources)
  lookup.refuseWrongInFile()
  const places = placesOf(lookup, sources, file)
  const isDefaultUpstream = lookup.given('index-url') === undefined && isUndescribed(file)
  const described = readUpstreams(lookup, sources, file)
  await refuseUnreadable(described)
  // PyPI needs none, and what netrc has for anybody is not meant for it.
  const upstreams = isDefaultUpstream ? described : await withNetrc(described, sources.env)
  return {
    ...places,
    upstreams,
    isDefaultUpstream,
    bind: lookup.checked('bind', () => parseBind(lookup.text('bind') ?? '')),
    port: lookup.number('port'),
    offline: lookup.flag('no-proxy'),
    workers: lookup.number('workers'),
    logFormat: lookup.text('log-format') as Settings['logFormat'],
    logLevel: lookup.text('log-level') as Settings['logLevel'],
    logFile: lookup.text('log') ?? runFile(places.directory, 'log'),
    logToFile: lookup.given('log') !== undefined,
    outFile: lookup.text('out') ?? runFile(places.directory, 'out'),
    private: lookup.checked('private', () => parsePatterns(lookup.texts('private'))),
    merge: lookup.checked('merge', () => parsePatterns(lookup.texts('merge'))),
    read: lookup.text('read') as Settings['read'],
    restrictModify: readPrincipals(lookup),
    outsideUrl: lookup.checked('outside-url', () => parseOutsideUrl(lookup.text('outside-url'))),
    maxUpload: lookup.number('max-upload'),
    mutable: lookup.checked('mutable', () => parsePatterns(lookup.texts('mutable'))),
    journalKeep: lookup.number('journal-keep'),
    connectTimeout: lookup.number('connect-timeout'),
    firstByteTimeout: lookup.number('first-byte-timeout'),
    idleTimeout: lookup.number('idle-timeout'),
    pageTimeout: lookup.number('page-timeout'),
    maxPageSize: lookup.number('max-page-size'),
    settle: lookup.number('settle'),
  }
}

/** The flags as arguments that mean the same from any directory: paths absolute, directory and settings file named, credentials concealed. Flags of the command alone are left out. */
export const canonicalArguments = (sources: Sources, settings: Settings): readonly string[] => {
  const flags = new Map(sources.flags)
  flags.set('cache', [settings.directory])
  if (settings.configFile !== undefined) flags.set('config', [settings.configFile])
  return [...flags].flatMap(([key, values]) => {
    const option = optionOf(key)
    if (option.only === 'flag') return []
    const kept = option.kind === 'texts' ? values : values.slice(-1)
    return kept.map(value => {
      if (option.kind === 'path') return `--${key}=${resolve(sources.cwd, value)}`
      return `--${key}=${key === 'index-url' ? withoutCredentials(value) : value}`
    })
  })
}
