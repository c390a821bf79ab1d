import { readTarget, type Target } from '../spec/environment.ts'

/** What a user asked for, as written; empty where nothing was said. */
export interface Asked {
  readonly pythons: readonly string[]
  readonly platforms: readonly string[]
}

/**
 * Whom to fetch for: each Python on each platform. Where none is asked for, it is the platform of
 * `host`, and its Python; for a lock, which knows its versions already, every Python.
 * @param closed the input lists its whole closure
 * @throws {InputError} for names that nobody knows, with those there are
 */
export const targetsFor = (
  { pythons, platforms }: Asked,
  closed: boolean,
  host: Target,
): Target[] => {
  const allPythons = pythons.length > 0 ? pythons : [closed ? 'any' : host.python]
  const allPlatforms = platforms.length > 0 ? platforms : [host.platform]
  return allPythons.flatMap(python => allPlatforms.map(platform => readTarget(python, platform)))
}
