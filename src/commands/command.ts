import type { Sources } from '../config/lookup.ts'

/** A command line that was understood. */
export interface Invocation extends Sources {
  readonly command: Command
  readonly operands: readonly string[]
  /** Every command there is. */
  readonly commands: readonly Command[]
}

/** One command, its help included. What it needs much code for, it imports when it is executed. */
export interface Command {
  readonly name: string
  readonly group: 'Server' | 'Cache' | 'Publishing' | 'Help'
  /** What may follow the name: `PROJECT...`. */
  readonly operands?: string
  /** Keys of the options that only some commands have. */
  readonly flags?: readonly string[]
  /** A few words, for the list of commands. */
  readonly summary: string
  /** Sentences about what it does, and its exit codes. */
  readonly details: string
  /** Three command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, purpose: string])[]
  /** Another form of a command, listed in help by its name alone. */
  readonly isVariant?: boolean
  /** Not listed in help. */
  readonly isHidden?: boolean
  /** Returns the exit code. Throws `UsageError`, or another error with one line for people. */
  execute(invocation: Invocation): Promise<number>
}

/** Prints lines to standard output. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Prints one line to standard error. */
export const complain = (text: string): void => {
  process.stderr.write(`proxypypi: ${text}\n`)
}
