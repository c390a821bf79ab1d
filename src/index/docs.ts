/**
 * Documentation of releases: `NAME-VERSION.doc.zip` beside a project's files, where a person may put
 * one, too. An upload first writes its fact, which means nothing without the bytes whose digest it is
 * named by, then renames these over what was there. Whoever is killed leaves the old or the new.
 */
import type { Digests } from '../disk/digest.ts'
import type { DurableOptions } from '../disk/durable.ts'
import type { Layout } from '../disk/layout.ts'
import { linkAside } from '../disk/link-aside.ts'
import type { OpenFiles, WholeFile } from '../disk/open-files.ts'
import type { Resource } from '../disk/resource.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { discard, forget, publish } from '../disk/write.ts'
import { HttpError } from '../http/error.ts'
import { documentedBy } from '../spec/doc-filename.ts'
import { isStable } from '../spec/newest-first.ts'
import { hashedPath } from '../spec/places.ts'
import type { Name } from '../spec/project-name.ts'
import { releaseVersionRule, type ReleaseVersion } from '../spec/release-version.ts'
import { DocFacts } from './doc-facts.ts'
import { checkDocs, contentsOf, docMember } from './doc-member.ts'
import { digestOfLink, DocPlaces, type DocPlace } from './doc-places.ts'
import type { DocZip, NewDocs, PutDocs } from './doc-zip.ts'
import { exclusively } from './exclusively.ts'
import { overwriting, pushed, uploaded } from './log-entry.ts'
import { unlessChanged } from './unless-changed.ts'
import { ConflictError } from './upload.ts'

/** The page without which an archive counts as no documentation. */
const front = 'index.html'

/** The documentation of one index's releases. */
export class Docs {
  readonly #layout: Layout
  readonly #files: OpenFiles
  readonly #places: DocPlaces
  readonly #facts: DocFacts

  constructor(parts: {
    readonly layout: Layout
    readonly digests: Digests
    readonly files: OpenFiles
  }) {
    this.#layout = parts.layout
    this.#files = parts.files
    this.#places = new DocPlaces(parts.layout, parts.digests)
    this.#facts = new DocFacts(parts.layout)
  }

  /**
   * Publishes documentation in place of what the release had. When this returns it is durable, unless
   * told, and seen by every process with its next look.
   * @throws {ConflictError} when that has to stay
   * @throws {HttpError} 400 for a hostile or broken archive, or a version that cannot be a file name;
   * 503 when somebody else publishes the same for too long
   */
  async put(docs: NewDocs, options: DurableOptions = {}): Promise<PutDocs> {
    try {
      const place = this.#places.of(docs.name, docs.version)
      if (place === undefined)
        throw new HttpError(400, `the version of documentation must be of ${releaseVersionRule}`)
      await checkDocs(docs.path)
      return await exclusively(this.#layout, place.name, place.filename, () =>
        this.#publish(place, docs, options),
      )
    } finally {
      await discard(docs.path)
    }
  }

