import type { Layout } from '../disk/layout.ts'
import { discard, forget } from '../disk/write.ts'
import { HttpError } from '../http/error.ts'
import type { Log } from '../log.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { exclusively } from './exclusively.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import type { Wanted } from './index.ts'
import { chosen, described, type Selection } from './selection.ts'
import type { MirrorSource } from './upstreams.ts'

/** What a mirror holds of its upstreams: links and files, which can be forgotten. */
export class Copies {
  readonly #layout: Layout
  readonly #folder: Folder
  readonly #facts: Facts
  readonly #mirrors: MirrorSource
  readonly #log: Log

  constructor(parts: {
    layout: Layout
    folder: Folder
    facts: Facts
    mirrors: MirrorSource
    log: Log
  }) {
    this.#layout = parts.layout
    this.#folder = parts.folder
    this.#facts = parts.facts
    this.#mirrors = parts.mirrors
    this.#log = parts.log
  }

  /** The projects whose pages or files are held, each once; nobody is asked. */
  async *projects(): AsyncGenerator<Name, void> {
    const seen = new Set<Name>()
    for (const name of await this.#folder.names())
      if (await this.#folder.has(name)) {
        seen.add(name)
        yield name
      }
    for (const mirror of await this.#mirrors.now())
      for await (const name of mirror.heldNames())
        if (!seen.has(name)) {
          seen.add(name)
          yield name
        }
  }

  /** The names of its upstreams. */
  async upstreams(): Promise<string[]> {
    return (await this.#mirrors.now()).map(({ name }) => name)
  }

  /** The projects whose pages are held, by name; nobody is asked. */
  async pages(): Promise<Name[]> {
    const names = new Set<Name>()
    for (const mirror of await this.#mirrors.now())
      for await (const name of mirror.heldNames()) names.add(name)
    return [...names].toSorted()
  }

  /** True when a page or a file of a project is held; nobody is asked. */
  async has(name: Name): Promise<boolean> {
    if (await this.#folder.has(name)) return true
    const held = await Promise.all((await this.#mirrors.now()).map(mirror => mirror.held(name)))
    return held.some(page => page !== undefined)
  }

  /**
   * The URL at which an upstream has a file that is listed but not held; undefined for any other. The
   * URLs of pages have no credentials.
   */
  async elsewhere({ name, filename, path }: Wanted): Promise<string | undefined> {
    if ((await this.#folder.of(name)).mirrored.has(filename)) return undefined
    for (const mirror of await this.#mirrors.now()) {
      const held = await mirror.held(name)
      const entry = held && (await mirror.entry(name, held, filename, path))
      if (entry !== undefined) return entry.file.url
    }
    return undefined
  }

  /**
   * Deletes files that were fetched; their links stay, and whoever asks has them fetched again.
   * @returns the files
   * @throws {HttpError} 404 when none of them is held
   */
  async remove(name: Name, selection: Selection, by: string | undefined): Promise<Filename[]> {
    const { mirrored } = await this.#folder.of(name)
    const files = chosen(name, selection, mirrored.keys())
    if (files.length === 0)
      throw new HttpError(404, `nothing of ${described(name, selection)} is held here`)
    for (const filename of files)
      await exclusively(this.#layout, name, filename, () => this.#drop(name, filename))
    this.#log.info('copies deleted', { project: name, files: files.join(' '), by })
    return files
  }

  // The file first: without its fact it would count as one that somebody put there.
  async #drop(name: Name, filename: Filename): Promise<void> {
    const held = (await this.#folder.of(name)).mirrored.get(filename)
    if (held === undefined) return
    await forget(held.path)
    await discard(this.#facts.pathOf(name, held.fact))
  }

  /**
   * Forgets a project: its links and its files. It is asked for upstream as if it never had been.
   * @returns false when nothing of it was held
   */
  async forget(name: Name, by: string | undefined): Promise<boolean> {
    const forgotten = await Promise.all(
      (await this.#mirrors.now()).map(mirror => mirror.forget(name)),
    )
    const { mirrored } = await this.#folder.of(name)
    if (mirrored.size > 0) await this.remove(name, {}, by)
    return mirrored.size > 0 || forgotten.includes(true)
  }
}
