import { HttpError } from '../../http/error.ts'
import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import type { File } from '../../spec/page.ts'
import { isSameVersion } from '../../spec/same-version.ts'
import { objectBody } from './body.ts'
import { pushElsewhere } from './push-elsewhere.ts'
import { readPushOrder, type PushOrder } from './push-order.ts'
import { pushToIndex } from './push-to-index.ts'
import { requireRead } from './reading.ts'
import { releasesOf } from './releases.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'

/** A push that is asked for, and what is to go along. */
export interface PushJob {
  readonly request: DevpiRequest
  readonly source: Opened
  readonly order: PushOrder
  /** As the release is called at the source. */
  readonly version: string
  readonly files: readonly File[]
}

/**
 * `PUSH` and `POST /USER/INDEX` with a JSON object: a release of this index alone, not of its bases,
 * goes to another index here or to another server (devpi-api 13).
 */
export const pushHandler: IndexHandler = async (request, source): Promise<Reply> => {
  requireRead(request, source)
  const order = readPushOrder(await objectBody(request.exchange))
  const job = { request, source, order, ...(await chooseRelease(source, order)) }
  return order.to.kind === 'index' ? pushToIndex(job, order.to.index) : pushElsewhere(job, order.to)
}

/**
 * What is to be pushed.
 * @throws {HttpError} 400 when there is no such release, 404 when nothing of it is asked for
 */
const chooseRelease = async (
  source: Opened,
  { title, name, version, withFiles, withDocs }: PushOrder,
): Promise<Pick<PushJob, 'version' | 'files'>> => {
  const releases = await releasesOf(source, name)
  const spelling =
    releases.has(version) ? version : [...releases.keys()].find(key => isSameVersion(key, version))
  const listed = spelling === undefined ? undefined : releases.get(spelling)
  if (spelling === undefined || listed === undefined)
    throw new HttpError(400, `there are no files for ${title} ${version} on stage ${source.name}`)
  const files = withFiles ? listed : []
  const docs = withDocs ? await source.beside.docs.get(name, spelling) : undefined
  if (files.length === 0 && docs === undefined)
    throw new HttpError(404, `no release/files found for ${title} ${version}`)
  return { version: spelling, files }
}
