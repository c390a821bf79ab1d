import { projectsOf, type Filename } from './filename.ts'
import { rootIndex, type IndexName } from './index-name.ts'
import type { Name } from './project-name.ts'
import { encodeFilename, localPath, mirroredPath, provenancePath } from './public-path.ts'

/** A file as its page has it, as far as that decides where it is served. */
export interface Placed {
  readonly filename: Filename
  /** Upstream's. */
  readonly url: string
  readonly hashes: Readonly<Record<string, string>>
}

/** Where an index's files are served: public paths below our root, without a leading slash. */
export interface Places {
  /** Of a file that was uploaded or dropped. */
  own(name: Name, filename: Filename, sha256: string): string
  /** Of its attestations (PEP 740). */
  provenance(name: Name, version: string, filename: Filename): string
  /**
   * Of a file of an upstream.
   * @param origin scheme and authority of the upstream index
   * @param digest a digest of the URL, used where it cannot be carried by ours
   */
  mirrored(
    upstream: string,
    origin: string,
    name: Name,
    file: Placed,
    digest: (text: string) => string,
  ): string
  /** True for a path of the kinds that this index has. */
  has(path: string): boolean
}

/** The path of a file that is named by its digest, as devpi has it: `alice/dev/+f/ab3/4ef0123456789/FILE`. */
export const hashedPath = (index: IndexName, sha256: string, filename: string): string =>
  `${index}/+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${encodeFilename(filename)}`

/** The path of a file whose digest nobody tells: `root/pytorch/+e/https_host_path/FILE`. */
export const namedPath = (index: IndexName, directory: string, filename: Filename): string =>
  `${index}/+e/${directory}/${encodeFilename(filename)}`

const sha256 = /^[0-9a-f]{64}$/

/** What stands in `+e` for the place of a file at its upstream; a digest for what is too long. */
const directoryOf = (name: Name, { filename, url }: Placed, digest: (text: string) => string) => {
  const { protocol, host, pathname } = new URL(url)
  const path = `${protocol.slice(0, -1)}_${host}${pathname.slice(0, pathname.lastIndexOf('/'))}`
  const place = path.replaceAll(/[^A-Za-z0-9_.-]/g, '_')
  const short = place.length > 150 ? digest(url) : place
  // The project, where the file's name does not tell it.
  return projectsOf(filename).includes(name) ? short : `@${name}@${short}`
}

/** The project that a directory below `+e` names itself, for files whose names do not tell. */
export const projectInDirectory = (directory: string): string | undefined =>
  /^@([^@]+)@/.exec(directory)?.[1]

const devpiPlaces = (index: IndexName): Places => ({
  has: path => path.startsWith(`${index}/+`),
  own: (_name, filename, digest) => hashedPath(index, digest, filename),
  provenance: (name, version, filename) =>
    `${index}/+integrity/${name}/${encodeURIComponent(version)}/${encodeFilename(filename)}/provenance`,
  mirrored: (_upstream, _origin, name, file, digest) => {
    const told = file.hashes['sha256']
    return told !== undefined && sha256.test(told) && projectsOf(file.filename).includes(name) ?
        hashedPath(index, told, file.filename)
      : namedPath(index, directoryOf(name, file, digest), file.filename)
  },
})

const rootPlaces: Places = {
  own: localPath,
  provenance: provenancePath,
  mirrored: mirroredPath,
  // Its files are found at devpi's paths too, though no page says so.
  has: path => path.startsWith('packages/') || path.startsWith(`${rootIndex}/+f/`),
}

/** Where the files of an index are served. */
export const placesOf = (index: IndexName): Places =>
  index === rootIndex ? rootPlaces : devpiPlaces(index)
