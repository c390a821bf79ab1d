import { HttpError } from './error.ts'

/** Longest segment of a path; no name that we serve is longer. */
const longest = 255

// What needs no decoding: nearly every request.
const ordinary = /^[\w/.+~!@,:;=&'()*$-]*$/

const decode = (segment: string): string => {
  // Node hands us bytes above 0x7f as they came; only percent-encoded ones are valid (RFC 3986).
  if (/[^\u0021-\u007e]/.test(segment))
    throw new HttpError(400, 'the path has characters that are not allowed in a URL')
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new HttpError(400, 'the path is not percent-encoded UTF-8')
  }
}

const checkName = (segment: string): void => {
  if (segment === '' || segment === '.' || segment === '..' || segment.length > longest)
    throw new HttpError(404, 'not found: no such path')
}

const checkDecoded = (segment: string): void => {
  checkName(segment)
  if (/[/\\]/.test(segment)) throw new HttpError(404, 'not found: no such path')
  if (/\p{Cc}/u.test(segment)) throw new HttpError(400, 'the path has control characters')
}

const parse = (path: string): readonly string[] => {
  const segments = path.split('/')
  if (segments[0] !== '' || segments.length < 2)
    throw new HttpError(400, 'the path must begin with a slash')
  segments.shift()
  if (segments.at(-1) === '') segments.pop()
  if (ordinary.test(path)) {
    for (const segment of segments) checkName(segment)
    return segments
  }
  const decoded = segments.map(decode)
  for (const segment of decoded) checkDecoded(segment)
  return decoded
}

// The paths that are asked for again and again.
const known = new Map<string, readonly string[]>()

/**
 * The segments of a path, each decoded exactly once (rule R11); a slash at the end adds none. A
 * segment is never empty, `.`, `..`, and never holds a slash, a backslash or a control character.
 * @throws {HttpError} 400 for what is no URL, 404 for what can be no path of ours
 */
export const segmentsOf = (path: string): readonly string[] => {
  const found = known.get(path)
  if (found !== undefined) return found
  const segments = parse(path)
  if (path.length <= 300) {
    if (known.size >= 1000) known.clear()
    known.set(path, segments)
  }
  return segments
}

/**
 * The path and the query of a request target. Of an absolute-form target only the path counts, so
 * that we never act as a proxy (fault C19).
 */
export const splitTarget = (target: string): { readonly path: string; readonly query: string } => {
  const mark = target.indexOf('?')
  const before = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? '' : target.slice(mark + 1)
  if (before.startsWith('/') || before === '*') return { path: before, query }
  const host = before.indexOf('://')
  const slash = host < 0 ? -1 : before.indexOf('/', host + 3)
  return { path: slash < 0 ? '/' : before.slice(slash), query }
}
