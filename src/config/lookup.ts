import { dirname, join } from 'node:path'
import { options, UsageError, variablesOf } from '../options.ts'
import type { Option } from '../options.ts'
import type { Flags } from './arguments.ts'
import { didYouMean, nearest } from './nearest.ts'
import { readSettingsFile } from './settings-file.ts'
import type { SettingsFile } from './settings-file.ts'
import { expected, readValue } from './values.ts'
import type { Value } from './values.ts'

/** Where settings come from besides the settings file. */
export interface Sources {
  readonly flags: Flags
  readonly env: NodeJS.ProcessEnv
  /** Relative paths in flags and variables are relative to it. */
  readonly cwd: string
}

/** A value as it was set, and the place for messages. */
export interface Given {
  readonly value: unknown
  readonly origin: string
  readonly base: string
}

/** The option with this key. Throws when there is none: a mistake of ours. */
export const optionOf = (key: string): Option => {
  const option = options.find(option => option.key === key)
  if (option === undefined) throw new TypeError(`no option ${key}`)
  return option
}

/** Calls `read`; what it throws becomes a `UsageError` said of `place`. */
export const blame = <T>(place: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${place}: ${(error as Error).message}`, { cause: error })
  }
}

const variables = options.flatMap(variablesOf)

// Others may own a variable of this prefix (Kubernetes does), so only a near miss is taken for a mistake.
const refuseMisspelled = (env: NodeJS.ProcessEnv): void => {
  for (const name of Object.keys(env)) {
    if (!name.startsWith('PROXYPYPI_') || variables.includes(name)) continue
    const rest = variables.map(variable => variable.slice('PROXYPYPI_'.length))
    if (nearest(name.slice('PROXYPYPI_'.length), rest) === undefined) continue
    throw new UsageError(`unknown variable ${name}${didYouMean(name, variables)}`)
  }
}

/** Flags beat environment beats settings file beats default. */
export class Lookup {
  readonly #sources: Sources
  readonly #file: SettingsFile | undefined

  constructor(sources: Sources, file: SettingsFile | undefined) {
    this.#sources = sources
    this.#file = file
  }

  /** Where an option was set, or undefined: nowhere. */
  given(key: string): Given | undefined {
    const option = optionOf(key)
    const { flags, env, cwd } = this.#sources
    const values = flags.get(option.key)
    if (values !== undefined) {
      const value = option.kind === 'texts' ? values : values.at(-1)
      return { value, origin: `--${option.key}`, base: cwd }
    }
    const variable = variablesOf(option).find(name => (env[name] ?? '') !== '')
    if (variable !== undefined) return { value: env[variable], origin: variable, base: cwd }
    if (this.#file === undefined || option.only !== undefined) return undefined
    if (!this.#file.values.has(option.key)) return undefined
    return {
      value: this.#file.values.get(key),
      origin: this.#file.where(key),
      base: dirname(this.#file.path),
    }
  }

  #value(key: string): Value | undefined {
    const option = optionOf(key)
    const given = this.given(key)
    if (given === undefined) {
      if (option.default === undefined) return undefined
      return readValue(option, option.default, this.#sources.cwd)
    }
    const value = readValue(option, given.value, given.base)
    if (value === undefined) throw new UsageError(`${given.origin}: expects ${expected(option)}`)
    return value
  }

  /** Throws `UsageError` for a value of the settings file that is wrong, though another may beat it. */
  refuseWrongInFile(): void {
    for (const [key, value] of this.#file?.values ?? []) {
      const option = optionOf(key)
      if (readValue(option, value, '/') === undefined)
        throw new UsageError(`${this.#file?.where(key)}: expects ${expected(option)}`)
    }
  }

  /** A text, path or choice; its default included, undefined where there is neither. */
  text(key: string): string | undefined {
    return this.#value(key) as string | undefined
  }

  /** A number of things, seconds or bytes; 0 where there is none. */
  number(key: string): number {
    return (this.#value(key) as number | undefined) ?? 0
  }

  flag(key: string): boolean {
    return this.#value(key) === true
  }

  texts(key: string): readonly string[] {
    return (this.#value(key) as readonly string[] | undefined) ?? []
  }

  /** What `read` returns; what it throws is said of the place where the value was set. */
  checked<R>(key: string, read: () => R): R {
    return blame(this.given(key)?.origin ?? `--${key}`, read)
  }
}

/** Reads the settings file, if there is one, and looks up in everything. Throws `UsageError`. */
export const openSources = async (
  sources: Sources,
): Promise<{ lookup: Lookup; file?: SettingsFile }> => {
  refuseMisspelled(sources.env)
  const first = new Lookup(sources, undefined)
  const named = first.text('config')
  const directory = first.text('cache') ?? sources.cwd
  const path = named ?? join(directory, 'proxypypi.toml')
  const file = await readSettingsFile(path, named !== undefined)
  return file === undefined ? { lookup: first } : { lookup: new Lookup(sources, file), file }
}
