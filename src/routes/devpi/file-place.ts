import type { Wanted } from '../../index/index.ts'
import { distFilename, projectsOf, type Filename } from '../../spec/filename.ts'
import type { IndexName } from '../../spec/index-name.ts'
import { hashedPath, namedPath, projectInDirectory } from '../../spec/places.ts'
import { projectName } from '../../spec/project-name.ts'

/** What a path below `+f` or `+e` names (devpi-api 11). */
export interface FilePlace {
  /** The last segment, unchecked. */
  readonly filename: string
  /** The first 16 digits of the sha256 that the path tells; undefined below `+e`. */
  readonly digest: string | undefined
  /** The distributions that it may be, the likeliest first; none for anything else. */
  readonly wanted: readonly Wanted[]
}

const hexadecimal = /^[0-9a-f]{3}\/[0-9a-f]{13}$/

const byDigest = (index: IndexName, digest: string, filename: Filename): Wanted[] => {
  const path = hashedPath(index, digest, filename)
  return projectsOf(filename).map(name => ({ name, filename, path }))
}

const byDirectory = (index: IndexName, directory: string, filename: Filename): Wanted[] => {
  const path = namedPath(index, directory, filename)
  const told = projectName(projectInDirectory(directory) ?? '')
  const names = told === undefined ? projectsOf(filename) : [told]
  return names.map(name => ({ name, filename, path }))
}

/** What the segments below an index name; undefined when nothing is ever at such a path. */
export const filePlace = (index: IndexName, segments: readonly string[]): FilePlace | undefined => {
  const [kind, ...below] = segments
  const directory = below.slice(0, -1).join('/')
  const last = below.at(-1) ?? ''
  const filename = distFilename(last)
  if (kind === '+f' && hexadecimal.test(directory)) {
    const digest = directory.replace('/', '')
    const wanted = filename === undefined ? [] : byDigest(index, digest, filename)
    return { filename: last, digest, wanted }
  }
  if (kind !== '+e' || below.length !== 2) return undefined
  const wanted = filename === undefined ? [] : byDirectory(index, directory, filename)
  return { filename: last, digest: undefined, wanted }
}
