import { compareReleases, isPrerelease, parseRelease } from './release.ts'

/** Versions from the newest to the oldest; what is none by PEP 440 comes last, by its spelling. */
export const newestFirst = <V extends string>(versions: Iterable<V>): V[] => {
  const read = [...versions].map(version => ({ version, release: parseRelease(version) }))
  return read
    .toSorted((one, two) => {
      if (one.release !== undefined && two.release !== undefined)
        return compareReleases(two.release, one.release) || bySpelling(one.version, two.version)
      if (one.release === undefined && two.release === undefined)
        return bySpelling(one.version, two.version)
      return one.release === undefined ? 1 : -1
    })
    .map(({ version }) => version)
}

const bySpelling = (one: string, two: string): number =>
  one === two ? 0
  : one < two ? 1
  : -1

/** True for all but alpha, beta, candidate and development releases; also for what is no version by PEP 440, as for devpi. */
export const isStable = (version: string): boolean => {
  const release = parseRelease(version)
  return release === undefined || !isPrerelease(release)
}
