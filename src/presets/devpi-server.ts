import { mkdir, open, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { readSettings } from '../config/read-settings.ts'
import { orAbsent } from '../disk/error-code.ts'
import { UsageError } from '../options.ts'
import { readDevpiArguments, type Given } from './devpi-arguments.ts'
import { actNames, devpiOptions, devpiUsage } from './devpi-options.ts'
import type { Translated } from './pypicache.ts'

/** Where a command line is understood. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly home: string
}

/** The file in a directory that `--export` fills. */
const archive = 'proxypypi.tar'

/** Bytes of the log that `--log` shows. */
const shownLog = 64 * 1024

// In 0.7 that was "localhost"; the name may stand for an address of IPv6 alone.
const bindOf = (host: string): string => {
  if (host === 'localhost') return '127.0.0.1'
  return host === '*' ? '0.0.0.0' : host
}

const place = (value: (name: string) => string | undefined): readonly string[] => {
  const [, host, port] = /^(.*):(\d+)$/.exec(value('listen') ?? '') ?? []
  if (value('listen') !== undefined && host === undefined)
    throw new UsageError('--listen: expects HOST:PORT')
  return [
    `--bind=${bindOf(host ?? value('host') ?? 'localhost')}`,
    `--port=${port ?? value('port') ?? '3141'}`,
  ]
}

// It appended `simple/` itself. Its default, a host that answers no more, meant PyPI.
const upstream = (url: string | undefined): readonly string[] => {
  if (url === undefined || /^https?:\/\/pypi\.python\.org\/?$/.test(url)) return []
  const base = url.replace(/\/*$/, '')
  return [`--index-url=${base.endsWith('/simple') ? base : `${base}/simple`}/`]
}

/**
 * Seconds until a page is confirmed. What devpi promised for a mirror is half an hour (E03, F08); who
 * calls it as 0.7 was called, with an option that only it had, gets its minute (D31).
 */
const refreshOf = (given: Given): string => {
  const own = given.get('refresh') ?? given.get('mirror-cache-expiry')
  const isOld = devpiOptions.some(({ name, isOld }) => isOld === true && given.has(name))
  return own?.at(-1) ?? (isOld ? '60' : '1800')
}

const settingsOf = (given: Given, { cwd, home }: Surroundings): readonly string[] => {
  const value = (name: string): string | undefined => given.get(name)?.at(-1)
  const same = devpiOptions.flatMap(({ name, ours, value: needs }) => {
    const own = value(name)
    if (own === undefined || ours === undefined || ours === 'refresh') return []
    return [needs === undefined ? `--${ours}` : `--${ours}=${own}`]
  })
  const timeout = value('request-timeout')
  // Not `~/.devpi/server`, where devpi-server itself may have its state: that is for --import.
  const directory = value('serverdir') ?? value('datadir') ?? join(home, '.devpi', 'serverdata')
  return [
    `--cache=${resolve(cwd, directory)}`,
    ...place(value),
    ...upstream(value('pypiurl')),
    `--refresh=${refreshOf(given)}`,
    ...(timeout === undefined ?
      []
    : [`--connect-timeout=${timeout}`, `--first-byte-timeout=${timeout}`]),
    ...same,
    ...(given.has('debug') ? ['--log-level=debug'] : []),
  ]
}

const ignoredIn = (given: Given): string | undefined => {
  const names = devpiOptions.filter(({ name, isIgnored }) => isIgnored === true && given.has(name))
  if (names.length === 0) return undefined
  return `without effect here: ${names.map(({ name }) => `--${name}`).join(' ')}`
}

const exportTo = async (directory: string): Promise<readonly string[]> => {
  await mkdir(directory, { recursive: true })
  if ((await readdir(directory)).length > 0)
    throw new UsageError(`--export: ${directory} is not empty; choose another directory`)
  return ['export', join(directory, archive)]
}

const importFrom = async (directory: string): Promise<readonly string[]> => {
  const entries = (await orAbsent(readdir(directory))) ?? []
  if (entries.includes('dataindex.json')) return ['import-devpi', directory]
  if (entries.includes(archive)) return ['import', join(directory, archive)]
  throw new UsageError(`--import: ${directory} holds neither dataindex.json nor ${archive}`)
}

const endOfLog = async (argv: readonly string[], { env, cwd }: Surroundings): Promise<string> => {
  const { parseArguments } = await import('../config/arguments.ts')
  const { flags } = await parseArguments(argv)
  const { logFile } = await readSettings({ flags, env, cwd })
  const handle = await orAbsent(open(logFile, 'r'))
  if (handle === undefined) throw new UsageError(`--log: there is no ${logFile} yet`)
  try {
    const { size } = await handle.stat()
    const start = Math.max(0, size - shownLog)
    const bytes = Buffer.alloc(size - start)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
    const text = bytes.subarray(0, bytesRead).toString('utf8')
    return (start === 0 ? text : text.replace(/^[^\n]*\n/, '')).trimEnd()
  } finally {
    await handle.close()
  }
}

const operandOf = (given: Given, name: string): string => given.get(name)?.at(-1) ?? ''

const fromStdin = (given: Given): readonly string[] =>
  given.has('password-stdin') ? ['--password-stdin'] : []

const act = async (
  name: string | undefined,
  given: Given,
  settings: readonly string[],
  surroundings: Surroundings,
): Promise<Translated> => {
  const { cwd } = surroundings
  const path = (): string => resolve(cwd, operandOf(given, name ?? ''))
  switch (name ?? 'run') {
    case 'version':
      return { argv: ['--version'] }
    case 'init':
      return { text: 'nothing to do: the first start makes its state itself' }
    case 'log':
      return { text: await endOfLog(settings, surroundings) }
    case 'passwd':
      return {
        argv: ['user', 'passwd', operandOf(given, 'passwd'), ...fromStdin(given), ...settings],
      }
    case 'export':
      return { argv: [...(await exportTo(path())), ...settings] }
    case 'import':
      return { argv: [...(await importFrom(path())), ...settings] }
    default:
      return { argv: [name ?? 'run', ...settings] }
  }
}

/**
 * Understands the command lines of devpi-server, from 0.7 to 6 (promises D12-D31, E17, E18).
 * @throws {UsageError} for what it did not know either, and for what cannot be had here
 */
export const devpiServer = async (
  argv: readonly string[],
  surroundings: Surroundings = { env: process.env, cwd: process.cwd(), home: homedir() },
): Promise<Translated> => {
  const given = await readDevpiArguments(argv, surroundings.env)
  if (given.has('help')) return { text: devpiUsage() }
  const [name, other] = actNames.filter(act => given.has(act))
  if (other !== undefined) throw new UsageError(`--${name} and --${other}: one of them only`)
  const settings = settingsOf(given, surroundings)
  const translated = await act(name, given, settings, surroundings)
  return { ...translated, warning: ignoredIn(given) }
}
