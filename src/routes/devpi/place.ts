/** What a path of devpi's names (devpi-api 2). */
export type PlaceKind =
  | 'users'
  | 'api'
  | 'login'
  | 'status'
  | 'authcheck'
  | 'user'
  | 'index'
  | 'simple'
  | 'refresh'
  | 'file'
  | 'provenance'
  | 'project'
  | 'version'
  | 'docs'

/** A path, taken apart. */
export interface Place {
  readonly kind: PlaceKind
  /** As written in the path; whether it is a name is for the handler to say. */
  readonly user?: string | undefined
  readonly index?: string | undefined
  /** The segments below `/USER/INDEX`. */
  readonly rest: readonly string[]
}

const services: ReadonlyMap<string, PlaceKind> = new Map([
  ['+api', 'api'],
  ['+login', 'login'],
  ['+status', 'status'],
  ['+authcheck', 'authcheck'],
])

const hasPlus = (segment: string | undefined): boolean => segment?.includes('+') ?? false

const kindOfSimple = (rest: readonly string[]): PlaceKind | undefined => {
  if (rest.length <= 2) return 'simple'
  return rest.length === 3 && rest[2] === 'refresh' ? 'refresh' : undefined
}

const kindBelow = (rest: readonly string[]): PlaceKind | undefined => {
  const [first, version, third] = rest
  if (first === undefined) return 'index'
  if (first === '+api') return rest.length === 1 ? 'api' : undefined
  if (first === '+simple') return kindOfSimple(rest)
  if (first === '+f' || first === '+e') return rest.length > 1 ? 'file' : undefined
  if (first === '+integrity') return rest.length === 5 ? 'provenance' : undefined
  if (hasPlus(first)) return undefined
  if (version === undefined) return 'project'
  // A version may have one: local version labels do (1.0+cpu).
  if (version.startsWith('+')) return undefined
  if (third === undefined) return 'version'
  return third === '+doc' || third === '+d' ? 'docs' : undefined
}

/**
 * What these segments of a path name; undefined for nothing of devpi's. Names of users, indexes and
 * projects have no plus sign, which keeps them apart from `+api` and the like.
 */
export const placeOf = (segments: readonly string[]): Place | undefined => {
  const [user, index, ...rest] = segments
  if (user === undefined) return { kind: 'users', rest: [] }
  if (hasPlus(user)) {
    const kind = index === undefined ? services.get(user) : undefined
    return kind && { kind, rest: [] }
  }
  if (index === undefined) return { kind: 'user', user, rest: [] }
  if (hasPlus(index))
    return index === '+api' && rest.length === 0 ? { kind: 'api', user, rest: [] } : undefined
  const kind = kindBelow(rest)
  return kind && { kind, user, index, rest }
}
