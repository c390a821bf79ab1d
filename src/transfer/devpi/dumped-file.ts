import type { History } from '../../index/log-entry.ts'
import { isObject, type JsonObject } from '../../spec/json-value.ts'
import { projectName, type Name } from '../../spec/project-name.ts'
import { bringerIn, dumpedHistory, uploadMoment } from './history.ts'

const kinds = ['releasefile', 'doczip', 'toxresult'] as const

/** A file of an export, as `dataindex.json` describes it. */
export interface DumpedFile {
  readonly kind: (typeof kinds)[number]
  readonly name: Name
  /** The release; undefined where the export does not tell (dumpversion 1). */
  readonly version: string | undefined
  /** Where it lies below the export, as it is told there. */
  readonly place: string
  /** The last part of that. */
  readonly filename: string
  /** Lower-case hex by algorithm. */
  readonly digests: ReadonlyMap<string, string>
  readonly time: Date | undefined
  readonly history: History | undefined
  readonly by: string | undefined
  /** The name of the file that a test result is about. */
  readonly about: string | undefined
}

/** Algorithms that exports have used. */
const algorithms = new Set(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'])

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const digestsIn = (mapping: JsonObject): Map<string, string> => {
  const { hashes, hash_spec: spec, md5 } = mapping
  const [algorithm = '', digest] = text(spec)?.split('=', 2) ?? []
  const told = [
    ...(isObject(hashes) ? Object.entries(hashes) : []),
    [algorithm, digest] as const,
    ['md5', md5] as const,
  ]
  const digests = new Map<string, string>()
  for (const [name, value] of told)
    if (algorithms.has(name) && typeof value === 'string') digests.set(name, value.toLowerCase())
  return digests
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** A description of a file; a text says why it cannot be understood. */
export const readDumpedFile = (value: unknown): DumpedFile | string => {
  if (!isObject(value)) return 'a file without a description'
  const place = text(value['relpath'])
  if (place === undefined || place === '') return 'a file without a relpath'
  const kind = kinds.find(kind => kind === value['type'])
  if (kind === undefined) return `${place} is of an unknown type ${JSON.stringify(value['type'])}`
  const name = projectName(text(value['projectname']) ?? '')
  if (name === undefined) return `${place} is of no project`
  const mapping = isObject(value['entrymapping']) ? value['entrymapping'] : {}
  const history = dumpedHistory(value['log'])
  const about = text(value['for_entrypath'])
  return {
    kind,
    name,
    version: text(value['version']) ?? text(mapping['version']),
    place,
    filename: lastOf(place),
    digests: digestsIn(mapping),
    time: uploadMoment(mapping['last_modified'], history),
    history,
    by: bringerIn(history),
    about: about === undefined ? undefined : lastOf(about),
  }
}
