const next = (numbers: readonly number[], at: number): string =>
  numbers
    .map((number, index) =>
      index < at ? number
      : index === at ? number + 1
      : 0,
    )
    .join('.')

// `^1.2` goes up to the next change of the first number that is not 0.
const caret = (numbers: readonly number[]): string => {
  const first = numbers.findIndex(number => number !== 0)
  return next(numbers, first < 0 ? numbers.length - 1 : first)
}

// `~1.2` goes up to the next minor version, `~1` to the next major one.
const tilde = (numbers: readonly number[]): string => next(numbers, numbers.length > 1 ? 1 : 0)

const clause = (text: string): string => {
  const [, sign, version = ''] = /^([\^~])(\d{1,6}(?:\.\d{1,6}){0,4})$/.exec(text) ?? []
  if (sign === undefined) return /^\d[\w.*]*$/.test(text) ? `==${text}` : text
  const numbers = version.split('.').map(Number)
  return `>=${version},<${sign === '^' ? caret(numbers) : tilde(numbers)}`
}

/**
 * Poetry's ranges of versions (`^3.9`, `>=3.8,<4.0`, `~3.7 || >=3.9`) as version specifiers, of
 * which one must be met; none for `*`, which is any version.
 */
export const poetryRange = (text: string): string[] => {
  const alternatives = text.split(/\|\|?/).map(some => some.trim())
  if (alternatives.some(some => some === '*' || some === '')) return []
  return alternatives.map(some =>
    some
      .split(',')
      .map(part => clause(part.trim().replace(/^([\^~]|[<>=!~]{1,3})\s+/, '$1')))
      .join(','),
  )
}
