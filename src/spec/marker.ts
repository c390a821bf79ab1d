import type { Variable } from './environment.ts'
import { Scanner } from './scanner.ts'

/** A variable compared with a text. */
export interface Comparison {
  readonly variable: Variable
  readonly operator: MarkerOperator
  readonly value: string
  /** True when the text stands on the left: `'linux' in sys_platform`. */
  readonly reversed: boolean
}

/** An environment marker (dependency specifiers, PEP 508), taken apart by `parseMarker`. */
export type Marker =
  Comparison | { readonly all: readonly Marker[] } | { readonly any: readonly Marker[] }

const operators = ['===', '==', '~=', '!=', '<=', '>=', '<', '>'] as const

/** How a marker compares. */
export type MarkerOperator = (typeof operators)[number] | 'in' | 'not in'

const variables: ReadonlyMap<string, Variable> = new Map([
  ['os_name', 'os_name'],
  ['sys_platform', 'sys_platform'],
  ['platform_machine', 'platform_machine'],
  ['platform_python_implementation', 'platform_python_implementation'],
  ['platform_release', 'platform_release'],
  ['platform_system', 'platform_system'],
  ['platform_version', 'platform_version'],
  ['python_version', 'python_version'],
  ['python_full_version', 'python_full_version'],
  ['implementation_name', 'implementation_name'],
  ['implementation_version', 'implementation_version'],
  ['extra', 'extra'],
  ['extras', 'extras'],
  ['dependency_groups', 'dependency_groups'],
  // The spellings of old setuptools, which the standard still allows.
  ['os.name', 'os_name'],
  ['sys.platform', 'sys_platform'],
  ['platform.version', 'platform_version'],
  ['platform.machine', 'platform_machine'],
  ['platform.python_implementation', 'platform_python_implementation'],
  ['python_implementation', 'platform_python_implementation'],
])

// Deeper than anybody writes, and far from the end of the stack.
const deepest = 60

type Operand = { readonly variable: Variable } | { readonly value: string }

const readOperand = (scanner: Scanner): Operand => {
  scanner.blanks()
  const at = scanner.at
  const quoted = scanner.take(/'[^']*'|"[^"]*"/y)
  if (quoted !== undefined) return { value: quoted.slice(1, -1) }
  const variable = variables.get(scanner.take(/[a-z_.]+/y) ?? '')
  if (variable === undefined) throw scanner.expected('a marker variable or a quoted text', at)
  return { variable }
}

const readOperator = (scanner: Scanner): MarkerOperator => {
  scanner.blanks()
  const operator = operators.find(operator => scanner.skip(operator))
  if (operator !== undefined) return operator
  if (scanner.take(/in\b/y) !== undefined) return 'in'
  if (scanner.take(/not[ \t]+in\b/y) !== undefined) return 'not in'
  throw scanner.expected('a comparison')
}

const readComparison = (scanner: Scanner): Comparison => {
  const at = scanner.at
  const left = readOperand(scanner)
  const operator = readOperator(scanner)
  const right = readOperand(scanner)
  if ('variable' in left && 'value' in right)
    return { variable: left.variable, operator, value: right.value, reversed: false }
  if ('value' in left && 'variable' in right)
    return { variable: right.variable, operator, value: left.value, reversed: true }
  throw scanner.expected('a variable compared with a quoted text', at)
}

const readAtom = (scanner: Scanner, depth: number): Marker => {
  scanner.blanks()
  if (!scanner.skip('(')) return readComparison(scanner)
  if (depth >= deepest) throw scanner.expected(`no more than ${deepest} parentheses`)
  const marker = readMarker(scanner, depth + 1)
  if (!scanner.skip(')')) throw scanner.expected('`)`')
  return marker
}

// `and` binds closer than `or`.
const readAll = (scanner: Scanner, depth: number): Marker => {
  const first = readAtom(scanner, depth)
  const all = [first]
  scanner.blanks()
  while (scanner.take(/and\b/y) !== undefined) {
    all.push(readAtom(scanner, depth))
    scanner.blanks()
  }
  return all.length === 1 ? first : { all }
}

/** Reads a marker as far as it goes; throws an `InputError` with the column for what is none. */
export const readMarker = (scanner: Scanner, depth = 0): Marker => {
  const first = readAll(scanner, depth)
  const any = [first]
  while (scanner.take(/or\b/y) !== undefined) any.push(readAll(scanner, depth))
  return any.length === 1 ? first : { any }
}

/** A marker taken apart; throws an `InputError` with the column for what is none. */
export const parseMarker = (text: string): Marker => {
  const scanner = new Scanner(text)
  const marker = readMarker(scanner)
  if (!scanner.done) throw scanner.expected('`and`, `or` or the end of the marker')
  return marker
}
