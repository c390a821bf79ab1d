import type { BigIntStats } from 'node:fs'
import type { Digests } from '../disk/digest.ts'
import type { Layout } from '../disk/layout.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import type { Wave } from '../disk/durable.ts'
import { discard, publish, publishNew, replace } from '../disk/write.ts'
import { isWheel } from '../spec/filename.ts'
import type { CoreMetadata } from './core-metadata.ts'
import type { Facts } from './facts.ts'
import type { Gone } from './gone.ts'
import type { History } from './log-entry.ts'
import { factOf, type Upload } from './upload.ts'

/** The steps in which an upload becomes a file that is listed; durable with the wave that they are given. */
export class Publication {
  readonly #layout: Layout
  readonly #facts: Facts
  readonly #digests: Digests
  readonly #metadata: CoreMetadata
  readonly #gone: Gone

  constructor(parts: {
    layout: Layout
    facts: Facts
    digests: Digests
    metadata: CoreMetadata
    gone: Gone
  }) {
    this.#layout = parts.layout
    this.#facts = parts.facts
    this.#digests = parts.digests
    this.#metadata = parts.metadata
    this.#gone = parts.gone
  }

  /**
   * Keeps everything about an upload; without its file it means nothing.
   * @param before how what gives way to it came here; undefined when nothing does
   * @param time what its page says as `upload-time`
   */
  async record(
    upload: Upload,
    wave: Wave,
    before?: History,
    time: Date = new Date(),
  ): Promise<void> {
    const { name, filename, sha256, metadata, attestations = [] } = upload
    const keeping: Promise<unknown>[] = []
    if (metadata !== undefined && isWheel(filename))
      keeping.push(this.#metadata.keep(name, filename, sha256, metadata, { durable: false }))
    if (attestations.length > 0) {
      const path = this.#layout.attestations(name, filename, sha256)
      keeping.push(replace(this.#layout, path, JSON.stringify({ attestations }), { durable: wave }))
    }
    const fact = factOf(this.#layout.index, upload, time, before)
    await Promise.all([...keeping, this.#facts.write(name, fact, { durable: wave })])
  }

  /** Gives the file its name; false when the name is taken. */
  async link(upload: Upload, wave: Wave): Promise<boolean> {
    const before = linkStatsOf(upload.path)
    const home = this.#layout.file(upload.name, upload.filename)
    if (!(await publishNew(upload.path, home, { durable: wave }))) return false
    // Somebody may have erased the project meanwhile, with all that was known of it.
    const { name, filename, sha256 } = upload
    if (linkStatsOf(this.#layout.uploadedFact(name, filename, sha256)) === undefined)
      await this.record(upload, wave)
    await this.#published(upload, before)
    return true
  }

  /** Gives the file its name in place of what has it; that is unknown from then on. */
  async replace(upload: Upload, wave: Wave): Promise<void> {
    const before = linkStatsOf(upload.path)
    const home = this.#layout.file(upload.name, upload.filename)
    await publish(upload.path, home, { durable: wave })
    await this.#published(upload, before)
  }

  async #published(upload: Upload, before: BigIntStats | undefined): Promise<void> {
    const { name, filename, sha256 } = upload
    const after = linkStatsOf(this.#layout.file(name, filename))
    // Unless somebody has put another one there already, this state of the file has this digest.
    const isOurs = after?.ino === before?.ino && after?.mtimeNs === before?.mtimeNs
    const isKnown = after !== undefined && isOurs
    await Promise.all([
      isKnown && this.#digests.remember(name, filename, after, sha256),
      this.claim(upload),
    ])
  }

  /** Notes whose the name of the project is from the first upload on. */
  claim({ name }: Pick<Upload, 'name'>): Promise<void> {
    return this.#facts.claim(name, new Date().toISOString())
  }

  /** Forgets what was known of other bytes under this name. */
  async forgetOthers({
    name,
    filename,
    sha256,
  }: Pick<Upload, 'name' | 'filename' | 'sha256'>): Promise<void> {
    const { mirrored, uploaded, deleted } = await this.#facts.of(name)
    const others = (uploaded.get(filename) ?? []).filter(fact => fact.sha256 !== sha256)
    await this.#gone.note(
      name,
      others.map(fact => ({ filename, sha256: fact.sha256 })),
    )
    for (const fact of [mirrored.get(filename), deleted.get(filename), ...others])
      if (fact !== undefined) await this.#facts.remove(name, fact)
    for (const fact of others) await discard(this.#layout.attestations(name, filename, fact.sha256))
  }

  /** Takes back what was recorded of an upload that is refused. */
  async withdraw({ name, filename, sha256 }: Upload): Promise<void> {
    if ((await this.#facts.tombstone(name, filename))?.sha256 === sha256) return
    await discard(this.#layout.uploadedFact(name, filename, sha256))
    await discard(this.#layout.attestations(name, filename, sha256))
  }
}
