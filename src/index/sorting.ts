import type { BigIntStats } from 'node:fs'
import type { Digests } from '../disk/digest.ts'
import type { Layout } from '../disk/layout.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { projectsOf, type Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { isComplete } from './archives.ts'
import type { Damaged } from './damaged.ts'
import type { UploadedFact } from './fact.ts'
import type { Mirrored, Uploaded } from './local.ts'
import type { ProjectFacts } from './project-facts.ts'
import type { Hidden, UnderWay } from './pushes.ts'
import { unlessChanged } from './unless-changed.ts'

/** The files of a project by where they come from. */
export interface Sorted {
  readonly mirrored: ReadonlyMap<Filename, Mirrored>
  readonly uploaded: ReadonlyMap<Filename, Uploaded>
  /** Dropped ones, if they are whole. */
  readonly others: ReadonlyMap<Filename, string>
}

/** Tells by the facts where each file comes from. */
export class Sorting {
  readonly #layout: Layout
  readonly #digests: Digests
  readonly #damaged: Damaged

  constructor(layout: Layout, digests: Digests, damaged: Damaged) {
    this.#layout = layout
    this.#digests = digests
    this.#damaged = damaged
  }

  /** Sorts the files that lie here; damaged mirrored ones are set aside. */
  async sort(
    name: Name,
    files: ReadonlyMap<Filename, string>,
    facts: ProjectFacts,
    { hidden }: UnderWay,
  ): Promise<Sorted> {
    const mirrored = new Map<Filename, Mirrored>()
    const uploaded = new Map<Filename, Uploaded>()
    const others = new Map<Filename, string>()
    for (const [filename, found] of files) {
      const ours = found === this.#layout.file(name, filename)
      const lying =
        ours ? visible(found, hidden.get(filename), facts.uploaded.get(filename)) : undefined
      if (ours && lying === undefined) continue
      const { path = found, stats } = lying ?? {}
      if (stats !== undefined) {
        const upload = await this.#upload(name, filename, path, stats, facts)
        if (upload !== undefined) {
          if (upload.sha256 !== facts.deleted.get(filename)?.sha256)
            uploaded.set(filename, { path, fact: upload })
          continue
        }
        const fact = facts.mirrored.get(filename)
        if (fact !== undefined && Number(stats.size) === fact.size) {
          mirrored.set(filename, { path, fact })
          continue
        }
        // Not the file that we fetched: put there by hand, if it is one at all, else damaged.
        if (fact !== undefined && !facts.uploaded.has(filename)) {
          const complete = await unlessChanged(isComplete(path, filename))
          if (complete === undefined) continue
          if (!complete) {
            const reason = `has ${stats.size} of ${fact.size} bytes`
            await this.#damaged.setAside(path, filename, stats, reason)
            continue
          }
        }
      }
      if (projectsOf(filename).includes(name)) others.set(filename, path)
    }
    return { mirrored, uploaded, others }
  }

  /**
   * The fact of the upload that lies at a path. Where one alone can be meant the size is enough, and
   * the bytes are looked at when somebody wants them.
   */
  async #upload(
    name: Name,
    filename: Filename,
    path: string,
    stats: BigIntStats,
    { uploaded, mirrored }: ProjectFacts,
  ): Promise<UploadedFact | undefined> {
    const size = Number(stats.size)
    const candidates = (uploaded.get(filename) ?? []).filter(fact => fact.size === size)
    if (candidates.length === 0) return undefined
    const known = await this.#digests.recall(name, filename, stats)
    const isSingle = candidates.length === 1 && mirrored.get(filename)?.size !== size
    if (known === undefined && isSingle) return candidates[0]
    const sha256 = known ?? (await unlessChanged(this.#digests.of(name, filename, path, stats)))
    return candidates.find(fact => fact.sha256 === sha256)
  }
}

/** What a path shows: while a push to it is not there yet, what it had before. */
const visible = (
  path: string,
  hidden: readonly Hidden[] = [],
  facts: readonly UploadedFact[] = [],
): { path: string; stats: BigIntStats } | undefined => {
  const stats = linkStatsOf(path)
  if (stats === undefined) return undefined
  // Of two links of one file that came by different pushes what is known of it tells which it is.
  const push = hidden.find(({ push, sha256, inode }) => {
    const fact = facts.find(known => known.sha256 === sha256)
    return inode === stats.ino && (fact === undefined || fact.push === push)
  })
  if (push === undefined) return { path, stats }
  if (push.former === undefined) return undefined
  const former = linkStatsOf(push.former)
  // Not put aside yet, so it is still what lies here, with the same bytes.
  return former === undefined ? { path, stats } : { path: push.former, stats: former }
}
