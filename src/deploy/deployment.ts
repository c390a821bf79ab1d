import type { Settings } from '../settings.ts'

/** A server that is to run for good: what the files for its surroundings are written from. */
export interface Deployment {
  /** Path of the Node that runs it. */
  readonly node: string
  /** Path of the program. */
  readonly program: string
  /** Path of the package that the program belongs to. */
  readonly home: string
  /** Its settings as options, good from any directory, without a command. */
  readonly argv: readonly string[]
  readonly settings: Settings
  /** Where clients reach it, when that was said. */
  readonly outside?: URL | undefined
  /** The account under which it runs; ids where the system knows them. */
  readonly account: {
    readonly name: string
    readonly uid?: number | undefined
    readonly gid?: number | undefined
  }
}

/** A file that somebody installs. */
export interface GeneratedFile {
  readonly name: string
  readonly text: string
  /** What to do with it, in a few words. */
  readonly use: string
}

/** The whole command line with this command, word by word. */
export const commandLine = (
  { node, program, argv }: Deployment,
  command: string,
): readonly string[] => [node, program, ...argv, command]

/** Seconds that whoever ends the server should wait: its grace, and time to notice the end. */
export const patienceOf = ({ settings }: Deployment): number => Math.ceil(settings.grace) + 5