  async #publish(place: DocPlace, docs: NewDocs, options: DurableOptions): Promise<PutDocs> {
    const before = await this.#at(place)
    const { sha256, by, time = new Date() } = docs
    if (before?.sha256 === sha256) return { docs: before, outcome: 'same' }
    if (before !== undefined && docs.replace === false)
      throw new ConflictError(`${place.filename} is there with other bytes`)
    const history = overwriting(before?.history, docs.history ?? uploaded(by, this.#layout.index))
    // What gives way is forgotten for good only after what takes its place is there for good.
    const lasting = before === undefined ? options : {}
    await this.#facts.write(place, { sha256, at: time.toISOString(), by, history }, lasting)
    const stats = linkStatsOf(docs.path)
    await publish(docs.path, place.path, lasting)
    await this.#places.remember(place, sha256, stats)
    if (before !== undefined) await this.#facts.forget(place, sha256)
    const now = await this.#at(place)
    if (now === undefined)
      throw new HttpError(503, `${place.filename} was removed meanwhile: upload it again`)
    return { docs: now, outcome: before === undefined ? 'stored' : 'replaced' }
  }

  /** The documentation of a release, by the very spelling of its version; undefined when it has none. */
  async get(name: Name, version: string): Promise<DocZip | undefined> {
    const place = this.#places.of(name, version)
    return place && this.#at(place)
  }

  async #at(place: DocPlace): Promise<DocZip | undefined> {
    const lying = await this.#places.look(place)
    if (lying === undefined) return undefined
    const { sha256, stats } = lying
    const fact = await this.#facts.of(place, sha256)
    return {
      ...place,
      url: hashedPath(this.#layout.index, sha256, place.filename),
      sha256,
      size: Number(stats.size),
      at: fact?.at ?? stats.mtime.toISOString(),
      by: fact?.by,
      history: fact?.history ?? [],
    }
  }

  /** The documentation that is called so, if its digest begins with these 16 digits (devpi's `+f`). */
  async find(digest: string, filename: string): Promise<DocZip | undefined> {
    for (const { name, version } of documentedBy(filename)) {
      const docs = await this.get(name, version)
      if (docs?.sha256.slice(0, 16) === digest) return docs
    }
    return undefined
  }

  /** The bytes of the archive itself; undefined when it is gone or has changed. */
  async open(docs: DocZip): Promise<Resource | undefined> {
    const zip = await this.#open(docs.name, docs.version)
    return zip?.etag === `"${docs.sha256}"` ? zip : undefined
  }

  async #open(name: Name, version: string): Promise<WholeFile | undefined> {
    const place = this.#places.of(name, version)
    const lying = place && (await this.#places.look(place))
    return lying && this.#files.get(lying.path, lying.stats, `"${lying.sha256}"`)
  }

  /** The releases of a project that have documentation, from the newest to the oldest. */
  versions(name: Name): Promise<readonly ReleaseVersion[]> {
    return this.#places.versions(name)
  }

  /**
   * A file of a release's documentation; undefined when it is not there, or the archive is broken or
   * has no `index.html`.
   * @param version as registered, or `latest` or `stable`: the newest one that has documentation
   * @throws {ArchiveError} when this file is damaged
   */
  async member(name: Name, version: string, path: string): Promise<Resource | undefined> {
    for (const candidate of await this.#meant(name, version)) {
      const zip = await this.#open(name, candidate)
      const table = zip && (await contentsOf(zip))
      if (zip === undefined || table?.members.has(front) !== true) continue
      const member = table.members.get(path)
      return member && docMember(zip, table, member)
    }
    return undefined
  }

  async #meant(name: Name, version: string): Promise<readonly string[]> {
    if (version === 'latest') return this.versions(name)
    return version === 'stable' ? (await this.versions(name)).filter(isStable) : [version]
  }

  /** Removes the documentation of a release, or of all of a project, for good. */
  async remove(name: Name, version?: string): Promise<void> {
    for (const each of version === undefined ? await this.versions(name) : [version]) {
      const place = this.#places.of(name, each)
      if (place === undefined) continue
      await exclusively(this.#layout, name, place.filename, async () => {
        // What is known of it last, since it means nothing alone.
        await forget(place.path)
        await this.#facts.forget(place)
      })
    }
  }

  /**
   * Gives the documentation of a release to another index as well, as a link where there are links.
   * @returns undefined when the release has none
   * @throws {ConflictError} when the other index has others, and `replace` is false
   */
  async copyTo(
    name: Name,
    version: string,
    target: Docs,
    { by, replace, ...options }: Pick<NewDocs, 'by' | 'replace'> & DurableOptions,
  ): Promise<PutDocs | undefined> {
    const place = this.#places.of(name, version)
    const lying = place && (await this.#places.look(place))
    const path = lying && (await unlessChanged(linkAside(target.#layout, lying.path)))
    if (path === undefined || lying === undefined) return undefined
    const history = (await this.#facts.of(lying, lying.sha256))?.history ?? []
    const way = { who: by, src: this.#layout.index, dst: target.#layout.index }
    const sha256 = await digestOfLink(path, lying)
    const docs = { name, version, path, sha256, by, replace, history: pushed(history, way) }
    try {
      return await target.put(docs, options)
    } finally {
      // The link has changed the state of the file, but none of its bytes.
      await this.#places.remember(lying, lying.sha256, lying.stats)
    }
  }
}
