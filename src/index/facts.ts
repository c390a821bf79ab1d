import { readdir, utimes } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import { orAbsent } from '../disk/error-code.ts'
import { readObject, type JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { identityOf, isSettled, stampOf, statsOf } from '../disk/stamp.ts'
import { discard, replace } from '../disk/write.ts'
import { distFilename, type Filename } from '../spec/filename.ts'
import { readFile, type File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'

/**
 * What we know of a file that we published and the file cannot tell. A file without a fact was put
 * there by a person.
 */
export interface Fact {
  /** The page's object as upstream gave it; `url` is where the bytes came from. */
  readonly file: File
  /** Computed from the bytes, whatever upstream listed. */
  readonly sha256: string
  /** Bytes. A file of another size is not the one this fact is about. */
  readonly size: number
  readonly upstream: string
  /** The public path below our root. */
  readonly path: string
  /** ISO time of the download. */
  readonly at: string
}

/** The facts about a project's files, and a stamp that changes when they do. */
export interface ProjectFacts {
  readonly stamp: string
  readonly facts: ReadonlyMap<Filename, Fact>
}

const none: ProjectFacts = { stamp: '-', facts: new Map() }

const hour = 3_600_000

const nowhere = new URL('http://invalid./')

const readFact = (record: JsonObject | undefined): Fact | undefined => {
  const file = readFile(record?.['file'], nowhere)
  if (record === undefined || file === undefined) return undefined
  const { sha256, size, upstream, path, at } = record
  return (
      typeof sha256 === 'string' &&
        typeof size === 'number' &&
        typeof upstream === 'string' &&
        typeof path === 'string' &&
        typeof at === 'string'
    ) ?
      { file, sha256, size, upstream, path, at }
    : undefined
}

/** The facts on disk: one small file each, so that two writers never meet in one. */
export class Facts {
  readonly #layout: Layout
  readonly #known = new LRUCache<Name, ProjectFacts>({ max: 2000 })
  readonly #single = new LRUCache<string, { identity: string; fact: Fact }>({ max: 20_000 })
  readonly #used = new LRUCache<string, number>({ max: 20_000 })

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** All facts of a project. A broken one counts as missing (fault S20). */
  async of(name: Name): Promise<ProjectFacts> {
    const directory = this.#layout.facts(name)
    const stats = statsOf(directory)
    if (stats === undefined) return none
    const stamp = stampOf(stats)
    const known = this.#known.get(name)
    if (known?.stamp === stamp) return known
    const begun = Date.now()
    const facts = new Map<Filename, Fact>()
    for (const entry of (await orAbsent(readdir(directory))) ?? []) {
      const filename = entry.endsWith('.json') ? distFilename(entry.slice(0, -5)) : undefined
      if (filename === undefined) continue
      const fact = await this.#read(this.#layout.fact(name, filename))
      if (fact !== undefined) facts.set(filename, fact)
    }
    if (!isSettled(stats, begun)) return { stamp: `${stamp}~${facts.size}`, facts }
    const read = { stamp, facts }
    this.#known.set(name, read)
    return read
  }

  // Of many facts a few are new: the others are known by their state.
  async #read(path: string): Promise<Fact | undefined> {
    const stats = statsOf(path)
    if (stats === undefined) return undefined
    const identity = identityOf(stats)
    const known = this.#single.get(path)
    if (known?.identity === identity) return known.fact
    const fact = readFact(await readObject(path))
    if (fact !== undefined) this.#single.set(path, { identity, fact })
    return fact
  }

  /** Writes a fact, durably; always before the file that it is about. */
  write(name: Name, fact: Fact): Promise<void> {
    return replace(this.#layout, this.#layout.fact(name, fact.file.filename), JSON.stringify(fact))
  }

  /** Notes that a file was used, to the hour: the fact's mtime. Not being able to is no failure. */
  async used(name: Name, filename: Filename): Promise<void> {
    const path = this.#layout.fact(name, filename)
    const now = Date.now()
    if (now - (this.#used.get(path) ?? 0) < hour) return
    this.#used.set(path, now)
    const stats = statsOf(path)
    if (stats !== undefined && now - Number(stats.mtimeMs) < hour) return
    await utimes(path, new Date(now), new Date(now)).catch(() => {})
  }

  remove(name: Name, filename: Filename): Promise<void> {
    return discard(this.#layout.fact(name, filename))
  }
}
