import type { CoreMetadata } from './core-metadata.ts'

/**
 * What devpi keeps of a release (its `versiondata` without links): each of its keys, a text (empty:
 * not given) or a list, in devpi's order.
 */
export type VersionData = Readonly<Record<VersionKey, string | readonly string[]>>

/** A form by its field names, values as they were sent. */
export type FormFields = ReadonlyMap<string, readonly string[]>

// Each key, whether it is a list, and what core metadata calls it.
const keys = [
  ['name', 'text', 'name'],
  ['version', 'text', 'version'],
  ['metadata_version', 'text', 'metadataVersion'],
  ['summary', 'text', 'summary'],
  ['home_page', 'text', 'homePage'],
  ['author', 'text', 'author'],
  ['author_email', 'text', 'authorEmail'],
  ['maintainer', 'text', 'maintainer'],
  ['maintainer_email', 'text', 'maintainerEmail'],
  ['license', 'text', 'license'],
  ['description', 'text', 'description'],
  ['keywords', 'text', 'keywords'],
  ['platform', 'list', 'platforms'],
  ['classifiers', 'list', 'classifiers'],
  ['download_url', 'text', 'downloadUrl'],
  ['supported_platform', 'list', 'supportedPlatforms'],
  ['comment', 'text', undefined],
  ['provides', 'list', 'provides'],
  ['requires', 'list', 'requires'],
  ['obsoletes', 'list', 'obsoletes'],
  ['project_urls', 'list', 'projectUrls'],
  ['provides_dist', 'list', 'providesDist'],
  ['obsoletes_dist', 'list', 'obsoletesDist'],
  ['requires_dist', 'list', 'requiresDist'],
  ['requires_external', 'list', 'requiresExternal'],
  ['requires_python', 'text', 'requiresPython'],
  ['description_content_type', 'text', 'descriptionContentType'],
  ['provides_extras', 'list', 'providesExtra'],
  ['dynamic', 'list', 'dynamic'],
  ['license_expression', 'text', 'licenseExpression'],
  ['license_file', 'list', 'licenseFiles'],
] as const satisfies readonly (readonly [
  key: string,
  kind: 'text' | 'list',
  property: keyof CoreMetadata | undefined,
])[]

/** A key of a release's metadata. */
export type VersionKey = (typeof keys)[number][0]

// What newer clients call the same.
const synonyms: ReadonlyMap<string, readonly string[]> = new Map([
  ['classifiers', ['classifier']],
  ['provides_extras', ['provides_extra']],
  ['license_file', ['license_files']],
])

// Real releases have some hundred (fault P20); forms are bounded as a whole.
const mostItems = 5000

const isGiven = (value: string): boolean => value.trim() !== '' && value.trim() !== 'UNKNOWN'

const sentValues = (fields: FormFields, key: string): readonly string[] | undefined =>
  [key, ...(synonyms.get(key) ?? [])].map(field => fields.get(field)).find(Array.isArray)

/**
 * The keys that a form sends, `UNKNOWN` as empty, empty items of lists dropped, everything else in
 * the form passed over (devpi-api 12). Of a text that is sent twice the first counts.
 */
export const sentVersionData = (fields: FormFields): Partial<VersionData> => {
  const sent: Partial<Record<VersionKey, string | readonly string[]>> = {}
  for (const [key, kind] of keys) {
    const values = sentValues(fields, key)
    if (values === undefined) continue
    const given = values.filter(isGiven)
    sent[key] = kind === 'list' ? given.slice(0, mostItems) : (given[0] ?? '')
  }
  return sent
}

/** All keys, those that are not known empty. */
export const wholeVersionData = (known: Partial<VersionData>): VersionData =>
  Object.fromEntries(
    keys.map(([key, kind]) => [key, known[key] ?? (kind === 'list' ? [] : '')]),
  ) as VersionData

/** The keys of a record, its values unchecked; what is of another kind counts as not given. */
export const readVersionData = (record: Readonly<Record<string, unknown>>): VersionData => {
  const known: Partial<Record<VersionKey, string | readonly string[]>> = {}
  for (const [key, kind] of keys) {
    const value = record[key]
    if (kind === 'text' && typeof value === 'string') known[key] = value
    if (kind === 'list' && Array.isArray(value))
      known[key] = value.filter(item => typeof item === 'string')
  }
  return wholeVersionData(known)
}

/** The same, told by the core metadata in a file. */
export const versionDataOf = (metadata: Partial<CoreMetadata>): VersionData =>
  wholeVersionData(
    Object.fromEntries(
      keys.flatMap(([key, , property]) => {
        const value = property === undefined ? undefined : metadata[property]
        return value === undefined ? [] : [[key, value]]
      }),
    ),
  )
