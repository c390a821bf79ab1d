import { basesOf } from '../accounts/bases.ts'
import type { IndexConfigs } from '../accounts/index-configs.ts'
import type { Layout } from '../disk/layout.ts'
import { Flight } from '../flight.ts'
import { HttpError } from '../http/error.ts'
import { background, type Log } from '../log.ts'
import type { IndexConfig } from '../spec/index-config.ts'
import { rootIndex, type IndexName } from '../spec/index-name.ts'
import type { Name } from '../spec/project-name.ts'
import type { Beside } from './beside.ts'
import type { Copies } from './copies.ts'
import type { Folder } from './folder.ts'
import type { Index } from './index.ts'
import type { Connected, OpenIndex } from './open-index.ts'
import type { Member, Resolution } from './resolution.ts'
import type { RootMirrors } from './root-mirrors.ts'
import type { Stage } from './stage.ts'

/** An index as it is set up now. */
export interface Opened extends Member {
  readonly name: IndexName
  readonly config: IndexConfig
  /** This index alone: its pages, files and projects. */
  readonly own: Index
  /** With everything that it inherits (devpi-api 8); the same as `own` where there are no bases. */
  readonly whole: Index
  /** Takes uploads; undefined for mirrors. */
  readonly stage: Stage | undefined
  /** What is held of its upstreams; undefined for stages. */
  readonly copies: Copies | undefined
  /** What lies on disk of it. */
  readonly folder: Folder
  /** What it has of its releases beside their files. */
  readonly beside: Beside
  /** The directory, seen from this index. */
  readonly layout: Layout
  /**
   * Itself and its bases in the order in which they are looked through, mirrors last.
   * @throws {HttpError} 503 when there is no such base; it is named
   */
  readonly members: () => Promise<readonly Opened[]>
  /** Where a project is looked for and where not, and why; nobody upstream is asked for that. */
  readonly resolve: (name: Name) => Promise<Resolution<Opened>>
}

/** How an index is made of its settings; a former one of the same name gives what has not changed. */
export type Make = (
  name: IndexName,
  config: IndexConfig,
  former: OpenIndex | undefined,
  members: () => Promise<readonly Opened[]>,
) => OpenIndex

interface Held {
  readonly stamp: string
  readonly index: OpenIndex
}

/** How often settings are read again that change while they are read. */
const attempts = 5

/**
 * The indexes by their names, as their settings say at the moment of each request, whichever process
 * changed them.
 */
export class Registry {
  /** The index that lies in the directory itself, `root/pypi`. */
  readonly root: Opened
  readonly #configs: IndexConfigs
  readonly #rootMirrors: RootMirrors
  readonly #make: Make
  readonly #log: Log
  readonly #held = new Map<IndexName, Held>()
  readonly #making = new Flight<Held | undefined>()
  /** Of indexes that are no more, or are set up otherwise, until they have come to their end. */
  readonly #retiring = new Set<Connected>()

  constructor(parts: {
    root: Opened
    rootMirrors: RootMirrors
    configs: IndexConfigs
    make: Make
    log: Log
  }) {
    this.root = parts.root
    this.#rootMirrors = parts.rootMirrors
    this.#configs = parts.configs
    this.#make = parts.make
    this.#log = parts.log
  }

  /** An index; undefined when there is none of that name. A look at its settings' state when nothing changed. */
  async open(name: IndexName): Promise<Opened | undefined> {
    if (name === rootIndex) {
      await this.#rootMirrors.look()
      return this.root
    }
    for (let attempt = 1; ; attempt += 1) {
      const held = this.#held.get(name)
      const stamp = this.#configs.stamp(name)
      if (held?.stamp === stamp) return held.index.opened
      const made = await this.#making.run(name, () => this.#renew(name))
      if (made === undefined || made.stamp === stamp || attempt === attempts)
        return made?.index.opened
    }
  }

  async #renew(name: IndexName): Promise<Held | undefined> {
    const stamp = this.#configs.stamp(name)
    const config = await this.#configs.get(name)
    const former = this.#held.get(name)
    this.#forgetAbsent()
    if (config === undefined) {
      this.#forget(name)
      return undefined
    }
    const index = this.#make(name, config, former?.index, () => this.#members(index.opened))
    const held: Held = { stamp, index }
    this.#held.set(name, held)
    if (former?.index.base !== index.base) this.#retire(former)
    return held
  }

  // Whoever was deleted is not asked for any more, so nobody would notice.
  #forgetAbsent(): void {
    for (const name of this.#held.keys()) if (this.#configs.stamp(name) === '-') this.#forget(name)
  }

  #forget(name: IndexName): void {
    this.#retire(this.#held.get(name))
    this.#held.delete(name)
  }

  #retire(held: Held | undefined): void {
    const connected = held?.index.base.connected
    if (connected === undefined) return
    this.#retiring.add(connected)
    background(
      connected.retire().finally(() => this.#retiring.delete(connected)),
      `closing the connections of ${held?.index.opened.name}`,
      this.#log,
    )
  }

  // Breadth first, each once, so that circles do no harm.
  async #members(first: Opened): Promise<readonly Opened[]> {
    const found = [first]
    const seen = new Set([first.name])
    for (const opened of found)
      for (const base of basesOf(opened.config)) {
        if (seen.has(base)) continue
        seen.add(base)
        const next = await this.open(base)
        if (next === undefined)
          throw new HttpError(
            503,
            `${opened.name} inherits ${base}, which does not exist: create it, or take it out of the bases of ${opened.name}`,
          )
        found.push(next)
      }
    const isMirror = (opened: Opened) => opened.isMirror
    return [...found.filter(opened => !isMirror(opened)), ...found.filter(isMirror)]
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    const connected = [...this.#held.values()].map(({ index }) => index.base.connected)
    this.#held.clear()
    await Promise.all([...connected, ...this.#retiring].map(async each => each?.close()))
    await this.#rootMirrors.close()
  }
}
