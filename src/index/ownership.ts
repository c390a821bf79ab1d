import { readObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { replace } from '../disk/write.ts'
import type { Log } from '../log.ts'
import type { Page } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { matches } from '../spec/pattern.ts'
import { ownFiles, type Local } from './local.ts'

/** Whose a project name is, and by which rule. */
export interface Owner {
  /**
   * - `private`: local files alone, upstream is never asked
   * - `public`: upstream's files and the local ones
   * - `open`: dropped files only, and upstream could not be asked yet
   */
  readonly kind: 'private' | 'public' | 'open'
  /** One line for people: the rule and the remedy; undefined where nothing is hidden. */
  readonly reason?: string | undefined
}

/** The patterns of the settings that beat all evidence. */
export interface NameRules {
  readonly private: readonly string[]
  readonly merge: readonly string[]
}

const everyone: Owner = { kind: 'public' }

/**
 * Decides whose a name is (contract, "Who owns a name"). Settings come first. An upload makes a
 * project private, for good. So do dropped files alone, unless upstream lists at least one of them byte for byte: that is
 * decided once, by evidence, and recorded, so that a name registered upstream later changes nothing.
 */
export class Ownership {
  readonly #layout: Layout
  readonly #rules: NameRules
  readonly #log: Log

  constructor(layout: Layout, rules: NameRules, log: Log) {
    this.#layout = layout
    this.#rules = rules
    this.#log = log
  }

  /** Whose name this is as far as is known without asking upstream. */
  async of(name: Name, local: Local): Promise<Owner> {
    const rule = this.#rules.private.find(pattern => matches(pattern, name))
    if (rule !== undefined)
      return {
        kind: 'private',
        reason: `private = ["${rule}"] in the settings: upstream is never asked`,
      }
    const merge = this.#rules.merge.some(pattern => matches(pattern, name))
    const since = sinceUpload(local)
    if (since !== undefined && !merge) return { kind: 'private', reason: uploaded(name, since) }
    // A file that is just being copied over the only one keeps the name what it was, and so does one
    // that was deleted.
    const { dropped, deleted } = local
    const own = dropped.size + local.unfinished + deleted.size
    if (own === 0 || local.mirrored.size > 0 || merge) return everyone
    const record = await readObject(this.#layout.ownership(name))
    if (record?.['owner'] === 'public') return everyone
    if (record?.['owner'] !== 'private')
      return dropped.size + deleted.size > 0 ? { kind: 'open' } : everyone
    const decided = typeof record['since'] === 'string' ? record['since'] : 'earlier'
    return { kind: 'private', reason: hidden(name, decided) }
  }

  /** Decides by what upstream lists (undefined: it has no such project) and records it. */
  async decide(name: Name, local: Local, page: Page | undefined): Promise<Owner> {
    const since = new Date().toISOString()
    const evidence = page === undefined ? undefined : sameFile(local, page)
    const owner = evidence === undefined ? 'private' : 'public'
    const record = {
      owner,
      since,
      evidence: evidence ?? (page === undefined ? 'not upstream' : 'no file in common'),
    }
    await replace(this.#layout, this.#layout.ownership(name), JSON.stringify(record)).catch(
      (error: unknown) =>
        this.#log.warn('ownership not recorded', { project: name, reason: String(error) }),
    )
    if (owner === 'public') return everyone
    if (page !== undefined)
      this.#log.warn("upstream's files are hidden", { project: name, reason: hidden(name, since) })
    return { kind: 'private', reason: page === undefined ? undefined : hidden(name, since) }
  }
}

const hidden = (name: Name, since: string): string =>
  `private since ${since.slice(0, 10)}: its files were put here and upstream lists none of them; merge = ["${name}"] in the settings shows upstream's too`

const uploaded = (name: Name, since: string): string =>
  `private since ${since.slice(0, 10)}: files were uploaded here; merge = ["${name}"] in the settings shows upstream's too`

/** The moment of the first upload, as far as it is known; undefined when there never was one. */
const sinceUpload = (local: Local): string | undefined =>
  local.claimed ?? [...local.uploaded.values()].map(({ fact }) => fact.at).toSorted()[0]

const sameFile = (local: Local, page: Page): string | undefined => {
  const digests = new Set([
    ...ownFiles(local).map(({ hashes }) => hashes['sha256']),
    ...[...local.deleted.values()].map(({ sha256 }) => sha256),
  ])
  const listed = page.files.find(({ hashes }) => digests.has(hashes['sha256'] ?? ''))
  return listed?.filename
}
