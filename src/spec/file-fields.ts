/** True for a JSON object, false for arrays and null. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A string that says something, else undefined. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

// Absolute addresses in the form in which the parser would give them back: nearly all, and parsing
// them would take as long as everything else on a page.
const plainUrl = /^https?:\/\/(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*\/[\w.~!$&'()*+,;=:@%/-]*$/
const notPlain = /\/(?:\.|%2e)|xn--/i

/** An absolute address without its fragment and userinfo; undefined for other schemes (SA-110, faults U47, U50). */
export const readUrl = (given: string, base: URL): string | undefined => {
  if (plainUrl.test(given) && !notPlain.test(given)) return given
  // A page may hold very many broken ones, and an exception for each would take long.
  if (!URL.canParse(given, base.href)) return undefined
  const url = new URL(given, base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  url.hash = ''
  url.username = ''
  url.password = ''
  return url.href
}

const hex = /^[0-9a-f]+$/i
const algorithm = /^[a-z][a-z0-9_]{0,20}$/
const digestLengths = new Map([
  ['md5', 32],
  ['sha1', 40],
  ['sha224', 56],
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
])

/** Digests as lower-case hex by lower-case algorithm; what is no digest is left out (fault U38). */
export const readHashes = (value: unknown): Record<string, string> => {
  const hashes: Record<string, string> = {}
  if (!isObject(value)) return hashes
  for (const name in value) {
    const digest = value[name]
    const lower = name.toLowerCase()
    if (!algorithm.test(lower) || typeof digest !== 'string' || digest.length > 256) continue
    if (digest.length !== (digestLengths.get(lower) ?? digest.length)) continue
    if (hex.test(digest)) hashes[lower] = digest.toLowerCase()
  }
  return hashes
}

/**
 * The core metadata of a file, from the key of PEP 714 or the two older ones, of which PyPI still
 * sends one (SA-54); undefined when it says nothing. An object without any digest counts as true.
 */
export const readCoreMetadata = (
  file: Readonly<Record<string, unknown>>,
): boolean | Record<string, string> | undefined => {
  for (const key of coreMetadataKeys) {
    const value = file[key]
    if (typeof value === 'boolean') return value
    if (!isObject(value)) continue
    const hashes = readHashes(value)
    return Object.keys(hashes).length > 0 ? hashes : true
  }
  return undefined
}

const coreMetadataKeys = ['core-metadata', 'data-dist-info-metadata', 'dist-info-metadata']

const time =
  /^((?!0000)\d{4}-(?:0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,6}))?Z$/

/**
 * A moment as `YYYY-MM-DDThh:mm:ss.ffffffZ`, always with six digits, which every client reads.
 * Anything else crashes pip and makes uv refuse the page, so it is left out (SA-55, SA-56).
 */
const readTime = (value: unknown): string | undefined => {
  const [, seconds, day = '', fraction = ''] = (typeof value === 'string' && time.exec(value)) || []
  if (seconds === undefined) return undefined
  // 30 February is a moment in March to JavaScript, and a crash in Python.
  if (day > '28' && new Date(`${seconds}Z`).toISOString().slice(8, 10) !== day) return undefined
  return `${seconds}.${fraction.padEnd(6, '0')}Z`
}

const readSize = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined

// PEP 592: an empty reason comes from careless converters and means yanked (SA-91).
const readYanked = (value: unknown): boolean | string | undefined =>
  value === '' ? true
  : typeof value === 'boolean' || typeof value === 'string' ? value
  : undefined

const readProvenance = (value: unknown): string | null | undefined =>
  value === null || (typeof value === 'string' && /^https?:\/\//.test(value)) ? value : undefined

const leaveOut = (): undefined => undefined

/**
 * How each key of a file that we know is read; undefined leaves it out (SA-53, SA-55). What needs
 * more than its own value (the name, the URL, the core metadata) is left to the reader of files.
 */
export const fileFields: ReadonlyMap<string, (value: unknown) => unknown> = new Map<
  string,
  (value: unknown) => unknown
>([
  ['hashes', readHashes],
  ['size', readSize],
  ['upload-time', readTime],
  ['requires-python', value => (value === null ? null : text(value))],
  ['yanked', readYanked],
  ['provenance', readProvenance],
  ['gpg-sig', value => (typeof value === 'boolean' ? value : undefined)],
  ...['filename', 'url', ...coreMetadataKeys].map(key => [key, leaveOut] as const),
])

/**
 * The keys that we do not know, as they came: without those nested so deeply that writing them again
 * would fail (fault U66), and without `__proto__` (fault U65).
 */
export const unknownKeys = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([key, inner]) => mayPass(key, inner)))

/** True for a key and value of which we know nothing, but may pass them on. */
export const mayPass = (key: string, value: unknown): boolean =>
  key !== '__proto__' && isShallow(value, 8)

const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every(inner => isShallow(inner, levels - 1)))
