/** The forms of a simple page: `text/html`, and the versioned types of PEP 691. */
export type Format = 'html' | 'v1html' | 'json'

/** The content codings that we send. */
export type Coding = 'gzip' | 'identity'

const htmlType = 'text/html'
const v1htmlType = 'application/vnd.pypi.simple.v1+html'
const jsonType = 'application/vnd.pypi.simple.v1+json'

const formats: ReadonlyMap<string, Format> = new Map([
  [htmlType, 'html'],
  [v1htmlType, 'v1html'],
  ['application/vnd.pypi.simple.latest+html', 'v1html'],
  [jsonType, 'json'],
  ['application/vnd.pypi.simple.latest+json', 'json'],
])

const quality = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/** The elements of a header with their q; malformed ones are left out (SA-28). */
const elements = function* (header: string): Generator<readonly [value: string, q: number]> {
  for (const element of header.toLowerCase().split(',')) {
    const [value = '', ...parameters] = element.split(';')
    let q = '1'
    for (const parameter of parameters) {
      const [name = '', given = ''] = parameter.split('=', 2)
      if (name.trim() === 'q') q = given.trim()
    }
    if (value.trim() !== '' && quality.test(q)) yield [value.trim(), Number(q)]
  }
}

/** The wildcards of a type, the most specific first. */
const rangesOf = (type: string) => [`${type.slice(0, type.indexOf('/'))}/*`, '*/*']

// The server's order when q is equal: many tools expect HTML when they do not ask (SA-24).
const preferred: readonly (readonly [format: Format, ranges: readonly string[]])[] = [
  ['html', rangesOf(htmlType)],
  ['v1html', rangesOf(v1htmlType)],
  ['json', rangesOf(jsonType)],
]

const chooseFormat = (accept: string): Format => {
  const exact = new Map<Format, number>()
  const ranges = new Map<string, number>()
  for (const [value, q] of elements(accept)) {
    const format = formats.get(value)
    if (format !== undefined) exact.set(format, Math.max(q, exact.get(format) ?? 0))
    else if (value.endsWith('/*')) ranges.set(value, Math.max(q, ranges.get(value) ?? 0))
  }
  // Nothing acceptable is answered as PyPI does (SA-25).
  let best: Format = 'html'
  let bestQ = 0
  for (const [format, wildcards] of preferred) {
    const range = wildcards.find(wildcard => ranges.has(wildcard))
    const q = exact.get(format) ?? (range === undefined ? 0 : (ranges.get(range) ?? 0))
    if (q > bestQ) [best, bestQ] = [format, q]
  }
  return best
}

const chooseCoding = (accept: string): Coding => {
  let gzip: number | undefined
  let identity: number | undefined
  let any: number | undefined
  for (const [value, q] of elements(accept)) {
    if (value === 'gzip' || value === 'x-gzip') gzip = Math.max(q, gzip ?? 0)
    else if (value === 'identity') identity = q
    else if (value === '*') any = q
  }
  const q = gzip ?? any ?? 0
  return q > 0 && q >= (identity ?? 0) ? 'gzip' : 'identity'
}

/** Remembers the answers for the few headers that clients really send. */
const remember = <T>(choose: (header: string) => T): ((header: string) => T) => {
  const known = new Map<string, T>()
  return header => {
    const found = known.get(header)
    if (found !== undefined) return found
    const chosen = choose(header)
    if (header.length <= 300) {
      if (known.size >= 500) known.clear()
      known.set(header, chosen)
    }
    return chosen
  }
}

const formatOf = remember(chooseFormat)
const codingOf = remember(chooseCoding)

/**
 * How much a type is wanted by an Accept header, from 0 to 1; the most specific element counts. All
 * are welcome without a header.
 */
export const acceptance = (accept: string | undefined, type: string): number => {
  if (accept === undefined || accept === '') return 1
  const found = new Map<string, number>()
  for (const [value, q] of elements(accept)) found.set(value, Math.max(q, found.get(value) ?? 0))
  const match = [type, ...rangesOf(type)].find(range => found.has(range))
  return match === undefined ? 0 : (found.get(match) ?? 0)
}

/** The type that a `format` parameter names, if we have it. A form decoder has made a space of its plus sign (SA-27). */
export const formatType = (parameter: string | undefined): string | undefined => {
  const type = parameter?.replaceAll(' ', '+').toLowerCase()
  return type !== undefined && formats.has(type) ? type : undefined
}

/**
 * The form in which a simple page is wanted (SA-20 to SA-30): by the `format` parameter when it
 * names a type that we have, else by the Accept header, else `text/html`.
 */
export const simpleFormat = (accept: string | undefined, parameter?: string): Format => {
  const asked = parameter === undefined ? undefined : formats.get(formatType(parameter) ?? '')
  return asked ?? (accept === undefined ? 'html' : formatOf(accept))
}

/** The coding for a client: gzip only when it says so and does not prefer the plain bytes (SA-47). */
export const encoding = (accept: string | undefined): Coding =>
  accept === undefined ? 'identity' : codingOf(accept)
