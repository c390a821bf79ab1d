import { InputError } from './input-error.ts'
import { normalExtra } from './evaluate.ts'
import { readMarker, type Marker } from './marker.ts'
import { projectName, type Name } from './project-name.ts'
import { Scanner } from './scanner.ts'
import { parseSpecifiers } from './specifier.ts'

/** A dependency specifier (PEP 508), taken apart. */
export interface Requirement {
  readonly name: Name
  /** In normal form, in the written order, each once. */
  readonly extras: readonly string[]
  /** Version specifiers that `parseSpecifiers` understands; `''` for any version. */
  readonly specifier: string
  /** Of a direct reference: `name @ https://...`. */
  readonly url: string | undefined
  readonly marker: Marker | undefined
}

const identifier = /[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/y

const readExtras = (scanner: Scanner): string[] => {
  const extras = new Set<string>()
  if (!scanner.skip('[')) return []
  scanner.blanks()
  while (!scanner.skip(']')) {
    const extra = scanner.take(identifier)
    if (extra === undefined) throw scanner.expected('the name of an extra')
    extras.add(normalExtra(extra))
    scanner.blanks()
    const comma = scanner.skip(',')
    scanner.blanks()
    if (comma && scanner.sees(']')) throw scanner.expected('the name of an extra')
    if (!comma && !scanner.sees(']')) throw scanner.expected('`,` or `]`')
  }
  return [...extras]
}

const readSpecifier = (scanner: Scanner): string => {
  const enclosed = scanner.skip('(')
  const clauses: string[] = []
  scanner.blanks()
  for (;;) {
    const at = scanner.at
    const operator = scanner.take(/===|~=|==|!=|<=|>=|<|>/y)
    if (operator === undefined) break
    scanner.blanks()
    const version = scanner.take(/[^\s,;()]+/y) ?? ''
    if (parseSpecifiers(operator + version)?.length !== 1)
      throw scanner.expected(`a version that suits \`${operator}\``, at + operator.length)
    clauses.push(operator + version)
    scanner.blanks()
    if (!scanner.skip(',')) break
    scanner.blanks()
  }
  if (enclosed && !scanner.skip(')')) throw scanner.expected('`)`')
  return clauses.join(',')
}

const readMarkerPart = (scanner: Scanner, before: string): Marker | undefined => {
  scanner.blanks()
  if (scanner.done) return undefined
  if (!scanner.skip(';')) throw scanner.expected(`${before}\`;\` or the end`)
  const marker = readMarker(scanner)
  if (!scanner.done) throw scanner.expected('`and`, `or` or the end')
  return marker
}

const readName = (scanner: Scanner): Name => {
  const name = projectName(scanner.take(identifier) ?? '')
  if (name === undefined) throw scanner.expected('the name of a project')
  return name
}

/** A dependency specifier taken apart; throws an `InputError` with the column for what is none. */
export const parseRequirement = (text: string): Requirement => {
  if (text.length > 20_000) throw new InputError('a requirement of more than 20000 characters')
  const scanner = new Scanner(text.trim())
  const name = readName(scanner)
  scanner.blanks()
  const extras = readExtras(scanner)
  scanner.blanks()
  if (scanner.skip('@')) {
    scanner.blanks()
    const url = scanner.take(/[^\s]+/y)
    if (url === undefined) throw scanner.expected('a URL')
    return { name, extras, specifier: '', url, marker: readMarkerPart(scanner, 'a blank and ') }
  }
  const specifier = readSpecifier(scanner)
  const before = specifier === '' ? 'a version specifier, ' : '`,`, '
  return { name, extras, specifier, url: undefined, marker: readMarkerPart(scanner, before) }
}
