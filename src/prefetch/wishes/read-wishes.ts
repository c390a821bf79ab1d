import { basename } from 'node:path'
import { parse } from 'smol-toml'
import { InputError } from '../../spec/input-error.ts'
import type { Wishes } from '../wish.ts'
import { decodeText } from './decode.ts'
import { readPdmLock } from './pdm-lock.ts'
import { readPipfileLock } from './pipfile-lock.ts'
import { readPoetryLock } from './poetry-lock.ts'
import { readPylock } from './pylock.ts'
import { readRequirements } from './requirements.ts'
import { entry, tableAt, tableOf, type Table } from './table.ts'
import { readUvLock } from './uv-lock.ts'

/** What reading may use besides the text or bytes. */
export interface Surroundings {
  /** The path of the file as the user knows it: to find what it names, and for messages. */
  readonly name: string
  /** Reads a file named by `-r` or `-c`, by its path seen from where `name` is; absent: refused. */
  readonly readFile?: (path: string) => Promise<string | Uint8Array>
  /** For `${NAME}` in requirements; absent: left as it is, so that nobody reads a server's secrets. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/** More than any lock has, in characters. */
const largest = 16 * 2 ** 20

const textOf = (input: string | Uint8Array, name: string): string => {
  if (input.length > largest)
    throw new InputError(`${name} has more than ${largest / 2 ** 20} MiB: it cannot be a lock file`)
  const text = typeof input === 'string' ? input : decodeText(input, name)
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.trim() ?? ''

const readToml = (text: string, name: string): Table => {
  try {
    return parse(text)
  } catch (error) {
    throw new InputError(`${name} is no TOML: ${reasonOf(error)}`, { cause: error })
  }
}

const deepest = 100

/** True for JSON nested deeper than anybody writes, which would be slow to read. */
const isDeep = (text: string): boolean => {
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1
    if (depth > deepest) return true
  }
  return false
}

const readJson = (text: string, name: string): Table => {
  if (isDeep(text)) throw new InputError(`${name} is nested deeper than any lock file`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InputError(`${name} is no JSON: ${reasonOf(error)}`, { cause: error })
  }
  const table = tableOf(value)
  if (table === undefined || tableAt(table, '_meta') === undefined)
    throw new InputError(`${name} is JSON, but no Pipfile.lock: it has no "_meta"`)
  return table
}

// Others call files of plain requirements so, too: `requirements.lock`.
const lockName = /\.toml$|^(?:uv|poetry|pdm)\.lock$/

// A name of a section that is in every lock, and in no requirements file.
const tomlLine =
  /^(?:\[\[packages?\]\]|\[metadata(?:\.files)?\]|\[\w[\w.-]{0,40}\]|lock-version[ \t]*=)/m

/** The reader of a lock in TOML, by what only its format has. */
const lockReader = (table: Table) => {
  if (entry(table, 'lock-version') !== undefined) return readPylock
  const metadata = tableAt(table, 'metadata')
  if (entry(metadata, 'lock_version') !== undefined) return readPdmLock
  if (entry(metadata, 'lock-version') !== undefined) return readPoetryLock
  if (entry(metadata, 'content-hash') !== undefined) return readPoetryLock
  if (entry(metadata, 'content_hash') !== undefined) return readPdmLock
  return typeof entry(table, 'version') === 'number' ? readUvLock : undefined
}

/**
 * What a requirements or lock file asks for: requirements.txt, the output of `pip freeze`,
 * pylock.toml, uv.lock, poetry.lock, pdm.lock or Pipfile.lock, known by its content, whatever its
 * name. Entries that cannot be had are reported in `unparseable`; throws an `InputError` (status
 * 400) for what cannot be understood at all.
 */
export const readWishes = async (
  input: string | Uint8Array,
  around: Surroundings,
): Promise<Wishes> => {
  const { name, readFile, variables } = around
  const text = textOf(input, name)
  if (text.trimStart().startsWith('{')) return readPipfileLock(readJson(text, name), name)
  if (lockName.test(basename(name)) || tomlLine.test(text)) {
    const table = readToml(text, name)
    const read = lockReader(table)
    if (read === undefined)
      throw new InputError(`${name} is no lock file that is known here: lock the project first`)
    return read(table, name)
  }
  return readRequirements(text, {
    name,
    ...(variables === undefined ? {} : { variables }),
    ...(readFile === undefined ?
      {}
    : { readFile: async path => textOf(await readFile(path), path) }),
  })
}
