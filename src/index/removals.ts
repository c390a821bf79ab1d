import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digests } from '../disk/digest.ts'
import { hasCode, orAbsent } from '../disk/error-code.ts'
import type { Layout } from '../disk/layout.ts'
import type { Directory } from '../disk/list.ts'
import { removeTree } from '../disk/remove-tree.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard, forget, move, publishNew } from '../disk/write.ts'
import type { Log } from '../log.ts'
import { belongsTo, distFilename, type Filename } from '../spec/filename.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { exclusively } from './exclusively.ts'
import type { Tombstone } from './fact.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import type { Gone } from './gone.ts'
import { chosen, refusal, type Selection } from './selection.ts'
import { unlessChanged } from './unless-changed.ts'

// What is kept of an uploaded file bears the digest of its bytes.
const ofUpload = /\.[0-9a-f]{16}\.json$/

/** Deletes what was uploaded or dropped. */
export class Removals {
  readonly #layout: Layout
  readonly #directory: Directory
  readonly #folder: Folder
  readonly #facts: Facts
  readonly #digests: Digests
  readonly #gone: Gone
  readonly #isVolatile: boolean
  readonly #log: Log

  constructor(parts: {
    layout: Layout
    directory: Directory
    folder: Folder
    facts: Facts
    digests: Digests
    gone: Gone
    isVolatile: boolean
    log: Log
  }) {
    this.#layout = parts.layout
    this.#directory = parts.directory
    this.#folder = parts.folder
    this.#facts = parts.facts
    this.#digests = parts.digests
    this.#gone = parts.gone
    this.#isVolatile = parts.isVolatile
    this.#log = parts.log
  }

  /** As `Stage.remove`. */
  async remove(name: Name, selection: Selection, by: string | undefined): Promise<Filename[]> {
    const local = await this.#folder.of(name)
    const own = [...local.uploaded.keys(), ...local.dropped.keys()]
    const files = chosen(name, selection, own)
    if (files.length === 0) throw refusal(name, selection, local, 'deleted')
    for (const filename of files)
      await exclusively(this.#layout, name, filename, () => this.#bury(name, filename, by))
    this.#log.info('deleted', { project: name, files: files.join(' '), by })
    return files
  }

  // The tombstone first: it hides the file at once, and what is not moved yet can be moved later.
  async #bury(name: Name, filename: Filename, by: string | undefined): Promise<void> {
    const local = await this.#folder.of(name)
    const uploaded = local.uploaded.get(filename)
    const path = uploaded?.path ?? local.dropped.get(filename)?.path
    const stats = path === undefined ? undefined : linkStatsOf(path)
    if (path === undefined || stats === undefined) return
    const sha256 = await unlessChanged(this.#digests.of(name, filename, path, stats))
    if (sha256 === undefined) return
    // A project that had uploads stays private without its files.
    if (uploaded !== undefined) await this.#facts.claim(name, uploaded.fact.at)
    const at = new Date().toISOString()
    const size = Number(stats.size)
    const tombstone: Tombstone = { kind: 'deleted', filename, sha256, size, at, by }
    await this.#gone.note(name, [tombstone])
    await this.#facts.write(name, tombstone)
    if (this.#isVolatile) await this.#free(name, path, tombstone)
    else
      await move(path, this.#layout.deleted(name, filename, sha256)).catch((error: unknown) => {
        if (!hasCode(error, 'ENOENT')) throw error
      })
  }

  // The tombstone last, so that the file is hidden until nothing is left of it.
  async #free(name: Name, path: string, tombstone: Tombstone): Promise<void> {
    const { filename } = tombstone
    await forget(path)
    const { uploaded } = await this.#facts.of(name)
    for (const fact of uploaded.get(filename) ?? []) {
      await discard(this.#layout.attestations(name, filename, fact.sha256))
      await this.#facts.remove(name, fact)
    }
    await this.#facts.remove(name, tombstone)
  }

  /** As `Stage.erase`. */
  async erase(name: Name, by: string | undefined): Promise<boolean> {
    const { uploaded, deleted } = await this.#facts.of(name)
    await this.#gone.note(name, [
      ...[...uploaded].flatMap(([filename, facts]) =>
        facts.map(({ sha256 }) => ({ filename, sha256 })),
      ),
      ...deleted.values(),
    ])
    const places = await this.#placesOf(name)
    const trees = this.#layout.projectTrees(name)
    const isThere = [...places, ...trees].some(path => linkStatsOf(path) !== undefined)
    for (const path of places) await removeTree(this.#layout, path)
    for (const path of trees)
      await removeTree(this.#layout, path, aside => this.#giveBack(name, path, aside))
    const { files } = await this.#directory.of(name)
    for (const path of files.values()) await discard(path)
    if (isThere) this.#log.info('erased', { project: name, by })
    return isThere
  }

  // An upload may have come meanwhile. If it found what is known of it still there, its file is here
  // by now; otherwise it writes that again.
  async #giveBack(name: Name, directory: string, aside: string): Promise<void> {
    const files = (await orAbsent(readdir(this.#layout.project(name)))) ?? []
    if (files.length === 0) return
    for (const entry of (await orAbsent(readdir(aside))) ?? [])
      if (files.includes(entry.replace(ofUpload, '')))
        await publishNew(join(aside, entry), join(directory, entry))
  }

  // Its directories in whatever spelling, and its files that lie beside them.
  async #placesOf(name: Name): Promise<string[]> {
    const { root } = this.#layout
    const entries = (await orAbsent(readdir(root))) ?? []
    return entries
      .filter(entry => {
        const filename = distFilename(entry)
        return filename === undefined ? projectName(entry) === name : belongsTo(name, filename)
      })
      .toSorted((a, b) => Number(b === name) - Number(a === name))
      .map(entry => join(root, entry))
  }
}
