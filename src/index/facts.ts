/**
 * The facts on disk: one small file each, so that two writers never meet in one. The fact of an
 * uploaded file bears its digest in its name: it can be written before the file gets its name, and
 * whoever loses a race for the name has spoilt nothing.
 */
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { bounded } from '../bounded.ts'
import type { DurableOptions } from '../disk/durable.ts'
import { namesIn } from '../disk/entries.ts'
import { parseObject, readObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { replaceKnown } from '../disk/replace-known.ts'
import { identityOf, isSettled, stampOf, statsOf } from '../disk/stamp.ts'
import { forget } from '../disk/write.ts'
import { distFilename, type Filename } from '../spec/filename.ts'
import { placesOf, type Places } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import { Claims } from './claims.ts'
import {
  readFact,
  type Fact,
  type MirroredFact,
  type Tombstone,
  type UploadedFact,
} from './fact.ts'
import { digestOf, none, type ProjectFacts } from './project-facts.ts'

/** So many facts are read at a time. */
const abreast = 32

const hour = 3_600_000
const minute = 60_000

/** The facts of one directory. */
export class Facts {
  readonly #layout: Layout
  readonly #places: Places
  readonly #known = bounded<Name, ProjectFacts>(2000)
  readonly #single = bounded<string, { identity: string; fact: Fact }>(20_000)
  readonly #claims: Claims
  readonly #used = bounded<string, number>(20_000)

  constructor(layout: Layout) {
    this.#layout = layout
    this.#places = placesOf(layout.index)
    this.#claims = new Claims(layout)
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
    const facts = await this.#all(name, await namesIn(directory, stats))
    // A second change may hide behind the same mtime: until it settles, what was seen is the stamp.
    if (!isSettled(stats, begun)) return { ...facts, stamp: `${stamp}~${digestOf(facts)}` }
    const read = { ...facts, stamp }
    this.#known.set(name, read)
    return read
  }

  async #all(name: Name, entries: readonly string[]): Promise<Omit<ProjectFacts, 'stamp'>> {
    const mirrored = new Map<Filename, MirroredFact>()
    const uploaded = new Map<Filename, UploadedFact[]>()
    const deleted = new Map<Filename, Tombstone>()
    for (let from = 0; from < entries.length; from += abreast)
      for (const fact of await this.#some(name, entries.slice(from, from + abreast))) {
        if (fact === undefined) continue
        if (fact.kind === 'deleted') deleted.set(fact.filename, fact)
        else if (fact.kind === 'mirrored') mirrored.set(fact.file.filename, fact)
        else uploaded.set(fact.file.filename, [...(uploaded.get(fact.file.filename) ?? []), fact])
      }
    return { mirrored, uploaded, deleted, claimed: await this.#claims.since(name) }
  }

  #some(name: Name, entries: readonly string[]): Promise<(Fact | undefined)[]> {
    return Promise.all(
      entries.map(async entry => {
        const filename = filenameIn(entry)
        const path = join(this.#layout.facts(name), entry)
        return filename === undefined ? undefined : this.#read(name, filename, path)
      }),
    )
  }

  // Of many facts a few are new: the others are known by their state.
  async #read(name: Name, filename: Filename, path: string): Promise<Fact | undefined> {
    const stats = statsOf(path)
    if (stats === undefined) return undefined
    const identity = identityOf(stats)
    const known = this.#single.get(path)
    if (known?.identity === identity) return known.fact
    const fact = readFact(this.#places, name, filename, await readObject(path))
    if (fact !== undefined) this.#single.set(path, { identity, fact })
    return fact
  }

  /** Where a fact is kept; its mtime is the last use of a file, to the hour. */
  pathOf(name: Name, fact: Fact): string {
    if (fact.kind === 'deleted') return this.#layout.tombstone(name, fact.filename)
    const { filename } = fact.file
    return fact.kind === 'uploaded' ?
        this.#layout.uploadedFact(name, filename, fact.sha256)
      : this.#layout.fact(name, filename)
  }

  /** Writes a fact, durably unless told; always before the file that it is about. */
  async write(name: Name, fact: Fact, options: DurableOptions = {}): Promise<void> {
    // What a power cut takes of a mirrored file is fetched again, and each sync would delay its client.
    const { durable = fact.kind === 'mirrored' ? 'content' : true } = options
    const path = this.pathOf(name, fact)
    const text = JSON.stringify(fact)
    const identity = await replaceKnown(this.#layout, path, text, { durable })
    if (identity === undefined || fact.kind === 'deleted') return
    const read = readFact(this.#places, name, fact.file.filename, parseObject(text))
    if (read !== undefined) this.#single.set(path, { identity, fact: read })
  }

  /** Removes a fact, for good. */
  remove(name: Name, fact: Fact): Promise<void> {
    return forget(this.pathOf(name, fact))
  }

  /** What is known of uploaded bytes under a name, whether or not they lie there; read anew. */
  async uploaded(
    name: Name,
    filename: Filename,
    sha256: string,
  ): Promise<UploadedFact | undefined> {
    const fact = await this.#read(name, filename, this.#layout.uploadedFact(name, filename, sha256))
    return fact?.kind === 'uploaded' && fact.sha256 === sha256 ? fact : undefined
  }

  /** What was deleted under a name, if its name is reserved. */
  async tombstone(name: Name, filename: Filename): Promise<Tombstone | undefined> {
    const fact = await this.#read(name, filename, this.#layout.tombstone(name, filename))
    return fact?.kind === 'deleted' ? fact : undefined
  }

  /** Notes that a project is private from now on (see `Claims`). */
  claim(name: Name, since: string): Promise<void> {
    return this.#claims.make(name, since)
  }

  /**
   * True when an uploaded file lies under this name or is just being put there, so that no download
   * may take its place. What a killed process has left behind protects for a minute only.
   */
  async protects(name: Name, filename: Filename): Promise<boolean> {
    const facts = (await this.of(name)).uploaded.get(filename) ?? []
    const stats = statsOf(this.#layout.file(name, filename))
    return facts.some(
      ({ size, at }) =>
        Number(stats?.size ?? -1n) === size || Math.abs(Date.now() - Date.parse(at)) < minute,
    )
  }

  /** Notes that a file was used, to the hour: the fact's mtime. Not being able to is no failure. */
  async used(name: Name, fact: Fact): Promise<void> {
    const path = this.pathOf(name, fact)
    const now = Date.now()
    if (now - (this.#used.get(path) ?? 0) < hour) return
    this.#used.set(path, now)
    const stats = statsOf(path)
    if (stats !== undefined && now - Number(stats.mtimeMs) < hour) return
    await utimes(path, new Date(now), new Date(now)).catch(() => {})
  }
}

const marks = /\.(?:[0-9a-f]{16}|deleted)$/

/** The distribution that an entry of the directory is about. */
const filenameIn = (entry: string): Filename | undefined => {
  if (!entry.endsWith('.json')) return undefined
  const stem = entry.slice(0, -'.json'.length)
  return distFilename(stem) ?? distFilename(stem.replace(marks, ''))
}
