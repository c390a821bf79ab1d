import { projectsOf, type Filename } from './filename.ts'
import type { Name } from './project-name.ts'

/**
 * A file name as the last segment of a URL: `+` as `%2B`, since some clients read a raw one as a
 * space (SA-73). The other characters of a `Filename` stand for themselves.
 */
export const encodeFilename = (filename: string): string => filename.replaceAll('+', '%2B')

/** Where a file that lies in the directory without an upstream's path is served. */
export const localPath = (name: Name, filename: Filename): string =>
  `packages/${name}/${encodeFilename(filename)}`

/** Where the attestations of an uploaded file are offered (PEP 740), as on PyPI. */
export const provenancePath = (name: Name, version: string, filename: Filename): string =>
  `integrity/${name}/${encodeURIComponent(version)}/${encodeFilename(filename)}/provenance`

const pypiShape = /^\/packages\/[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{60}\/[^/]+$/
const plainSegments = /^(?:\/[A-Za-z0-9_~!$&'()*,;=:@.+-]+)+$/

// Path segments that our own URLs could not carry: empty, dots, or percent-encoded beyond `%2B`.
const isPlain = (path: string): boolean =>
  path.length < 800 &&
  plainSegments.test(path.replaceAll('%2B', '+')) &&
  !/\/\.{1,2}(?:\/|$)/.test(path)

// What our own marks begin with: a path that does could be taken for another host's or project's.
const marked = /^\/[~@=]/

const splitUrl = /^(https?:\/\/(?:[^/?#@]*@)?([^/?#]+))([^?#]*)/

/**
 * The path below our root at which a mirrored file is served, without a leading slash.
 *
 * A file whose path is shaped like PyPI's (`/packages/ab/cd/<60 hex>/FILE`) keeps exactly that path,
 * so that lock files convert by exchanging the host. Any other gets a stable, reversible one:
 * `packages/-/UPSTREAM/PATH`, with `~HOST` in front of PATH for another host than the index's, and
 * `@PROJECT` where the file's name does not tell its project.
 *
 * @param origin scheme and authority of the upstream index
 * @param digest a digest of the URL, used where its path cannot be carried by ours
 */
export const mirroredPath = (
  upstream: string,
  origin: string,
  name: Name,
  file: { readonly filename: Filename; readonly url: string },
  digest: (text: string) => string,
): string => {
  const { filename } = file
  const [, from = '', host = '', path = ''] = splitUrl.exec(file.url) ?? []
  const slash = path.lastIndexOf('/')
  const last = path.slice(slash + 1)
  const encoded = encodeFilename(filename)
  const named = last === filename || last === encoded || decode(last) === filename
  const tells = projectsOf(filename).includes(name)
  if (named && tells && pypiShape.test(path)) return `${path.slice(1, slash + 1)}${encoded}`
  const elsewhere = from === origin ? '' : `/~${host}`
  const project = tells ? '' : `@${name}/`
  const full = named ? path.slice(0, slash) : path
  const middle =
    (full === '' || isPlain(full)) && !marked.test(full) && isPlain(`/${host}`) ?
      `${elsewhere}${full}/`.slice(1).replaceAll('+', '%2B')
    : `=${digest(file.url)}/`
  return `packages/-/${upstream}/${project}${middle}${encoded}`
}

/** A path in the one spelling that `mirroredPath` and `localPath` give it, from its decoded segments. */
export const canonicalPath = (segments: readonly string[]): string =>
  segments
    .map(segment =>
      encodeURIComponent(segment).replace(/%(?:24|26|2C|3A|3B|3D|40)/g, decodeURIComponent),
    )
    .join('/')

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** The project that a path names itself (`@PROJECT`), for files whose names do not tell. */
export const projectInPath = (path: string): string | undefined =>
  /^packages\/-\/[^/]+\/@([^/]+)\//.exec(path)?.[1]
