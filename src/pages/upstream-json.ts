import { isObject } from '../spec/file-fields.ts'
import { distFilename, type Filename } from '../spec/filename.ts'
import { parseObject, type JsonObject } from '../disk/json.ts'

/** An answer of an upstream's JSON API, its file URLs made ours. */
export interface UpstreamJson {
  readonly info: JsonObject
  readonly version: string
  /** The file objects by the version strings as uploaded; of one release only its own. */
  readonly releases: ReadonlyMap<string, readonly JsonObject[]>
  readonly byName: ReadonlyMap<Filename, JsonObject>
  readonly serial: number | undefined
  readonly vulnerabilities: readonly unknown[]
  /** Keys that we know nothing of. */
  readonly others: JsonObject
}

/** The path below our root for a file at an upstream's URL; undefined for one that is of no use. */
export type Place = (filename: Filename, url: string) => string | undefined

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/**
 * Reads an answer of the JSON API; file objects that are unusable or unsafe are left out, all else
 * stays as it is. Undefined when it is no such answer.
 * @param root our URL, ending in a slash
 */
export const readUpstreamJson = (
  text: string,
  place: Place,
  root: string,
): UpstreamJson | undefined => {
  const { info, last_serial, releases, urls, vulnerabilities, ...others } = parseObject(text) ?? {}
  if (!isObject(info) || typeof info['version'] !== 'string') return undefined
  const byName = new Map<Filename, JsonObject>()
  const fileOf = (value: unknown): JsonObject[] => {
    if (!isObject(value) || typeof value['filename'] !== 'string') return []
    const filename = distFilename(value['filename'])
    if (filename === undefined || typeof value['url'] !== 'string') return []
    const path = place(filename, value['url'])
    if (path === undefined) return []
    const file = { ...value, url: root + path }
    byName.set(filename, file)
    return [file]
  }
  const lists = isObject(releases) ? Object.entries(releases) : [[info['version'], urls] as const]
  return {
    info,
    version: info['version'],
    releases: new Map(lists.map(([version, files]) => [version, listOf(files).flatMap(fileOf)])),
    byName,
    serial: typeof last_serial === 'number' ? last_serial : undefined,
    vulnerabilities: listOf(vulnerabilities),
    others,
  }
}
