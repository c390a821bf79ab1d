import type { JsonObject } from '../../disk/json.ts'
import type { Local } from '../../index/local.ts'
import { shownHistory, type History } from '../../index/log-entry.ts'
import type { Opened } from '../../index/registry.ts'
import type { File } from '../../spec/page.ts'
import { hashedPath } from '../../spec/places.ts'
import type { Name } from '../../spec/project-name.ts'

/** Something of a release that can be fetched, as devpi's JSON has it. */
interface Link {
  readonly rel: 'releasefile' | 'doczip' | 'toxresult'
  /** Below our root. */
  readonly path: string
  readonly hashes: Readonly<Record<string, string>>
  readonly history?: History | undefined
  /** The path of the file that it is about. */
  readonly about?: string | undefined
}

const digestNames = ['sha256', 'sha512', 'sha384', 'blake2b', 'md5'] as const

/** The best hash as `sha256=ab...`; empty when there is none. */
export const hashSpec = (hashes: Readonly<Record<string, string>>): string => {
  const name = digestNames.find(known => hashes[known] !== undefined)
  return name === undefined ? '' : `${name}=${hashes[name]}`
}

const shown = ({ rel, path, hashes, history, about }: Link, base: string): JsonObject => ({
  rel,
  hash_spec: hashSpec(hashes),
  hashes,
  href: hrefOf(base, path),
  ...(history !== undefined && history.length > 0 && { log: shownHistory(history) }),
  ...(about !== undefined && { for_href: hrefOf(base, about) }),
})

// devpi's client shows it and takes it apart.
const hrefOf = (base: string, path: string): string => base + path.replaceAll('%2B', '+')

/**
 * The path of a file below the index that it is of, by which clients tell whose it is; also of one
 * that our own pages link elsewhere.
 */
export const pathOf = ({ name }: Opened, { url, hashes, filename }: File): string => {
  const sha256 = hashes['sha256']
  return url.startsWith(`${name}/`) || sha256 === undefined ?
      url
    : hashedPath(name, sha256, filename)
}

const resultsOf = async (
  { beside }: Opened,
  name: Name,
  { filename, hashes }: File,
  about: string,
): Promise<Link[]> => {
  const sha256 = hashes['sha256']
  if (sha256 === undefined) return []
  const results = await beside.toxResults.of({ name, filename, sha256 })
  return results.map(result => ({
    rel: 'toxresult',
    path: result.url,
    hashes: { sha256: result.sha256 },
    history: result.history,
    about,
  }))
}

/**
 * The `+links` of a release: its files, its documentation, the results of testing its files
 * (devpi-api 15).
 * @param base our URL as the client sees it
 */
export const linksOf = async (
  index: Opened,
  name: Name,
  version: string,
  files: readonly File[],
  local: Local,
  base: string,
): Promise<JsonObject[]> => {
  const links: Link[] = []
  const results: Link[] = []
  for (const file of files) {
    const path = pathOf(index, file)
    const history = local.uploaded.get(file.filename)?.fact.log
    links.push({ rel: 'releasefile', path, hashes: file.hashes, history })
    if (index.stage !== undefined) results.push(...(await resultsOf(index, name, file, path)))
  }
  const docs = index.stage === undefined ? undefined : await index.beside.docs.get(name, version)
  if (docs !== undefined) {
    const { url, sha256, history } = docs
    links.push({ rel: 'doczip', path: url, hashes: { sha256 }, history })
  }
  return [...links, ...results].map(link => shown(link, base))
}
