import { InputError } from '../../spec/input-error.ts'

// PEP 263: a comment in one of the first two lines may name the encoding.
const coding = /^[ \t\f]{0,20}#.{0,200}?coding[:=][ \t]{0,20}([-\w.]{1,40})/

const named = (bytes: Uint8Array): string | undefined => {
  const beginning = new TextDecoder('latin1').decode(bytes.subarray(0, 500))
  for (const line of beginning.split(/\r\n|\r|\n/, 2)) {
    const label = coding.exec(line)?.[1]
    // Python's spellings of what browsers call otherwise.
    if (label !== undefined) return label.replace(/^latin[-_]?1$/i, 'latin1').replaceAll('_', '-')
  }
  return undefined
}

const startsWith = (bytes: Uint8Array, ...mark: readonly number[]) =>
  mark.every((byte, index) => bytes[index] === byte)

const encodingOf = (bytes: Uint8Array): string => {
  if (startsWith(bytes, 0xff, 0xfe)) return 'utf-16le'
  if (startsWith(bytes, 0xfe, 0xff)) return 'utf-16be'
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return 'utf-8'
  return named(bytes) ?? 'utf-8'
}

/**
 * The text of a requirements or lock file: by its byte order mark or the encoding named in a
 * comment, else UTF-8, as pip reads it. Throws an `InputError` for a text in no encoding we know.
 */
export const decodeText = (bytes: Uint8Array, name: string): string => {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes)
  } catch {
    throw new InputError(`${name} is not a text in UTF-8: save it as one`)
  }
}
