import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { DocFilename } from '../spec/doc-filename.ts'
import type { Filename } from '../spec/filename.ts'
import { rootIndex, splitIndexName, type IndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'
import type { PushMark } from '../spec/push-mark.ts'
import type { ReleaseVersion } from '../spec/release-version.ts'
import type { TokenId } from '../spec/token.ts'
import type { UserName } from '../spec/user-name.ts'

/** This host's name as a part of file names. */
export const host =
  hostname()
    .replace(/[^A-Za-z0-9.-]/g, '_')
    .slice(0, 60) || 'localhost'

/**
 * Where everything lies below one cache directory. No other file knows a path, and every path that
 * holds a name from outside demands the branded `Name` or `Filename`.
 *
 *     CACHE/PROJECT/FILE                 distributions: mirrored, or dropped by a person
 *     CACHE/@USER/INDEX/PROJECT/FILE     the same of any other index than the root index
 *     CACHE/.proxypypi/keep/...          losing it loses information
 *     CACHE/.proxypypi/cache/...         losing it costs time
 *     CACHE/.proxypypi/work/...          may be deleted when nothing runs
 *     CACHE/.proxypypi/run/...           this host's PID, log and console files
 */
export class Layout {
  /** The home of the index: its projects' directories lie in it. */
  readonly root: string
  /** Whose files the paths of projects and files are. */
  readonly index: IndexName
  readonly #directory: string
  readonly #own: string

  constructor(directory: string, index: IndexName = rootIndex) {
    const { user, index: name } = splitIndexName(index)
    this.root = index === rootIndex ? directory : join(directory, `@${user}`, name)
    this.index = index
    this.#directory = directory
    this.#own = join(directory, ownDirectory)
  }

  /** The same directory, seen from another index. */
  of(index: IndexName): Layout {
    return new Layout(this.#directory, index)
  }

  /** The directory into which a project's mirrored files go. */
  project(name: Name): string {
    return join(this.root, name)
  }

  file(name: Name, filename: Filename): string {
    return join(this.root, name, filename)
  }

  /** What we know of a published file and the file cannot tell. */
  facts(name: Name): string {
    return join(this.#own, 'keep', 'facts', this.index, name)
  }

  fact(name: Name, filename: Filename): string {
    return join(this.facts(name), `${filename}.json`)
  }

  /** What we know of an uploaded file; one for each digest, so that no upload touches another's. */
  uploadedFact(name: Name, filename: Filename, sha256: string): string {
    return join(this.facts(name), `${filename}.${sha256.slice(0, 16)}.json`)
  }

  /** That a file was deleted, and its name stays reserved. */
  tombstone(name: Name, filename: Filename): string {
    return join(this.facts(name), `${filename}.deleted.json`)
  }

  /** That the name is private since something was uploaded under it. */
  claim(name: Name): string {
    return join(this.facts(name), 'uploaded.json')
  }

  /** The attestations that came with an upload (PEP 740). */
  attestations(name: Name, filename: Filename, sha256: string): string {
    const file = `${filename}.${sha256.slice(0, 16)}.json`
    return join(this.#own, 'keep', 'attestations', this.index, name, file)
  }

  /** The bytes of a deleted file, until it is restored. */
  deleted(name: Name, filename: Filename, sha256: string): string {
    const file = `${filename}.${sha256.slice(0, 16)}`
    return join(this.#own, 'keep', 'deleted', this.index, name, file)
  }

  /** What was registered of releases, a directory for each project. */
  get releases(): string {
    return join(this.#own, 'keep', 'releases', this.index)
  }

  /** What was registered of a release; of a project without a version: all its releases. */
  release(name: Name, version?: ReleaseVersion): string {
    return join(this.releases, name, ...(version === undefined ? [] : [`${version}.json`]))
  }

  /** The documentation of a release, beside its files. */
  docs(name: Name, filename: DocFilename): string {
    return join(this.root, name, filename)
  }

  /** What we know of uploaded documentation; without a version the directory of all of a project. */
  docsFact(name: Name, version?: ReleaseVersion, sha256 = ''): string {
    const file = version === undefined ? [] : [`${version}.${sha256.slice(0, 16)}.json`]
    return join(this.#own, 'keep', 'docs', this.index, name, ...file)
  }

  /** The test results of a project; of certain bytes under a file's name. */
  toxResults(name: Name, filename?: Filename, sha256 = ''): string {
    const directory = filename === undefined ? [] : [`${filename}.${sha256.slice(0, 16)}`]
    return join(this.#own, 'keep', 'toxresults', this.index, name, ...directory)
  }

  /** Which files of a project were deleted for good, a line for each. */
  gone(name: Name): string {
    return join(this.#own, 'keep', 'gone', this.index, name)
  }

  /** Whose name this is, once that was decided. */
  ownership(name: Name): string {
    return join(this.#own, 'keep', 'names', this.index, `${name}.json`)
  }

  /** The users, one file for each. It exists from the first user on, whatever becomes of that user. */
  get users(): string {
    return join(this.#own, 'keep', 'users')
  }

  user(name: UserName): string {
    return join(this.users, `${name}.json`)
  }

  /** The tokens, one file for each. */
  get tokens(): string {
    return join(this.#own, 'keep', 'tokens')
  }

  token(id: TokenId): string {
    return join(this.tokens, `${id}.json`)
  }

  /** What login tokens are signed with. */
  get tokenKey(): string {
    return join(this.#own, 'keep', 'token-key')
  }

  /** The settings of the indexes, a directory for each user. */
  get indexes(): string {
    return join(this.#own, 'keep', 'indexes')
  }

  indexesOf(user: UserName): string {
    return join(this.indexes, user)
  }

  indexSettings(index: IndexName): string {
    return join(this.indexes, `${index}.json`)
  }

  /** An upstream's page; its mtime is the moment upstream last confirmed it. */
  page(upstream: string, name: Name): string {
    return join(this.pages(upstream), `${name}.json`)
  }

  pages(upstream: string): string {
    return join(this.#own, 'cache', 'pages', asPart(upstream))
  }

  /** All project names of an upstream, one a line. */
  names(upstream: string): string {
    return join(this.#own, 'cache', 'names', `${asPart(upstream)}.txt`)
  }

  /** What an upstream answered at a URL about a project beside its page. */
  document(upstream: string, name: Name, url: string): string {
    const digest = createHash('sha256').update(url).digest('hex').slice(0, 32)
    return join(this.#own, 'cache', 'documents', asPart(upstream), name, `${digest}.json`)
  }

  /** The core metadata of a wheel; `content` (a digest) keeps different wheels of one name apart. */
  metadata(name: Name, filename: Filename, content: string): string {
    const file = `${filename}.${content.slice(0, 16)}.metadata`
    return join(this.#own, 'cache', 'metadata', ...this.#apart, name, file)
  }

  /** Hashes of a project's files as they were when they were hashed, one JSON object a line. */
  digests(name: Name): string {
    return join(this.#own, 'cache', 'digests', ...this.#apart, `${name}.jsonl`)
  }

  /** The directory of the downloads under way of one file. */
  parts(name: Name, filename: Filename): string {
    return join(this.#own, 'work', 'parts', ...this.#apart, name, filename)
  }

  // The root index had its places before there were others. A project's name never begins with `@`.
  get #apart(): readonly string[] {
    return this.index === rootIndex ? [] : [asPart(this.index)]
  }

  /**
   * Everything that is of this project alone and losing it loses something, what shows the others
   * first.
   */
  projectTrees(name: Name): readonly string[] {
    return [
      this.release(name),
      this.facts(name),
      this.docsFact(name),
      this.toxResults(name),
      join(this.#own, 'keep', 'attestations', this.index, name),
      join(this.#own, 'keep', 'deleted', this.index, name),
      this.ownership(name),
      this.push(name),
    ]
  }

  /** Everything that is of this index alone, except its settings, what shows the others first. */
  get trees(): readonly string[] {
    const shown = ['releases', 'facts', 'docs', 'toxresults']
    const hidden = ['attestations', 'deleted', 'names', 'gone', 'pushes']
    const cached = ['metadata', 'digests', 'pages', 'documents']
    return [
      this.root,
      ...[...shown, ...hidden].map(kind => join(this.#own, 'keep', kind, this.index)),
      ...cached.map(kind => join(this.#own, 'cache', kind, asPart(this.index))),
      this.names(this.index),
      join(this.allParts, asPart(this.index)),
    ]
  }

  get allParts(): string {
    return join(this.#own, 'work', 'parts')
  }

  get temporary(): string {
    return join(this.#own, 'work', 'tmp')
  }

  /** Mirrored files that were found damaged; kept for whoever wants to know why. */
  get damaged(): string {
    return join(this.#own, 'work', 'damaged')
  }

  /** A lock's directory, for any key; each index has keys of its own. */
  lock(given: string): string {
    const key = [...this.#apart, given].join(' ')
    return join(
      this.#own,
      'work',
      'locks',
      createHash('sha256').update(key).digest('hex').slice(0, 32),
    )
  }

  get locks(): string {
    return join(this.#own, 'work', 'locks')
  }

  /** What an import has unpacked so far. */
  get importing(): string {
    return join(this.#own, 'work', 'import')
  }

  /** That an import is unpacked and checked, and only has to be moved to its places. */
  get imported(): string {
    return join(this.importing, 'complete')
  }

  /** The directory's format, so that a later version knows what it meets. */
  get format(): string {
    return join(this.#own, 'layout')
  }

  get cache(): string {
    return join(this.#own, 'cache')
  }

  /** Tells backup programs that the cache need not be kept (cachedir specification). */
  get cacheTag(): string {
    return join(this.cache, 'CACHEDIR.TAG')
  }

  get keep(): string {
    return join(this.#own, 'keep')
  }

  /** A byte for each change that devpi's clients can see; its size is the serial. */
  get changes(): string {
    return join(this.keep, 'changes')
  }

  /** What tells this directory from every other for devpi's replicas. */
  get uuid(): string {
    return join(this.keep, 'uuid')
  }

  /** What is to be told to others yet, a file for each message. */
  get hooks(): string {
    return join(this.keep, 'hooks')
  }

  /** The pushes to this index that are not through yet, a directory for each project. */
  get pushes(): string {
    return join(this.allPushes, this.index)
  }

  /** The same of all indexes, below their users and names. */
  get allPushes(): string {
    return join(this.keep, 'pushes')
  }

  /** Of one project: its pushes, the mark of one, or what one has put aside. */
  push(name: Name, mark?: PushMark, filename?: Filename): string {
    const parts = [mark, filename].filter(part => part !== undefined)
    return join(this.pushes, name, ...parts)
  }

  /** Who did what, a file for each day. */
  get journal(): string {
    return join(this.keep, 'journal')
  }

  /** @param day `2026-11-21` (UTC) */
  journalDay(day: string): string {
    return join(this.journal, `${day}.jsonl`)
  }
}

// An index as one path segment; upstreams of the settings have names without a slash.
const asPart = (name: string): string => (name.includes('/') ? `@${name.replace('/', '+')}` : name)

/** The one directory of ours in the cache directory. */
export const ownDirectory = '.proxypypi'
