/** Bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

const one = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i

/**
 * The one range that a `Range` header asks of a file of this size; undefined when the header is to
 * be ignored: malformed, another unit, or several ranges (CL-35, fault C25).
 */
export const parseRange = (header: string, size: number): Range | 'unsatisfiable' | undefined => {
  const match = one.exec(header)
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return undefined
    // Numbers beyond 2^53 lose digits and beyond 1e308 become infinite: both still exceed any size.
    const count = Math.min(Number(last), size)
    return count === 0 ? 'unsatisfiable' : { start: size - count, end: size }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last), size - 1) + 1
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
