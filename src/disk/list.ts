import { realpath } from 'node:fs/promises'
import type { BigIntStats, Dirent } from 'node:fs'
import { join, sep } from 'node:path'
import { bounded } from '../bounded.ts'
import { distFilename, projectsOf, type Filename } from '../spec/filename.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { entriesIn } from './entries.ts'
import { isSettled, linkStatsOf, stampOf, statsOf } from './stamp.ts'

/** What lies in one directory, as far as it concerns an index. */
interface Listing {
  readonly stamp: string
  /** Distributions and where they really are. */
  readonly files: ReadonlyMap<Filename, string>
  /** Subdirectories by the project that their name spells; one project may be spelled in several ways. */
  readonly directories: ReadonlyMap<Name, readonly string[]>
}

const nothing: Listing = { stamp: '-', files: new Map(), directories: new Map() }

/** The distributions on disk that may be of a project, and a stamp that changes when they do. */
export interface LocalFiles {
  readonly stamp: string
  readonly files: ReadonlyMap<Filename, string>
}

/**
 * The distributions below a cache directory: in the root, in directories named like projects in any
 * spelling, and in pypicache's `packages/LETTER/PROJECT/`. Each directory is read anew only when
 * its stamp says so. Dotfiles, names that are not distributions and links that lead out of the
 * directory are never seen.
 */
export class Directory {
  readonly #root: string
  readonly #listings = bounded<string, Listing>(5000)
  readonly #byProject = new WeakMap<Listing, Map<Name, Map<Filename, string>>>()
  #realRoot: string | undefined

  constructor(root: string) {
    this.#root = root
  }

  /** The files that are this project's by their place or, in the root, by their name. */
  async of(name: Name): Promise<LocalFiles> {
    const root = await this.#list(this.#root)
    const places = [...(root.directories.get(name) ?? []), ...(await this.#inPackages(root, name))]
    const listings = await Promise.all(places.map(place => this.#list(place)))
    const inRoot = this.#rootFiles(root).get(name)
    const own = inRoot === undefined ? '' : [...inRoot.keys()].join()
    const stamp = `${listings.map(listing => listing.stamp).join()}/${own}`
    const [first, ...more] = listings
    // Nearly always, and copying thousands of names would cost more than all the rest.
    if (first !== undefined && more.length === 0 && inRoot === undefined)
      return { stamp, files: first.files }
    const files = new Map<Filename, string>()
    // Within a project's own directory its normal spelling counts first, then the others, then the root.
    for (const listing of listings)
      for (const [filename, path] of listing.files)
        if (!files.has(filename)) files.set(filename, path)
    for (const [filename, path] of inRoot ?? []) if (!files.has(filename)) files.set(filename, path)
    return { stamp, files }
  }

  /** True when one of a project's files has this name. Its own directory is not listed for that. */
  async has(name: Name, filename: Filename): Promise<boolean> {
    const home = join(this.#root, name)
    if (linkStatsOf(join(home, filename)) !== undefined) return true
    const root = await this.#list(this.#root)
    if (this.#rootFiles(root).get(name)?.has(filename) === true) return true
    const places = [...(root.directories.get(name) ?? []), ...(await this.#inPackages(root, name))]
    for (const place of places)
      if (place !== home && (await this.#list(place)).files.has(filename)) return true
    return false
  }

  /** Every project that has a directory or a file in the root; a directory may turn out to be empty. */
  async names(): Promise<Set<Name>> {
    const root = await this.#list(this.#root)
    const names = new Set<Name>([...this.#rootFiles(root).keys(), ...root.directories.keys()])
    for (const letter of await this.#letters(root))
      for (const name of (await this.#list(letter)).directories.keys()) names.add(name)
    return names
  }

  async #list(directory: string): Promise<Listing> {
    const stats = statsOf(directory)
    if (stats === undefined || !stats.isDirectory()) return nothing
    const known = this.#listings.get(directory)
    if (known?.stamp === stampOf(stats)) return known
    return this.#read(directory, stats)
  }

  async #read(directory: string, stats: BigIntStats): Promise<Listing> {
    const begun = Date.now()
    const entries = await entriesIn(directory, stats)
    const files = new Map<Filename, string>()
    const directories = new Map<Name, string[]>()
    for (const entry of entries) {
      const path = await this.#inside(directory, entry)
      if (path === undefined) continue
      const filename = entry.isDirectory() ? undefined : distFilename(entry.name)
      if (filename !== undefined) files.set(filename, path)
      // A link named like a distribution is taken for one, whatever it leads to.
      const name = entry.isFile() || filename !== undefined ? undefined : projectName(entry.name)
      if (name === undefined) continue
      const spellings = directories.get(name) ?? []
      if (entry.name === name) spellings.unshift(path)
      else spellings.push(path)
      directories.set(name, spellings)
    }
    if (isSettled(stats, begun)) {
      const listing: Listing = { stamp: stampOf(stats), files, directories }
      this.#listings.set(directory, listing)
      return listing
    }
    // A second change may hide behind the same mtime: until it settles, what was seen is the stamp.
    this.#listings.delete(directory)
    return { stamp: `${stampOf(stats)}~${[...files.keys()].join()}`, files, directories }
  }

  // A link counts as what it leads to if that lies within the cache directory, else as nothing.
  async #inside(directory: string, entry: Dirent): Promise<string | undefined> {
    if (entry.name.startsWith('.')) return undefined
    const path = join(directory, entry.name)
    if (!entry.isSymbolicLink()) return entry.isFile() || entry.isDirectory() ? path : undefined
    const target = await realpath(path).catch(() => undefined)
    this.#realRoot ??= await realpath(this.#root)
    if (target?.startsWith(this.#realRoot + sep) !== true) return undefined
    return target.includes(`${sep}.`, this.#realRoot.length) ? undefined : target
  }

  #rootFiles(root: Listing): Map<Name, Map<Filename, string>> {
    const known = this.#byProject.get(root)
    if (known !== undefined) return known
    const byProject = new Map<Name, Map<Filename, string>>()
    for (const [filename, path] of root.files) {
      const name = projectsOf(filename)[0]
      if (name === undefined) continue
      const files = byProject.get(name) ?? new Map<Filename, string>()
      byProject.set(name, files.set(filename, path))
    }
    this.#byProject.set(root, byProject)
    return byProject
  }

  // pypicache's layout; `source` may stand before the letter, as it did until 2012.
  async #letters(root: Listing): Promise<string[]> {
    const letters: string[] = []
    for (const place of root.directories.get('packages' as Name) ?? []) {
      for (const [name, paths] of (await this.#list(place)).directories) {
        if (name.length === 1) letters.push(...paths)
        if (name === 'source')
          for (const path of paths)
            for (const [letter, below] of (await this.#list(path)).directories)
              if (letter.length === 1) letters.push(...below)
      }
    }
    return letters
  }

  async #inPackages(root: Listing, name: Name): Promise<string[]> {
    if (!root.directories.has('packages' as Name)) return []
    const places: string[] = []
    for (const letter of await this.#letters(root))
      places.push(...((await this.#list(letter)).directories.get(name) ?? []))
    return places
  }
}
