import { Digests } from '../disk/digest.ts'
import { linkStatsOf } from '../disk/stamp.ts'
import { HttpError } from '../http/error.ts'
import type { File } from '../spec/page.ts'
import type { Name } from '../spec/project-name.ts'
import { UpstreamError } from '../upstream/client.ts'
import type { Arrival, ArrivingFile } from './arrival.ts'
import { isSameFile } from './doc-places.ts'
import { bringAlong, type BroughtAlong } from './push-extras.ts'
import type { Opened } from './registry.ts'

/** A release that is pushed from one index to another. */
export interface Push {
  readonly source: Opened
  readonly target: Opened
  readonly name: Name
  /** As the release is called at the source. */
  readonly version: string
  /** As the source's page has them. */
  readonly files: readonly File[]
  readonly withDocs: boolean
  readonly by: string | undefined
}

/** What was pushed. */
export interface Pushed extends BroughtAlong {
  /** In the order of their names. */
  readonly files: readonly ArrivingFile[]
}

/** So many files are fetched from an upstream at a time. */
const abreast = 4

/**
 * The files of a release as they lie on disk; those of a mirror are fetched.
 * @throws {HttpError} 502 when one cannot be fetched
 */
export const heldFiles = async (
  source: Opened,
  name: Name,
  files: readonly File[],
): Promise<ArrivingFile[]> => {
  const held: ArrivingFile[] = []
  const rest = files.values()
  const worker = async () => {
    for (const file of rest) held.push(await heldFile(source, name, file))
  }
  await Promise.all(Array.from({ length: abreast }, worker))
  return held.toSorted((a, b) => (a.filename < b.filename ? -1 : 1))
}

const heldFile = async (source: Opened, name: Name, file: File): Promise<ArrivingFile> => {
  const { filename, url } = file
  const kept = await source.own.fetch({ name, filename, path: url }).catch((error: unknown) => {
    if (!(error instanceof UpstreamError)) throw error
    throw new HttpError(502, error.message, { cause: error })
  })
  if (kept === undefined)
    throw new HttpError(502, `${filename} is listed on ${source.name} and cannot be fetched`)
  const { path, size, sha256 } = kept
  const stats = linkStatsOf(path)
  // Later than that: what is known now of these bytes lay there in that state.
  const local = await source.folder.of(name)
  const fact = local.uploaded.get(filename)?.fact
  const found = fact ?? local.mirrored.get(filename)?.fact ?? local.dropped.get(filename)
  if (stats === undefined || found?.sha256 !== sha256)
    throw new HttpError(503, `${filename} was changed meanwhile: push it again`)
  const isForeign = local.dropped.has(filename)
  return { filename, path, stats, size, sha256, file, fact, isForeign }
}

/**
 * Pushes a release to another index: there all of its files are there at one moment, or none of
 * them. What belongs to it besides follows at once, and is made good should it be broken off.
 * @throws {HttpError} 409 when something there does not give way, and nothing has changed; 502 when a
 * mirrored file cannot be fetched
 * @param told called when it is there, while it is made durable
 */
export const pushRelease = async (
  push: Push,
  told: (pushed: Pushed) => Promise<unknown> = async () => {},
): Promise<Pushed> => {
  const { source, target, name, version, withDocs, by } = push
  if (target.stage === undefined) throw new HttpError(405, `${target.name} is a mirror`)
  const files = await heldFiles(source, name, push.files)
  const check = () => requireNoDocs(push)
  const arrival: Arrival = { name, version, source: source.layout, by, withDocs, files, check }
  return target.stage.take(arrival, {
    async bring(record, wave) {
      const options = { durable: wave }
      return { ...(await bringAlong(source.beside, target.beside, name, record, options)), files }
    },
    told: pushed => Promise.all([rememberLinks(source, name, files), told(pushed)]),
  })
}

const requireNoDocs = async (push: Push): Promise<void> => {
  const { source, target, name, version, withDocs } = push
  if (!withDocs || target.config.volatile) return
  if ((await source.beside.docs.get(name, version)) === undefined) return
  const there = await target.beside.docs.get(name, version)
  if (there !== undefined)
    throw new HttpError(409, `${there.filename} already exists in non-volatile index`)
}

/** Another link changes the state of a file, but none of its bytes: they need not be hashed again. */
const rememberLinks = async (
  { layout }: Opened,
  name: Name,
  files: readonly ArrivingFile[],
): Promise<void> => {
  const digests = new Digests(layout)
  for (const { filename, path, sha256, stats: before } of files) {
    const stats = linkStatsOf(path)
    if (stats !== undefined && isSameFile(stats, before))
      await digests.remember(name, filename, stats, sha256)
  }
}
