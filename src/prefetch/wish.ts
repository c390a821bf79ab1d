import type { Environment } from '../spec/environment.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'

/** A file that a lock lists by name. */
export interface LockedFile {
  readonly filename: Filename
  /** `sha256:<hex>` (or another algorithm's name), lower case; the file must have one of them. */
  readonly hashes: readonly string[]
  /** In bytes. */
  readonly size?: number
  /** Where the lock got it from; not to be asked, since everything comes from our own index. */
  readonly url?: string
}

/** One project that a requirements or lock file asks for. */
export interface Wish {
  /** As written, continuation lines joined; of a lock `name==version`. For messages and answers. */
  readonly line: string
  /** Where it was read: `requirements.txt:12`, `uv.lock`. */
  readonly place: string
  readonly name: Name
  /** In normal form. */
  readonly extras: readonly string[]
  /** Version specifiers (PEP 440), `''` for any version. */
  readonly specifier: string
  /** `sha256:<hex>` (or another algorithm's name): a file must have one of them; empty: any file. */
  readonly hashes: readonly string[]
  /** The files of a lock that lists them: nothing but these may be fetched. */
  readonly files?: readonly LockedFile[]
  /**
   * False where a lock does not tell whether a target needs this: then what suits the target is
   * fetched, and it is no failure when nothing does.
   */
  readonly required: boolean
  /** True when a machine with this environment needs it: its marker, or its place in the lock. */
  readonly appliesTo: (environment: Environment) => boolean
}

/** A line or entry that asks for nothing which can be fetched here. */
export interface PassedOver {
  /** As written, stripped; `''` for an empty line. */
  readonly line: string
  readonly place: string
  /** Why, in one line for people; absent for comments, empty lines and options that were obeyed. */
  readonly reason?: string
}

/** What a requirements or lock file asks for. */
export interface Wishes {
  readonly wishes: readonly Wish[]
  /** From `-c`: they limit versions and ask for nothing; their `hashes` count too. */
  readonly constraints: readonly Wish[]
  /** True when the file lists the whole closure, so that dependencies need not be followed. */
  readonly closed: boolean
  /** In the order of the input. */
  readonly unparseable: readonly PassedOver[]
  /** True when a file without a demanded hash must not be fetched (pip's hash-checking mode). */
  readonly requiresHashes: boolean
  /** Why nothing of it can be installed on such a machine, in one line; undefined: it can. */
  readonly refuses?: (environment: Environment) => string | undefined
  /** True for `--pre`: pre-releases are as good as releases. */
  readonly prereleases: boolean
  /** Projects (or `:all:`) of which only source distributions are wanted (`--no-binary`). */
  readonly noBinary: ReadonlySet<string>
  /** Projects (or `:all:`) of which only wheels are wanted (`--only-binary`). */
  readonly onlyBinary: ReadonlySet<string>
}
