import { HttpError } from '../../http/error.ts'
import type { Reply } from '../../http/reply.ts'
import type { ArrivingFile } from '../../index/arrival.ts'
import { heldFiles } from '../../index/push.ts'
import { releaseMetadata } from '../../index/release-metadata.ts'
import { packageType } from '../../spec/package-type.ts'
import { matches } from '../../spec/pattern.ts'
import { pythonVersion } from '../../spec/python-version.ts'
import { versionDataOf, type VersionData } from '../../spec/version-data.ts'
import { withoutCredentials } from '../../upstream/credentials.ts'
import {
  publishElsewhere,
  type Publishing,
  type PublishedFile,
  type Report,
} from '../../upstream/publish.ts'
import { actorOf } from '../actor.ts'
import { result } from './envelope.ts'
import { pathOf } from './links.ts'
import type { PushJob } from './push.ts'
import type { PushOrder } from './push-order.ts'

type Elsewhere = Extract<PushOrder['to'], { readonly kind: 'elsewhere' }>

/**
 * Publishes a release at another server, with credentials that are used for this and then forgotten.
 * Only users whom we know may send our server somewhere (fault P23).
 * @throws {HttpError} 401, 403, 502 when a mirrored file cannot be fetched
 */
export const pushElsewhere = async (job: PushJob, to: Elsewhere): Promise<Reply> => {
  requireUser(job)
  const { request, source, order, version } = job
  const { url, username, password, register } = to
  const held = await heldFiles(source, order.name, job.files)
  const docs = order.withDocs ? await source.beside.docs.get(order.name, version) : undefined
  const publishing: Publishing = {
    url,
    credentials: { username, password },
    name: order.title,
    version,
    fields: fieldsOf(await metadataOf(job)),
    files: await publishedFiles(job, held),
    docs: docs && { path: docs.path, size: docs.size, name: `${order.title}.zip` },
    register,
  }
  const report = await publishElsewhere(request.sources.poster, publishing)
  await record(job, url, report)
  return result(report.isDone ? 200 : 502, 'actionlog', report.steps)
}

const requireUser = ({ request: { visitor }, order }: PushJob): void => {
  if (visitor.user === undefined)
    throw new HttpError(401, 'only users may push to another server: log in first')
  const { limit } = visitor
  if (limit !== undefined && !limit.some(pattern => matches(pattern, order.name)))
    throw new HttpError(403, `this token of ${visitor.user} may not push ${order.name}`)
}

/** What was registered of the release; of what the form did not tell, what its files tell. */
const metadataOf = async (
  { source, order, version }: PushJob,
  files: PushJob['files'] = [],
): Promise<VersionData> => {
  const registered = await source.beside.releases.get(order.name, version)
  const told = versionDataOf(await releaseMetadata(source.own, order.name, files))
  const given = Object.entries({ ...registered, name: registered?.name ?? '', version })
  return {
    ...told,
    ...(told.name === '' && { name: order.title }),
    ...(Object.fromEntries(given.filter(([, value]) => value.length > 0)) as Partial<VersionData>),
  }
}

// Newer servers call some differently; each passes over what it does not know.
const synonyms: ReadonlyMap<string, string> = new Map([
  ['provides_extras', 'provides_extra'],
  ['license_file', 'license_files'],
])

const fieldsOf = (data: VersionData): (readonly [string, string])[] =>
  Object.entries(data).flatMap(([key, value]) => {
    const values = typeof value === 'string' ? [value].filter(text => text !== '') : value
    const names = [key, synonyms.get(key)].filter(name => name !== undefined)
    return names.flatMap(name => values.map(text => [name, text] as const))
  })

const publishedFiles = async (
  job: PushJob,
  held: readonly ArrivingFile[],
): Promise<PublishedFile[]> => {
  const published: PublishedFile[] = []
  for (const { filename, path, size, sha256, file } of held)
    published.push({
      name: filename,
      path,
      size,
      sha256,
      label: pathOf(job.source, file).replaceAll('%2B', '+'),
      type: packageType(filename),
      pyversion: pythonVersion(filename),
      fields: fieldsOf(await metadataOf(job, [file])),
    })
  return published
}

const record = async (
  { request, source, order, version }: PushJob,
  url: URL,
  { steps }: Report,
): Promise<void> => {
  const outcome = steps.map(([status]) => status).join(' ')
  await request.sources.journal.record({
    ...actorOf(request.exchange),
    event: 'push',
    index: source.name,
    project: order.name,
    version,
    change: `to ${withoutCredentials(url)}: ${outcome}`,
  })
}
