/** A header of a value and parameters: `multipart/form-data; boundary=x`. */
export interface Parameterized {
  /** In lower case. */
  readonly value: string
  /** By lower-case name; of several of one name the first. */
  readonly parameters: ReadonlyMap<string, string>
}

const parameter = /[\s;]*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\[^])*)"|([^\s;"][^;"]*|))/y

/**
 * Parses such a header (RFC 9110, 5.6.6). Quoted values may hold anything; only a quote is
 * unescaped, since old clients send the backslashes of paths as they are.
 * @returns undefined when it is malformed
 */
export const parseParameters = (header: string): Parameterized | undefined => {
  const end = header.indexOf(';')
  const value = (end < 0 ? header : header.slice(0, end)).trim().toLowerCase()
  const parameters = new Map<string, string>()
  for (let at = end < 0 ? header.length : end; /[^\s;]/.test(header.slice(at));) {
    parameter.lastIndex = at
    const found = parameter.exec(header)
    if (found === null) return undefined
    at = parameter.lastIndex
    const [, name = '', quoted, plain = ''] = found
    const key = name.toLowerCase()
    if (!parameters.has(key)) parameters.set(key, quoted?.replaceAll('\\"', '"') ?? plain.trim())
  }
  return { value, parameters }
}

/**
 * The text of an extended value, `UTF-8''na%C3%AFve.whl` (RFC 8187).
 * @returns undefined when it is malformed or in another character set
 */
export const decodeExtended = (extended: string): string | undefined => {
  const [charset = '', , encoded] = extended.split("'", 3)
  if (encoded === undefined || charset.toLowerCase() !== 'utf-8') return undefined
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}
