import type { Digests } from '../disk/digest.ts'
import type { Layout } from '../disk/layout.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { publishNew } from '../disk/write.ts'
import { HttpError } from '../http/error.ts'
import type { Log } from '../log.ts'
import type { Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { exclusively } from './exclusively.ts'
import type { Tombstone } from './fact.ts'
import type { Facts } from './facts.ts'
import type { Folder } from './folder.ts'
import { chosen, described, refusal, type Selection } from './selection.ts'
import { unlessChanged } from './unless-changed.ts'
import { ConflictError } from './upload.ts'

/** Changes what was published here: yanked, that undone, and brought back after a deletion. */
export class Retractions {
  readonly #layout: Layout
  readonly #folder: Folder
  readonly #facts: Facts
  readonly #digests: Digests
  readonly #log: Log

  constructor(parts: { layout: Layout; folder: Folder; facts: Facts; digests: Digests; log: Log }) {
    this.#layout = parts.layout
    this.#folder = parts.folder
    this.#facts = parts.facts
    this.#digests = parts.digests
    this.#log = parts.log
  }

  /** As `Stage.yank`. */
  async yank(
    name: Name,
    selection: Selection,
    reason: string | true,
    by: string | undefined,
  ): Promise<Filename[]> {
    // An empty reason counts as not yanked for some clients (SA-91).
    const mark = { yanked: reason === '' ? true : reason }
    const act = { by, at: new Date().toISOString() }
    const files = await this.#mark(name, selection, 'yanked', mark, act)
    this.#log.info('yanked', { project: name, files: files.join(' '), by })
    return files
  }

  /** As `Stage.unyank`. */
  async unyank(name: Name, selection: Selection, by: string | undefined): Promise<Filename[]> {
    const files = await this.#mark(name, selection, 'unyanked', {}, undefined)
    this.#log.info('unyanked', { project: name, files: files.join(' '), by })
    return files
  }

  async #mark(
    name: Name,
    selection: Selection,
    verb: string,
    mark: { readonly yanked?: string | true },
    act: { readonly by: string | undefined; readonly at: string } | undefined,
  ): Promise<Filename[]> {
    const local = await this.#folder.of(name)
    const files = chosen(name, selection, local.uploaded.keys())
    if (files.length === 0) throw refusal(name, selection, local, verb)
    for (const filename of files)
      await exclusively(this.#layout, name, filename, async () => {
        const { sha256 } = local.uploaded.get(filename)?.fact ?? {}
        // As it is now: somebody may have changed it since.
        const fact =
          sha256 === undefined ? undefined : await this.#facts.uploaded(name, filename, sha256)
        if (fact === undefined) return
        const { yanked: _before, ...file } = fact.file
        await this.#facts.write(name, {
          ...fact,
          file: { ...file, ...mark },
          yanked: act,
        })
      })
    return files
  }

  /** As `Stage.restore`. */
  async restore(name: Name, selection: Selection, by: string | undefined): Promise<Filename[]> {
    const { deleted } = await this.#facts.of(name)
    const files = chosen(name, selection, deleted.keys())
    if (files.length === 0)
      throw new HttpError(404, `nothing of ${described(name, selection)} was deleted here`)
    for (const filename of files)
      await exclusively(this.#layout, name, filename, async () => {
        const tombstone = await this.#facts.tombstone(name, filename)
        if (tombstone !== undefined) await this.#exhume(name, tombstone)
      })
    this.#log.info('restored', { project: name, files: files.join(' '), by })
    return files
  }

  async #exhume(name: Name, tombstone: Tombstone): Promise<void> {
    const { filename, sha256 } = tombstone
    const kept = this.#layout.deleted(name, filename, sha256)
    const home = this.#layout.file(name, filename)
    const isKept = linkStatsOf(kept) !== undefined
    if (!isKept || !(await publishNew(kept, home))) await this.#expect(name, tombstone, home)
    await this.#facts.remove(name, tombstone)
  }

  // It had not been moved away when the deletion was interrupted, or it has been moved back already.
  async #expect(name: Name, { filename, sha256 }: Tombstone, home: string): Promise<void> {
    const stats = linkStatsOf(home)
    if (stats === undefined)
      throw new HttpError(
        404,
        `the bytes of ${filename} are gone: upload it again, sha256 ${sha256}`,
      )
    const found = await unlessChanged(this.#digests.of(name, filename, home, stats))
    if (found !== sha256)
      throw new ConflictError(
        `${filename} is here with other bytes now, sha256 ${found ?? 'unknown'}`,
      )
  }
}
