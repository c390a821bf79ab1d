/** The fields of a METADATA or PKG-INFO file which an index needs (core metadata specification). */
export interface CoreMetadata {
  readonly name?: string
  readonly version?: string
  readonly requiresPython?: string
  /** `Metadata-Version`, to know whether an sdist's metadata can be trusted. */
  readonly metadataVersion?: string
}

/**
 * Reads the header fields of a core metadata text; lines that are no field are passed over. Only
 * the first value of a field counts, and nothing behind the first blank line.
 */
export const readCoreMetadata = (text: string): CoreMetadata => {
  const fields = new Map<string, string>()
  for (const line of text.split(/\r?\n/, 5000)) {
    if (line === '') break
    const colon = line.indexOf(':')
    if (colon <= 0 || /^\s/.test(line)) continue
    const key = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (!fields.has(key) && value !== '' && value !== 'UNKNOWN') fields.set(key, value)
  }
  const field = (key: string, as: keyof CoreMetadata) => {
    const value = fields.get(key)
    return value === undefined ? {} : { [as]: value }
  }
  return {
    ...field('name', 'name'),
    ...field('version', 'version'),
    ...field('requires-python', 'requiresPython'),
    ...field('metadata-version', 'metadataVersion'),
  }
}
