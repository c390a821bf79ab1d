import { dirname, isAbsolute, join, normalize } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { InputError } from '../../spec/input-error.ts'
import { projectName } from '../../spec/project-name.ts'
import type { PassedOver, Wish, Wishes } from '../wish.ts'
import { logicalLines, type LogicalLine } from './logical-lines.ts'
import { pipOptions, type PipOption } from './pip-options.ts'
import { requirementWish } from './requirement-line.ts'

/** What a reader may use besides the text. */
export interface Surroundings {
  /** The path of the file as the user knows it, to find what it names and for messages. */
  readonly name: string
  /** Reads a file named by `-r` or `-c`, by its path from where `name` is; absent: those are refused. */
  readonly readFile?: (path: string) => Promise<string>
  /** For `${NAME}`; absent: nothing is put in their place, so that nobody reads a server's secrets. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

const mostFiles = 100
const mostLines = 50_000
// A line with the hashes of hundreds of files has half of it.
const longest = 100_000
// So many lines are read before others have their turn.
const atOnce = 500

const ignored: ReadonlyMap<string, string> = new Map(
  ['index-url', 'pypi-url', 'extra-index-url', 'no-index', 'find-links', 'trusted-host'].map(
    name => [name, `--${name} is ignored: files come from the upstream of this cache`],
  ),
)

const silent: ReadonlySet<string> = new Set(['prefer-binary', 'use-feature', 'always-unzip'])

/** A file cannot be understood as a whole, not only a line of it. */
class FileError extends InputError {}

/** Reads a requirements file and the files it names, as pip does. */
class RequirementsReader {
  readonly #around: Surroundings
  readonly #wishes: Wish[] = []
  readonly #constraints: Wish[] = []
  readonly #passedOver: PassedOver[] = []
  readonly #noBinary = new Set<string>()
  readonly #onlyBinary = new Set<string>()
  readonly #read = new Set<string>()
  #requiresHashes = false
  #prereleases = false
  #lines = 0

  constructor(around: Surroundings) {
    this.#around = around
  }

  get result(): Wishes {
    const all = [...this.#wishes, ...this.#constraints]
    const requiresHashes = this.#requiresHashes || all.some(({ hashes }) => hashes.length > 0)
    return {
      wishes: this.#wishes,
      constraints: this.#constraints,
      // In this mode pip takes nothing that has no hash here.
      closed: requiresHashes,
      unparseable: this.#passedOver,
      requiresHashes,
      prereleases: this.#prereleases,
      noBinary: this.#noBinary,
      onlyBinary: this.#onlyBinary,
    }
  }

  async read(text: string, name: string, isConstraint: boolean): Promise<void> {
    const key = `${isConstraint ? 'c' : 'r'} ${normalize(name)}`
    if (this.#read.has(key)) return
    this.#read.add(key)
    if (this.#read.size > mostFiles)
      throw new FileError(`${name}: more than ${mostFiles} files name each other`)
    for (const line of logicalLines(text)) {
      if (++this.#lines > mostLines)
        throw new FileError(`${name}: more than ${mostLines} lines: split the file`)
      if (this.#lines % atOnce === 0) await setImmediate()
      await this.#line({ ...line, text: this.#expanded(line.text) }, name, isConstraint)
    }
  }

  async #line(line: LogicalLine, file: string, isConstraint: boolean): Promise<void> {
    const place = `${file}:${line.number}`
    try {
      if (line.text.length > longest)
        throw new InputError(`a line of more than ${longest} characters`)
      if (line.text === '') this.#passOver(line, place)
      else if (line.text.startsWith('-')) await this.#options(line, file, place)
      else {
        const wishes = isConstraint ? this.#constraints : this.#wishes
        wishes.push(requirementWish(line, place))
      }
    } catch (error) {
      if (error instanceof InputError && !(error instanceof FileError))
        this.#passOver(line, place, error.message)
      else throw error
    }
  }

  async #options(line: LogicalLine, file: string, place: string): Promise<void> {
    const reasons: string[] = []
    for (const option of pipOptions(line.text)) {
      const { name, value } = option
      if (name === 'requirement' || name === 'constraint') await this.#include(option, file, place)
      else if (name === 'no-binary') choose(this.#noBinary, value)
      else if (name === 'only-binary') choose(this.#onlyBinary, value)
      else if (name === 'pre') this.#prereleases = true
      else if (name === 'require-hashes') this.#requiresHashes = true
      else if (name === 'editable') reasons.push('an editable install, which is in no index')
      else if (!silent.has(name)) reasons.push(ignored.get(name) ?? unknown(option))
    }
    this.#passOver(line, place, reasons.length === 0 ? undefined : reasons.join('; '))
  }

  async #include({ name, value }: PipOption, file: string, place: string): Promise<void> {
    const { readFile } = this.#around
    if (readFile === undefined)
      throw new InputError(`--${name} names a file of the client's: send the file itself`)
    if (value === '' || /^[a-z]{2,20}:/i.test(value))
      throw new InputError(`--${name} needs the path of a local file`)
    const path = isAbsolute(value) ? value : join(dirname(file), value)
    const text = await readFile(path).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      throw new FileError(`${place}: ${path} cannot be read: ${reason}`, { cause: error })
    })
    await this.read(text, path, name === 'constraint')
  }

  #passOver(line: LogicalLine, place: string, reason?: string): void {
    const passed = { line: line.written.slice(0, longest), place }
    this.#passedOver.push(reason === undefined ? passed : { ...passed, reason })
  }

  #expanded(text: string): string {
    const { variables } = this.#around
    if (variables === undefined) return text
    return text.replace(/\$\{([A-Z0-9_]+)\}/g, (whole, name: string) => variables[name] || whole)
  }
}

const unknown = ({ name }: PipOption) =>
  `${name.startsWith('-') ? '' : '--'}${name.slice(0, 40)} is no option that pip has in such a file`

// pip: `:none:` takes back what was said before.
const choose = (chosen: Set<string>, value: string): void => {
  for (const written of value.split(',')) {
    const item = written.trim()
    if (item === ':none:') chosen.clear()
    else if (item === ':all:') chosen.add(item)
    else {
      const name = projectName(item)
      if (name !== undefined) chosen.add(name)
    }
  }
}

/**
 * What a requirements file (also the output of `pip freeze`) asks for. Lines that cannot be had are
 * reported; throws an `InputError` for a file named in it that cannot be read, or far too many.
 */
export const readRequirements = async (text: string, around: Surroundings): Promise<Wishes> => {
  const reader = new RequirementsReader(around)
  await reader.read(text, around.name, false)
  return reader.result
}
