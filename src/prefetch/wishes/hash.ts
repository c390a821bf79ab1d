const lengths: ReadonlyMap<string, number> = new Map([
  ['md5', 32],
  ['sha1', 40],
  ['sha224', 56],
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
])

/** A hash as `sha256:<hex>` in lower case; undefined for what is none of a known algorithm. */
export const hashOf = (value: unknown): string | undefined => {
  if (typeof value !== 'string' || value.length > 200) return undefined
  const [algorithm = '', hex = ''] = value.toLowerCase().split(':')
  return lengths.get(algorithm) === hex.length && /^[0-9a-f]+$/.test(hex) ?
      `${algorithm}:${hex}`
    : undefined
}
