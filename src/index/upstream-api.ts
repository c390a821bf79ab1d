import { createHash } from 'node:crypto'
import { isObject, readUrl } from '../spec/file-fields.ts'
import type { Filename } from '../spec/filename.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import type { Places } from '../spec/places.ts'
import type { UpstreamSettings } from '../settings.ts'
import type { HeldDocument } from '../upstream/document-store.ts'
import type { Documents } from '../upstream/documents.ts'
import type { Ask } from './index.ts'

/** What an upstream tells of its projects beside their pages. */
export class UpstreamApi {
  readonly #settings: UpstreamSettings
  readonly #documents: Documents
  readonly #places: Places

  constructor(parts: { settings: UpstreamSettings; documents: Documents; places: Places }) {
    this.#settings = parts.settings
    this.#documents = parts.documents
    this.#places = parts.places
  }

  /**
   * The answer of PyPI's JSON API (PY-1), which stands beside an index that is called `simple`;
   * undefined where upstream has none.
   * @param version as upstream spells it; without it the whole project
   * @throws {UpstreamError}
   */
  async json(
    name: Name,
    version: string | undefined,
    { confirm = false }: Ask = {},
  ): Promise<HeldDocument | undefined> {
    const { url } = this.#settings
    if (!url.pathname.endsWith('/simple/')) return undefined
    const of = version === undefined ? '' : `${encodeURIComponent(version)}/`
    return this.#documents.get({
      name,
      url: new URL(`../pypi/${name}/${of}json`, url),
      accept: 'application/json',
      confirm,
      isUsable: ({ info, urls }) =>
        isObject(info) &&
        typeof info['name'] === 'string' &&
        projectName(info['name']) === name &&
        typeof info['version'] === 'string' &&
        Array.isArray(urls),
    })
  }

  /**
   * The provenance object (PEP 740) at the URL that a page gave; undefined where upstream has none.
   * @throws {UpstreamError} also when the URL may not be asked
   */
  async provenance(name: Name, url: string): Promise<HeldDocument | undefined> {
    return this.#documents.get({
      name,
      url: new URL(url),
      accept: 'application/vnd.pypi.integrity.v1+json, application/json; q=0.5',
      isUsable: value => Array.isArray(value['attestation_bundles']),
    })
  }

  /** Our public path of a file at an upstream's URL, the same as on pages; undefined for a URL of no use. */
  path(name: Name, filename: Filename, url: string): string | undefined {
    const { name: upstream, url: index } = this.#settings
    const absolute = readUrl(url, index)
    if (absolute === undefined) return undefined
    const file = { filename, url: absolute, hashes: {} }
    return this.#places.mirrored(upstream, index.origin, name, file, shortDigest)
  }
}

const shortDigest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32)
