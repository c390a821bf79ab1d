/**
 * Results of testing release files: the bytes as they were sent, in a directory for each release
 * file and digest. The record of a result is written first, with the digest of its bytes in its
 * name, and means nothing without them; then the bytes get their name by `link`, by which of several
 * writers exactly one wins. So whoever is killed leaves a result wholly there or wholly absent.
 */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DurableOptions } from '../disk/durable.ts'
import { orAbsent } from '../disk/error-code.ts'
import type { JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { linkAside } from '../disk/link-aside.ts'
import type { OpenFiles } from '../disk/open-files.ts'
import { removeTree } from '../disk/remove-tree.ts'
import type { Resource } from '../disk/resource.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { create, discard, publishNew, replace } from '../disk/write.ts'
import { HttpError } from '../http/error.ts'
import { projectsOf, type Filename } from '../spec/filename.ts'
import type { Name } from '../spec/project-name.ts'
import { pushed, uploaded, type History } from './log-entry.ts'
import { mark, testedFilename, ToxListing } from './tox-listing.ts'
import type { Tested, ToxResult } from './tox-result.ts'
import { unlessChanged } from './unless-changed.ts'

/** Results of one release file, since anybody may send them unless told otherwise. */
const mostResults = 1000

/** A result before it has its place. */
interface NewResult extends Pick<ToxResult, 'time' | 'number' | 'sha256'> {
  readonly record: JsonObject
}

/** The test results of one index's release files. */
export class ToxResults {
  readonly #layout: Layout
  readonly #files: OpenFiles
  readonly #listing: ToxListing

  constructor(parts: { readonly layout: Layout; readonly files: OpenFiles }) {
    this.#layout = parts.layout
    this.#files = parts.files
    this.#listing = new ToxListing(parts.layout)
  }

  /**
   * Keeps a result, durably, under a name that tells the moment and how many there were before.
   * @param history what happened to it elsewhere; unless given, it is uploaded here and now
   * @throws {HttpError} 403 when the file has too many already
   */
  async add(
    tested: Tested,
    body: Buffer,
    by: string | undefined,
    { at = new Date(), history }: { readonly at?: Date; readonly history?: History } = {},
  ): Promise<ToxResult> {
    const sha256 = createHash('sha256').update(body).digest('hex')
    const record = {
      sha256,
      size: body.length,
      at: at.toISOString(),
      by,
      history: history ?? uploaded(by, this.#layout.index, at),
    }
    const time = at.toISOString().replaceAll(/\D/g, '').slice(0, 14)
    return this.#keep(tested, { time, number: 0, sha256, record }, path =>
      create(this.#layout, path, body),
    )
  }

  /** @param place gives the bytes their name, false when it is taken */
  async #keep(
    tested: Tested,
    result: NewResult,
    place: (path: string) => Promise<boolean>,
    options: DurableOptions = {},
  ): Promise<ToxResult> {
    const there = await this.of(tested)
    if (there.length >= mostResults)
      throw new HttpError(403, `${tested.filename} has ${mostResults} test results already`)
    const { name, filename } = tested
    const directory = this.#layout.toxResults(name, filename, tested.sha256)
    for (let number = Math.max(result.number, there.length); ; number += 1) {
      const stem = `${mark}-${result.time}-${number}`
      const recordPath = join(directory, `${stem}.${result.sha256.slice(0, 16)}.json`)
      await replace(this.#layout, recordPath, JSON.stringify(result.record), options)
      if (!(await place(join(directory, stem)))) continue
      const kept = (await this.of(tested)).find(({ path }) => path === join(directory, stem))
      if (kept === undefined) throw new HttpError(503, `${filename} was deleted meanwhile`)
      return kept
    }
  }

  /** The results of a release file, the oldest first. */
  of(tested: Tested): Promise<readonly ToxResult[]> {
    return this.#listing.of(tested)
  }

  /**
   * The result that is called so, about a release file whose digest begins with these 16 digits
   * (devpi's `+f`). Whether that file is still there, the caller asks.
   */
  async find(
    digest: string,
    filename: string,
  ): Promise<{ readonly name: Name; readonly result: ToxResult } | undefined> {
    const about = testedFilename(filename)
    if (about === undefined || !/^[0-9a-f]{16}$/.test(digest)) return undefined
    for (const name of projectsOf(about)) {
      const results = await this.of({ name, filename: about, sha256: digest })
      const result = results.find(result => result.filename === filename)
      if (result !== undefined) return { name, result }
    }
    return undefined
  }

  /** The bytes of a result; undefined when it is gone. */
  async open({ path, sha256, at }: ToxResult): Promise<Resource | undefined> {
    const stats = linkStatsOf(path)
    return stats && this.#files.get(path, stats, `"${sha256}"`, new Date(at), true)
  }

  /** Removes the results of a release file, or of all of a project's, for good. */
  async remove(name: Name, filename?: Filename, sha256?: string): Promise<void> {
    if (filename === undefined || sha256 !== undefined) {
      await removeTree(this.#layout, this.#layout.toxResults(name, filename, sha256))
      return
    }
    const directory = this.#layout.toxResults(name)
    for (const entry of (await orAbsent(readdir(directory))) ?? [])
      if (entry.slice(0, -17) === filename) await removeTree(this.#layout, join(directory, entry))
  }

  /**
   * Gives the results of a release file to another index as well, without a second copy of the bytes
   * where the file system allows. Those it has already are left as they are.
   * @returns those that are new there
   */
  async copyTo(
    tested: Tested,
    target: ToxResults,
    by: string | undefined,
    options: DurableOptions = {},
  ): Promise<readonly ToxResult[]> {
    const there = new Set((await target.of(tested)).map(({ sha256 }) => sha256))
    const way = { who: by, src: this.#layout.index, dst: target.#layout.index }
    const copied: ToxResult[] = []
    for (const result of await this.of(tested)) {
      if (there.has(result.sha256)) continue
      const aside = await unlessChanged(linkAside(target.#layout, result.path))
      if (aside === undefined) continue
      const { sha256, size, at, time, number, history } = result
      const record = { sha256, size, at, by: result.by, history: pushed(history, way) }
      const place = (path: string) => publishNew(aside, path, options)
      try {
        copied.push(await target.#keep(tested, { time, number, sha256, record }, place, options))
      } finally {
        await discard(aside)
      }
    }
    return copied
  }
}
