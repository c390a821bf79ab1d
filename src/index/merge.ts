import type { Log } from '../log.ts'
import type { Filename } from '../spec/filename.ts'
import { makePage, type File, type Page } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import type { HeldPage } from '../upstream/page-store.ts'
import type { Source } from './index.ts'
import { ownFiles, type Local } from './local.ts'
import type { Mirror } from './mirror.ts'
import type { Owner } from './ownership.ts'

/** The upstream that has a project, and its page. */
export interface Listed {
  readonly mirror: Mirror
  readonly held: HeldPage
  readonly source: Source
}

/** Everything that is known of a project at one moment. */
export interface View {
  readonly local: Local
  readonly owner: Owner
  readonly listed: Listed | undefined
  /** Upstream could not be asked, and only what lies here is listed. */
  readonly cutOff: boolean
}

const note = (text: string | undefined) => (text === undefined ? {} : { others: { _note: text } })

/**
 * The page of a project from upstream's page and the local files. Mirrored files that upstream has
 * deleted stay, a local file wins over upstream's of the same name, and a private project has its
 * uploaded and dropped files alone.
 * @param offline list only what is held
 */
export const mergedPage = async (
  name: Name,
  view: View,
  offline: boolean,
  log: Log,
): Promise<Page> => {
  const { local, owner, listed, cutOff } = view
  const own = ownFiles(local)
  if (owner.kind === 'private') return makePage(name, own, note(owner.reason))
  const kept: File[] = []
  for (const { fact } of local.mirrored.values())
    if (listed === undefined || fact.upstream === listed.mirror.name)
      kept.push({ ...fact.file, url: fact.path })
  if (listed === undefined)
    return makePage(
      name,
      [...kept, ...own],
      cutOff ? note('upstream cannot be asked: only held files are listed') : {},
    )
  const page = await listed.held.page()
  if (listed.held.head.quarantined === true) return { ...page, files: [] }
  const files = merge(
    name,
    await listed.mirror.files(name, listed.held),
    byName(kept),
    byName(own),
    offline,
    log,
  )
  const { meta, name: _name, files: _files, versions, 'project-status': status, ...others } = page
  const { '_last-serial': serial, ...otherMeta } = meta
  return makePage(name, files, {
    meta: otherMeta,
    serial,
    status,
    // Upstream's list of versions is right only for exactly its files.
    versions: sameNames(files, page.files) ? versions : undefined,
    others,
  })
}

const byName = (files: readonly File[]): Map<Filename, File> =>
  new Map(files.map(file => [file.filename, file]))

const sameNames = (a: readonly File[], b: readonly File[]): boolean =>
  a.length === b.length && a.every((file, index) => file.filename === b[index]?.filename)

const merge = (
  name: Name,
  listed: readonly File[],
  kept: ReadonlyMap<Filename, File>,
  own: ReadonlyMap<Filename, File>,
  offline: boolean,
  log: Log,
): File[] => {
  const names = new Set<Filename>()
  const merged: File[] = []
  for (const file of listed) {
    const { filename } = file
    names.add(filename)
    const [local, held] = [own.get(filename), kept.get(filename)]
    if (offline && local === undefined && held === undefined) continue
    const best = better(file, held, local)
    if (best === held && held !== undefined)
      log.warn('upstream lists other bytes than before under this name, ours stay', {
        project: name,
        file: filename,
      })
    merged.push(best)
  }
  for (const file of [...kept.values(), ...own.values()]) {
    if (names.has(file.filename)) continue
    names.add(file.filename)
    merged.push(file)
  }
  return merged
}

/** Of the files of one name, the one to list: where the bytes are equal upstream's, which tells most. */
const better = (file: File, held: File | undefined, own: File | undefined): File => {
  const listed = file.hashes['sha256']
  if (own !== undefined) return own.hashes['sha256'] === listed ? file : own
  const sha256 = held?.hashes['sha256']
  if (held === undefined || sha256 === undefined) return file
  if (listed === undefined)
    return { ...file, ...sizeOf(held), hashes: { ...file.hashes, sha256 }, ...metadataOf(held) }
  if (listed !== sha256) return held
  return { ...file, ...sizeOf(held), ...(file['core-metadata'] === true && metadataOf(held)) }
}

const sizeOf = ({ size }: File): Partial<File> => (size === undefined ? {} : { size })

const metadataOf = (file: File): Partial<File> =>
  file['core-metadata'] === undefined ? {} : { 'core-metadata': file['core-metadata'] }
