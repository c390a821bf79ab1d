import { distFilename, fileVersion, type Filename } from './filename.ts'
import {
  fileFields,
  isObject,
  mayPass,
  readCoreMetadata,
  readUrl,
  text,
  unknownKeys,
} from './file-fields.ts'
import { projectName, type Name } from './project-name.ts'

/**
 * A file of a project as the JSON of the Simple Repository API says it (PEP 691, 700, 714, 740),
 * in the specification's spelling. Keys which we do not know are kept as they came.
 */
export interface File {
  readonly filename: Filename
  /** Upstream's absolute URL in a page that was fetched; a path below our root in one we serve. */
  readonly url: string
  readonly hashes: Readonly<Record<string, string>>
  readonly size?: number
  readonly 'upload-time'?: string
  readonly 'requires-python'?: string | null
  readonly yanked?: boolean | string
  readonly 'core-metadata'?: boolean | Readonly<Record<string, string>>
  readonly provenance?: string | null
  readonly 'gpg-sig'?: boolean
  readonly [key: string]: unknown
}

/** The sha256 of a file's core metadata, where its page tells it. */
export const metadataDigest = ({ 'core-metadata': listed }: File): string | undefined =>
  typeof listed === 'object' ? listed['sha256'] : undefined

/** A project page: the JSON object of the Simple Repository API. */
export interface Page {
  readonly meta: {
    readonly 'api-version': string
    readonly '_last-serial'?: number
    readonly [key: string]: unknown
  }
  readonly name: Name
  readonly files: readonly File[]
  readonly versions?: readonly string[]
  readonly 'project-status'?: {
    readonly status: string
    readonly reason?: string
    readonly [key: string]: unknown
  }
  readonly [key: string]: unknown
}

/** What an upstream sent is not a simple page; the message says why in a few words. */
export class PageError extends Error {}

/** Largest page we are ready to hold; real ones have up to some ten thousand files. */
const mostFiles = 500_000

/**
 * One file of an upstream page with its URL made absolute; undefined when the entry is unusable
 * or unsafe (SA-110: other schemes, names that are no distribution's, names with a path in them).
 */
export const readFile = (value: unknown, base: URL): File | undefined => {
  if (!isObject(value)) return undefined
  const filename =
    typeof value['filename'] === 'string' ? distFilename(value['filename']) : undefined
  if (filename === undefined || typeof value['url'] !== 'string') return undefined
  const url = readUrl(value['url'], base)
  if (url === undefined) return undefined
  const file: Record<string, unknown> = { filename, url, hashes: {} }
  for (const key in value) {
    const given = value[key]
    const read = fileFields.get(key)
    const field =
      read !== undefined ? read(given)
      : mayPass(key, given) ? given
      : undefined
    if (field !== undefined) file[key] = field
  }
  const metadata = readCoreMetadata(value)
  if (metadata !== undefined) file['core-metadata'] = metadata
  return file as unknown as File
}

const serialOf = (value: unknown): number | undefined => {
  const serial = typeof value === 'string' ? Number(value) : value
  return Number.isSafeInteger(serial) && (serial as number) >= 0 ? (serial as number) : undefined
}

const readStatus = (value: unknown): Page['project-status'] => {
  if (!isObject(value) || typeof value['status'] !== 'string') return undefined
  const { reason, status, ...others } = value
  const known = text(reason)
  return { status, ...(known !== undefined && { reason: known }), ...unknownKeys(others) }
}

/** The parts of a page from which `makePage` builds it. */
export interface PageParts {
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  readonly serial?: number | undefined
  readonly status?: Page['project-status'] | undefined
  readonly versions?: readonly string[] | undefined
  readonly others?: Readonly<Record<string, unknown>> | undefined
}

/**
 * A page of these files, which declares the highest API version whose mandatory keys all its files
 * have: 1.4 with `versions` when each file has its size and its version is known, else 1.0 without
 * (SA-57). Two files of one name with different hashes: the first is kept (SA-105).
 */
export const makePage = (name: Name, files: readonly File[], parts: PageParts = {}): Page => {
  const byName = new Map<string, File>()
  for (const file of files) if (!byName.has(file.filename)) byName.set(file.filename, file)
  const kept = byName.size === files.length ? files : [...byName.values()]
  const complete = kept.every(file => file.size !== undefined)
  const versions = complete ? (parts.versions ?? versionsOf(name, kept)) : undefined
  const serial = parts.serial
  return {
    meta: {
      ...parts.meta,
      'api-version': versions === undefined ? '1.0' : '1.4',
      ...(serial !== undefined && { '_last-serial': serial }),
    },
    name,
    files: kept,
    ...(versions !== undefined && { versions }),
    ...(parts.status !== undefined && { 'project-status': parts.status }),
    ...parts.others,
  }
}

/** The versions of these files, each once, in the order met; undefined when a name hides its version. */
export const versionsOf = (name: Name, files: readonly File[]): string[] | undefined => {
  const versions = new Set<string>()
  for (const file of files) {
    const version = fileVersion(name, file.filename)
    if (version === undefined) return undefined
    versions.add(version)
  }
  return [...versions]
}

const readVersions = (value: unknown): string[] | undefined =>
  Array.isArray(value) ?
    [...new Set<string>(value.filter(version => typeof version === 'string'))]
  : undefined

/**
 * Reads the JSON of an upstream's project page (PEP 691 and later, up to any minor of version 1).
 * @param base the URL from which the page came at last; relative file URLs resolve against it
 * @throws {PageError} when it is no such page, of version 2, or of another project (SA-58, SA-109)
 */
export const readPage = (value: unknown, name: Name, base: URL): Page => {
  if (!isObject(value)) throw new PageError('the JSON is not an object')
  const { meta, name: given, files, versions, 'project-status': status, ...others } = value
  if (!Array.isArray(files)) throw new PageError('the JSON has no list of files')
  if (files.length > 0 && !files.some(isObject)) throw new PageError('the JSON lists no files')
  if (files.length > mostFiles) throw new PageError(`the page lists more than ${mostFiles} files`)
  const metaObject = isObject(meta) ? meta : {}
  checkVersion(metaObject['api-version'])
  if (typeof given === 'string' && projectName(given) !== name)
    throw new PageError('the page is of another project')
  const read: File[] = []
  for (const entry of files) {
    const file = readFile(entry, base)
    if (file !== undefined) read.push(file)
  }
  // PEP 708 was rejected: these keys are tolerated and not passed on (ST-5).
  const { 'alternate-locations': _locations, tracks: _tracks, ...unknown } = others
  const { '_last-serial': serial, ...otherMeta } = metaObject
  return makePage(name, read, {
    meta: unknownKeys(otherMeta),
    serial: serialOf(serial),
    status: readStatus(status),
    versions: readVersions(versions),
    others: unknownKeys(unknown),
  })
}

/**
 * Refuses an API version which this reader does not speak (PEP 629).
 * @throws {PageError} for a major version other than 1
 */
export const checkVersion = (version: unknown): void => {
  if (version === undefined) return
  const said =
    typeof version === 'string' ? JSON.stringify(version.slice(0, 40)) : 'of another type'
  if (typeof version !== 'string' || !/^1\.\d{1,9}$/.test(version))
    throw new PageError(`API version ${said} is not supported`)
}
