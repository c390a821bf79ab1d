import { MemoryFile } from '../disk/memory-file.ts'
import type { Resource } from '../disk/resource.ts'
import type { Filename } from '../spec/filename.ts'
import { metadataDigest, type File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { noneIn } from './archives.ts'
import type { CoreMetadata } from './core-metadata.ts'
import type { UploadedFact } from './fact.ts'
import type { Folder } from './folder.ts'
import type { Kept, Wanted } from './index.ts'
import { ownFile, type Local } from './local.ts'
import type { Owner } from './ownership.ts'

/** The bytes of what lies in the directory: uploaded and dropped files first, then mirrored ones. */
export class Holdings {
  readonly #folder: Folder
  readonly #metadata: CoreMetadata

  constructor(folder: Folder, metadata: CoreMetadata) {
    this.#folder = folder
    this.#metadata = metadata
  }

  /** An uploaded or dropped file, at its own path or by its name. */
  async own({ name, filename, path }: Wanted, local: Local): Promise<Resource | undefined> {
    if (path !== undefined && path !== ownFile(local, filename)?.url) return undefined
    const uploaded = local.uploaded.get(filename)
    if (uploaded !== undefined) return this.#folder.openPublished(name, filename, uploaded)
    const dropped = local.dropped.get(filename)
    return dropped === undefined ? undefined : this.#folder.openDropped(dropped)
  }

  /** True when `own` would give an uploaded or dropped file; it is not opened. */
  async hasOwn({ name, filename, path }: Wanted, local: Local): Promise<boolean> {
    if (path !== undefined && path !== ownFile(local, filename)?.url) return false
    const uploaded = local.uploaded.get(filename)
    if (uploaded !== undefined) return this.#folder.isWhole(name, filename, uploaded)
    const dropped = local.dropped.get(filename)
    return dropped !== undefined && this.#folder.isUnchanged(dropped)
  }

  /** A mirrored file, at its own path or by its name. A private project has none. */
  async mirrored(wanted: Wanted, local: Local, owner: Owner): Promise<Resource | undefined> {
    const { name, filename } = wanted
    const mirrored = visibleMirrored(wanted, local, owner)
    return mirrored && this.#folder.openPublished(name, filename, mirrored)
  }

  /** The local file of a listed name if it has the listed bytes; `other` if it has different ones. */
  async same(
    name: Name,
    filename: Filename,
    local: Local,
    file: File,
  ): Promise<Resource | 'other' | undefined> {
    const listed = file.hashes['sha256']
    const own = ownFile(local, filename)
    if (own !== undefined) {
      if (listed === undefined || own.hashes['sha256'] !== listed) return 'other'
      return (await this.own({ name, filename }, local)) ?? 'other'
    }
    const mirrored = local.mirrored.get(filename)
    if (mirrored === undefined) return undefined
    if (listed !== undefined && listed !== mirrored.fact.sha256) return 'other'
    return this.#folder.openPublished(name, filename, mirrored)
  }

  /** The core metadata of a wheel that lies here. */
  async metadata(wanted: Wanted, local: Local, owner: Owner): Promise<Resource | undefined> {
    const { name, filename, path } = wanted
    if (path === undefined || path === ownFile(local, filename)?.url) {
      const uploaded = local.uploaded.get(filename)
      if (uploaded !== undefined) return this.#ofUploaded(name, uploaded.path, uploaded.fact)
      const dropped = local.dropped.get(filename)
      if (dropped !== undefined)
        return this.#metadata
          .fromWheel(name, filename, dropped.path, dropped.file.size as number, dropped.sha256)
          .catch(noneIn)
    }
    const mirrored = visibleMirrored(wanted, local, owner)
    if (mirrored === undefined) return undefined
    const { size, sha256 } = mirrored.fact
    return this.#metadata.fromWheel(name, filename, mirrored.path, size, sha256).catch(noneIn)
  }

  async #ofUploaded(name: Name, path: string, fact: UploadedFact): Promise<Resource | undefined> {
    const { file, size, sha256 } = fact
    const found = await this.#metadata
      .fromWheel(name, file.filename, path, size, sha256, metadataDigest(file))
      .catch(noneIn)
    if (found === undefined) return undefined
    return new MemoryFile(
      found.bytes,
      found.etag,
      found.modified,
      this.#folder.isLasting(name, fact),
    )
  }

  /** Where a file lies that is or was served under a name; undefined when none is here. */
  kept(local: Local, filename: Filename): Omit<Kept, 'source'> | undefined {
    const dropped = local.dropped.get(filename)
    if (dropped !== undefined)
      return { path: dropped.path, size: dropped.file.size as number, sha256: dropped.sha256 }
    const published = local.uploaded.get(filename) ?? local.mirrored.get(filename)
    if (published === undefined) return undefined
    const { path, fact } = published
    return { path, size: fact.size, sha256: fact.sha256 }
  }
}

const visibleMirrored = ({ filename, path }: Wanted, local: Local, owner: Owner) => {
  const mirrored = owner.kind === 'private' ? undefined : local.mirrored.get(filename)
  return path === undefined || path === mirrored?.fact.path ? mirrored : undefined
}
