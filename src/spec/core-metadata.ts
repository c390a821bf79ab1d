/**
 * The fields of a METADATA or PKG-INFO file (core metadata specification; PEP 241, 314, 345, 566,
 * 639, 643, 685 and 794). Fields that are empty or `UNKNOWN` are absent; a list is never absent.
 */
export interface CoreMetadata {
  readonly metadataVersion?: string
  readonly name?: string
  readonly version?: string
  readonly summary?: string
  /** The body of the message, or the `Description` field of older ones without its indentation. */
  readonly description?: string
  readonly descriptionContentType?: string
  /** As written: separated by commas, in old files by blanks. */
  readonly keywords?: string
  readonly author?: string
  readonly authorEmail?: string
  readonly maintainer?: string
  readonly maintainerEmail?: string
  readonly license?: string
  readonly licenseExpression?: string
  readonly homePage?: string
  readonly downloadUrl?: string
  readonly requiresPython?: string
  readonly classifiers: readonly string[]
  readonly dynamic: readonly string[]
  readonly importNames: readonly string[]
  readonly importNamespaces: readonly string[]
  readonly licenseFiles: readonly string[]
  readonly obsoletes: readonly string[]
  readonly obsoletesDist: readonly string[]
  readonly platforms: readonly string[]
  /** Each `Label, URL`. */
  readonly projectUrls: readonly string[]
  readonly provides: readonly string[]
  readonly providesDist: readonly string[]
  readonly providesExtra: readonly string[]
  readonly requires: readonly string[]
  readonly requiresDist: readonly string[]
  readonly requiresExternal: readonly string[]
  readonly supportedPlatforms: readonly string[]
}

const single: ReadonlyMap<string, keyof CoreMetadata> = new Map([
  ['metadata-version', 'metadataVersion'],
  ['name', 'name'],
  ['version', 'version'],
  ['summary', 'summary'],
  ['description', 'description'],
  ['description-content-type', 'descriptionContentType'],
  ['keywords', 'keywords'],
  ['author', 'author'],
  ['author-email', 'authorEmail'],
  ['maintainer', 'maintainer'],
  ['maintainer-email', 'maintainerEmail'],
  ['license', 'license'],
  ['license-expression', 'licenseExpression'],
  ['home-page', 'homePage'],
  ['download-url', 'downloadUrl'],
  ['requires-python', 'requiresPython'],
])

const repeated: ReadonlyMap<string, keyof CoreMetadata> = new Map([
  ['classifier', 'classifiers'],
  ['dynamic', 'dynamic'],
  ['import-name', 'importNames'],
  ['import-namespace', 'importNamespaces'],
  ['license-file', 'licenseFiles'],
  ['obsoletes', 'obsoletes'],
  ['obsoletes-dist', 'obsoletesDist'],
  ['platform', 'platforms'],
  ['project-url', 'projectUrls'],
  ['provides', 'provides'],
  ['provides-dist', 'providesDist'],
  ['provides-extra', 'providesExtra'],
  ['requires', 'requires'],
  ['requires-dist', 'requiresDist'],
  ['requires-external', 'requiresExternal'],
  ['supported-platform', 'supportedPlatforms'],
])

// Real headers have some hundred lines, or some thousand with a description among them (fault P20).
const mostLines = 50_000
const mostValues = 5000

interface Field {
  readonly key: string
  readonly lines: string[]
}

/**
 * Reads a core metadata text in linear time; never throws. Lines that are no field are passed over,
 * of a field which may stand once the first value counts, as for Python's readers. Of more than
 * 50,000 header lines or 5000 values of one field the rest is passed over.
 */
export const readCoreMetadata = (text: string): CoreMetadata => {
  const { fields, body } = splitMessage(text)
  const once: Partial<Record<keyof CoreMetadata, string>> = {}
  const lists = Object.fromEntries(
    [...repeated.values()].map(property => [property, [] as string[]]),
  )
  for (const field of fields) {
    const value = valueOf(field)
    if (value === '' || value === 'UNKNOWN') continue
    const property = single.get(field.key)
    if (property !== undefined) once[property] ??= value
    const list = lists[repeated.get(field.key) ?? '']
    if (list !== undefined && list.length < mostValues) list.push(value)
  }
  const trimmed = body.trim()
  if (trimmed !== '' && trimmed !== 'UNKNOWN') once.description ??= body
  return { ...once, ...lists } as unknown as CoreMetadata
}

// An empty line ends the header. As Python's parser does, a lone carriage return ends a line.
const splitMessage = (text: string): { fields: Field[]; body: string } => {
  const fields: Field[] = []
  const ending = /\r\n?|\n/g
  let start = text.startsWith('\ufeff') ? 1 : 0
  for (let count = 0; count < mostLines && start < text.length; count++) {
    ending.lastIndex = start
    const found = ending.exec(text)
    const line = text.slice(start, found?.index)
    start = found === null ? text.length : ending.lastIndex
    if (line === '') return { fields, body: text.slice(start) }
    const colon = line.indexOf(':')
    if (line.startsWith(' ') || line.startsWith('\t')) fields.at(-1)?.lines.push(line)
    else if (colon > 0)
      fields.push({ key: line.slice(0, colon).toLowerCase(), lines: [line.slice(colon + 1)] })
  }
  return { fields, body: '' }
}

// Old tools fold texts of several lines, each line behind eight blanks or seven and a bar (PEP 345).
const valueOf = ({ key, lines }: Field): string => {
  const [first = '', ...rest] = lines
  if (key !== 'description' && key !== 'license')
    return [first, ...rest]
      .map(line => line.trim())
      .join(' ')
      .trim()
  const unfolded = rest.map(line => line.replace(/^(?: {8}| {7}\|)/, ''))
  return [first.trim(), ...unfolded].join('\n').trim()
}
