import { readFile } from 'node:fs/promises'
import { options, optionNamed, UsageError } from '../options.ts'
import { didYouMean } from './nearest.ts'

/** A parsed settings file whose keys are all known; their values are not checked yet. */
export interface SettingsFile {
  readonly path: string
  readonly values: ReadonlyMap<string, unknown>
  readonly upstreams: readonly ReadonlyMap<string, unknown>[]
  /** `FILE:LINE: KEY`, for messages; of an upstream with its number, counted from 0. */
  where(key: string, upstream?: number): string
}

/** The keys of an `[[upstream]]` table. */
export const upstreamKeys = [
  'name',
  'url',
  'only',
  'username',
  'password',
  'token',
  'refresh',
  'ca-file',
  'file-hosts',
] as const

const fileKeys = options
  .filter(option => option.only === undefined)
  .flatMap(({ key, alias }) => (alias === undefined ? [key] : [key, alias]))

/** The line on which a key is set, top level or in the n-th `[[upstream]]`; undefined where it cannot be told. */
const lineOf = (text: string, key: string, upstream?: number): number | undefined => {
  let table = -1
  let inside = upstream === undefined
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed.startsWith('[')) {
      if (/^\[\[\s*"?upstream"?\s*\]\]/.test(trimmed)) table++
      inside = upstream !== undefined && table === upstream
      if (trimmed.replaceAll(/[[\]\s"']/g, '').startsWith(key)) return index + 1
    } else if (inside && trimmed.replaceAll(/["']/g, '').startsWith(key)) {
      const after = trimmed.replaceAll(/["']/g, '').slice(key.length).trimStart()
      if (after.startsWith('=') || after.startsWith('.')) return index + 1
    }
  }
  return undefined
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

const readText = async (path: string, required: boolean): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if ((code === 'ENOENT' || code === 'ENOTDIR') && !required) return undefined
    const reason = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`
    throw new UsageError(`settings file ${path}: ${reason}`, { cause: error })
  }
}

const parseToml = async (path: string, text: string): Promise<Record<string, unknown>> => {
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const reason = (error.message.split('\n', 1)[0] ?? '').replace('Invalid TOML document: ', '')
    throw new UsageError(`${path}:${error.line}: not valid TOML: ${reason}`, { cause: error })
  }
}

/** Reads a settings file; undefined when there is none and none is required. Throws `UsageError` naming file, line and nearest known key. */
export const readSettingsFile = async (
  path: string,
  required: boolean,
): Promise<SettingsFile | undefined> => {
  const text = await readText(path, required)
  if (text === undefined) return undefined
  const document = await parseToml(path, text)
  const place = (key: string, upstream?: number): string => {
    const line = lineOf(text, key, upstream)
    return line === undefined ? path : `${path}:${line}`
  }
  const refuseUnknown = (keys: string[], known: readonly string[], upstream?: number): void => {
    const unknown = keys.find(key => !known.includes(key))
    if (unknown === undefined) return
    const hint = didYouMean(unknown, known)
    throw new UsageError(
      `${place(unknown, upstream)}: unknown key ${JSON.stringify(unknown)}${hint}`,
    )
  }
  const { upstream: tables = [], ...values } = document
  refuseUnknown(Object.keys(values), [...fileKeys, 'upstream'])
  if (!Array.isArray(tables) || !tables.every(isTable)) {
    throw new UsageError(`${place('upstream')}: upstream: expects tables headed [[upstream]]`)
  }
  for (const [index, table] of tables.entries()) {
    refuseUnknown(Object.keys(table), upstreamKeys, index)
  }
  return {
    path,
    values: new Map(
      Object.entries(values).map(([key, value]) => [optionNamed(key)?.key ?? key, value]),
    ),
    upstreams: tables.map(table => new Map(Object.entries(table))),
    where: (key, upstream) => {
      const spelled = upstream === undefined && !(key in values) ? optionNamed(key)?.alias : key
      return `${place(spelled ?? key, upstream)}: ${spelled ?? key}`
    },
  }
}
