import { HttpError } from './error.ts'
import { decodeExtended, parseParameters } from './parameters.ts'

/** What a part of a form says of itself. */
export interface PartHead {
  readonly name: string
  /** The base name that the client gave, empty if it was; undefined for what is no file. */
  readonly filename: string | undefined
}

/** The lines of a header block, those joined that were folded. */
const linesOf = (block: string): string[] => block.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)

const dispositionOf = (block: string): string | undefined => {
  for (const line of linesOf(block)) {
    const colon = line.indexOf(':')
    if (colon >= 0 && line.slice(0, colon).trim().toLowerCase() === 'content-disposition')
      return line.slice(colon + 1)
  }
  return undefined
}

/** Some clients send the whole path on their disk. */
const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)

const filenameOf = (parameters: ReadonlyMap<string, string>): string | undefined => {
  const extended = parameters.get('filename*')
  const filename = extended === undefined ? parameters.get('filename') : decodeExtended(extended)
  if (extended !== undefined && filename === undefined)
    throw new HttpError(400, 'a file name of the form is not percent-encoded UTF-8')
  return filename === undefined ? undefined : baseName(filename)
}

/**
 * Reads the header block of a part (RFC 7578), as UTF-8.
 * @throws {HttpError} 400
 */
export const readPartHead = (block: Buffer): PartHead => {
  const disposition = parseParameters(dispositionOf(block.toString()) ?? '')
  const name = disposition?.parameters.get('name')
  if (disposition?.value !== 'form-data' || name === undefined)
    throw new HttpError(400, 'a part of the form has no "Content-Disposition: form-data; name=..."')
  const filename = filenameOf(disposition.parameters)
  if (name.includes('\0') || filename?.includes('\0') === true)
    throw new HttpError(400, 'a name in the form has a NUL character')
  return { name, filename }
}
