import type { Environment } from '../../spec/environment.ts'
import { evaluate, normalExtra } from '../../spec/evaluate.ts'
import { InputError } from '../../spec/input-error.ts'
import type { Marker } from '../../spec/marker.ts'
import { projectName, type Name } from '../../spec/project-name.ts'
import { markerOf } from './locked.ts'
import { tableAt, tablesAt, textAt, textsAt, type Table } from './table.ts'

/** The packages of one name, or of one name and version: one list for all that lead to it. */
type Packages = readonly number[]

interface Edge {
  readonly to: Packages
  readonly extras: readonly string[]
  readonly marker: Marker | undefined
}

interface Node {
  readonly dependencies: readonly Edge[]
  readonly optional: ReadonlyMap<string, readonly Edge[]>
  readonly groups: readonly Edge[]
}

/** Made on this machine: the project itself, and what it is made of. */
const local = ['editable', 'virtual', 'directory', 'path']

/** True for an entry whose source is on the machine of the lock's author. */
export const isLocal = (entry: Table): boolean => {
  const source = tableAt(entry, 'source') ?? {}
  return local.some(key => textAt(source, key) !== undefined)
}

const listsIn = (table: Table | undefined): [string, Table[]][] =>
  Object.keys(table ?? {}).map(key => [key, tablesAt(table, key)])

// Many times what the largest lock has for different machines.
const mostOfOneName = 200

const keyOf = (name: Name, version?: string) => `${name} ${version ?? ''}`

/** Which packages of a `uv.lock` a machine needs: those that its projects lead to. */
export class UvGraph {
  readonly #packages = new Map<string, number[]>()
  readonly #nodes: readonly Node[]
  readonly #roots: readonly Edge[]
  readonly #needed = new WeakMap<Environment, ReadonlySet<number>>()

  constructor(entries: readonly Table[], manifest: Table | undefined) {
    for (const [index, entry] of entries.entries()) this.#register(entry, index)
    this.#nodes = entries.map(entry => this.#node(entry))
    const own = entries.flatMap((entry, index) => (isLocal(entry) ? [index] : []))
    this.#roots = this.#rootEdges(own, manifest)
  }

  /** False when nothing tells what is installed, so that everything may be needed. */
  get isRooted(): boolean {
    return this.#roots.length > 0
  }

  /** True when a machine needs the package at this place of the lock, with any extras and groups. */
  needs(index: number, environment: Environment): boolean {
    const known = this.#needed.get(environment)
    if (known !== undefined) return known.has(index)
    const found = this.#walk(environment)
    this.#needed.set(environment, found)
    return found.has(index)
  }

  #walk(environment: Environment): Set<number> {
    const needed = new Set<number>()
    const seen = new Map<Packages, Set<string>>()
    const waiting = [...this.#roots]
    for (let edge = waiting.pop(); edge !== undefined; edge = waiting.pop()) {
      if (!evaluate(edge.marker, environment, 'any')) continue
      const known = seen.get(edge.to) ?? new Set()
      seen.set(edge.to, known)
      for (const extra of ['', ...edge.extras]) {
        if (known.has(extra)) continue
        known.add(extra)
        for (const index of edge.to) {
          needed.add(index)
          for (const next of this.#edgesOf(index, extra)) waiting.push(next)
        }
      }
    }
    return needed
  }

  #edgesOf(index: number, extra: string): readonly Edge[] {
    const node = this.#nodes[index]
    if (node === undefined) return []
    return extra === '' ? node.dependencies : (node.optional.get(extra) ?? [])
  }

  #rootEdges(own: Packages, manifest: Table | undefined): Edge[] {
    const self: Edge[] = own.length === 0 ? [] : [{ to: own, extras: [], marker: undefined }]
    const chosen = own.flatMap(index => {
      const node = this.#nodes[index]
      return node === undefined ? [] : [...node.optional.values(), node.groups].flat()
    })
    // Of a script, which has no project.
    const named = tablesAt(manifest, 'requirements')
    const groups = listsIn(tableAt(manifest, 'dependency-groups')).flatMap(([, some]) => some)
    return [...self, ...chosen, ...[...named, ...groups].map(edge => this.#edge(edge))]
  }

  #register(entry: Table, index: number): void {
    const name = projectName(textAt(entry, 'name') ?? '')
    if (name === undefined) return
    for (const key of new Set([keyOf(name), keyOf(name, textAt(entry, 'version'))])) {
      const known = this.#packages.get(key)
      if (known === undefined) this.#packages.set(key, [index])
      else if (known.length < mostOfOneName) known.push(index)
      else throw new InputError(`a lock with more than ${mostOfOneName} packages called ${name}`)
    }
  }

  #node(entry: Table): Node {
    const edges = (some: readonly Table[]) => some.map(edge => this.#edge(edge))
    const optional = listsIn(tableAt(entry, 'optional-dependencies'))
    const groups = listsIn(tableAt(entry, 'dev-dependencies'))
    return {
      dependencies: edges(tablesAt(entry, 'dependencies')),
      optional: new Map(optional.map(([extra, some]) => [normalExtra(extra), edges(some)])),
      groups: groups.flatMap(([, some]) => edges(some)),
    }
  }

  // A version is given only where the lock has several.
  #edge(table: Table): Edge {
    const name = projectName(textAt(table, 'name') ?? '')
    const key = name === undefined ? '' : keyOf(name, textAt(table, 'version'))
    const marker = textAt(table, 'marker')
    return {
      to: this.#packages.get(key) ?? [],
      extras: [...textsAt(table, 'extra'), ...textsAt(table, 'extras')].map(normalExtra),
      marker: marker === undefined ? undefined : markerOf(marker),
    }
  }
}
