import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bounded } from '../bounded.ts'
import { orAbsent } from '../disk/error-code.ts'
import { readObject, type JsonObject } from '../disk/json.ts'
import type { Layout } from '../disk/layout.ts'
import { isSettled, linkStatsOf, stampOf, statsOf } from '../disk/stamp.ts'
import { distFilename, type Filename } from '../spec/filename.ts'
import { hashedPath } from '../spec/places.ts'
import { readHistory } from './log-entry.ts'
import type { Tested, ToxResult } from './tox-result.ts'
import { unlessChanged } from './unless-changed.ts'

/** What stands behind the name of the release file in that of a result. */
export const mark = 'toxresult'

const shape = /^toxresult-(\d{14})-(\d{1,6})$/

/** The release file that a result of this name is about; undefined for other names. */
export const testedFilename = (text: string): Filename | undefined => {
  const at = text.lastIndexOf(`.${mark}-`)
  return at > 0 && shape.test(text.slice(at + 1)) ? distFilename(text.slice(0, at)) : undefined
}

/** A result as it lies in the directory of its release file. */
interface Entry {
  readonly stem: string
  readonly time: string
  readonly number: number
}

/** The test results that lie in an index's directories, read anew when these change. */
export class ToxListing {
  readonly #layout: Layout
  readonly #listed = bounded<string, { stamp: string; results: readonly ToxResult[] }>(2000)

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** As `ToxResults.of`. */
  async of(tested: Tested): Promise<readonly ToxResult[]> {
    const directory = this.#layout.toxResults(tested.name, tested.filename, tested.sha256)
    const stats = statsOf(directory)
    if (stats === undefined) return []
    const stamp = stampOf(stats)
    const known = this.#listed.get(directory)
    if (known?.stamp === stamp) return known.results
    const begun = Date.now()
    const results = await this.#all(tested, directory)
    if (isSettled(stats, begun)) this.#listed.set(directory, { stamp, results })
    else this.#listed.delete(directory)
    return results
  }

  async #all(tested: Tested, directory: string): Promise<ToxResult[]> {
    const names = (await orAbsent(readdir(directory))) ?? []
    const records = new Map<string, string[]>()
    for (const name of names) {
      const stem = name.slice(0, Math.max(0, name.indexOf('.')))
      if (name.endsWith('.json')) records.set(stem, [...(records.get(stem) ?? []), name])
    }
    const results: ToxResult[] = []
    for (const entry of names.flatMap(entryOf).toSorted(byAge)) {
      const result = await this.#read(tested, directory, entry, records.get(entry.stem) ?? [])
      if (result !== undefined) results.push(result)
    }
    return results
  }

  async #read(
    tested: Tested,
    directory: string,
    { stem, time, number }: Entry,
    records: readonly string[],
  ): Promise<ToxResult | undefined> {
    const path = join(directory, stem)
    const stats = linkStatsOf(path)
    if (stats === undefined || !stats.isFile()) return undefined
    const known = await recordOf(directory, stem, Number(stats.size), records)
    if (known === undefined) return undefined
    const { at, by, history } = known.record
    const filename = `${tested.filename}.${stem}`
    return {
      about: tested.filename,
      filename,
      time,
      number,
      path,
      url: hashedPath(this.#layout.index, tested.sha256, filename),
      sha256: known.sha256,
      size: Number(stats.size),
      at: typeof at === 'string' ? at : stats.mtime.toISOString(),
      by: typeof by === 'string' ? by : undefined,
      history: readHistory(history),
    }
  }
}

const entryOf = (stem: string): Entry[] => {
  const [, time, number] = shape.exec(stem) ?? []
  return time === undefined ? [] : [{ stem, time, number: Number(number) }]
}

const byAge = (one: Entry, two: Entry): number =>
  one.time === two.time ? one.number - two.number
  : one.time < two.time ? -1
  : 1

/**
 * The record of the bytes that lie under a name. Where a writer that came too late has left one of
 * its own, or there is none, the bytes tell which.
 */
const recordOf = async (
  directory: string,
  stem: string,
  size: number,
  records: readonly string[],
): Promise<{ sha256: string; record: JsonObject } | undefined> => {
  const [only, another] = records
  if (only !== undefined && another === undefined) {
    const record = await readObject(join(directory, only))
    const sha256 = record?.['sha256']
    if (record?.['size'] === size && typeof sha256 === 'string') return { sha256, record }
  }
  const bytes = await unlessChanged(readFile(join(directory, stem)))
  if (bytes === undefined) return undefined
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const name = records.find(record => record === `${stem}.${sha256.slice(0, 16)}.json`)
  return { sha256, record: (name && (await readObject(join(directory, name)))) || {} }
}
