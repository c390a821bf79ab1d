/** A line of a requirements file, with the lines that continue it. */
export interface LogicalLine {
  /** Without comments and blanks around it; `''` when nothing else is left. */
  readonly text: string
  /** As written, stripped; lines that continue it joined to it by blanks. */
  readonly written: string
  /** Of its first line, counted from 1. */
  readonly number: number
}

const lineEnds = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/

const isBlank = (char: string | undefined) => char === undefined || char.trim() === ''

/** Where a comment begins: at a `#` that is first or behind a blank; the length where there is none. */
const commentAt = (line: string): number => {
  for (let at = line.indexOf('#'); at >= 0; at = line.indexOf('#', at + 1))
    if (at === 0 || isBlank(line[at - 1])) return at
  return line.length
}

const isComment = (line: string) => line.trimStart().startsWith('#')

const joined = (lines: readonly string[], number: number): LogicalLine => {
  const whole = lines.join('')
  const written = lines.map(line => line.trim()).filter(line => line !== '')
  return { text: whole.slice(0, commentAt(whole)).trim(), written: written.join(' '), number }
}

/** The lines of a requirements file as pip joins them: `\` at the end continues, but no comment. */
export const logicalLines = function* (text: string): Generator<LogicalLine> {
  let begun: string[] = []
  let number = 0
  const lines = text.split(lineEnds)
  // What ends with a line end has no line behind it.
  if (lines.at(-1) === '') lines.pop()
  for (const [index, line] of lines.entries()) {
    if (begun.length === 0) number = index + 1
    if (line.endsWith('\\') && !isComment(line)) {
      begun.push(line.slice(0, -1))
      continue
    }
    // A comment that ends a continued line stays one only behind a blank.
    yield joined([...begun, isComment(line) ? ` ${line}` : line], number)
    begun = []
  }
  if (begun.length > 0) yield joined(begun, number)
}
