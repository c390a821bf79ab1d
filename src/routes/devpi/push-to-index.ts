import { HttpError } from '../../http/error.ts'
import type { Reply } from '../../http/reply.ts'
import { pushRelease, type Pushed } from '../../index/push.ts'
import type { Opened } from '../../index/registry.ts'
import type { IndexName } from '../../spec/index-name.ts'
import { hashedPath } from '../../spec/places.ts'
import { actorOf } from '../actor.ts'
import { baseForOthers } from './base.ts'
import { result } from './envelope.ts'
import type { PushJob } from './push.ts'
import { requireStillThere } from './still-there.ts'

/**
 * Pushes a release to another index here.
 * @throws {HttpError} 404, 401 and 409 with devpi's words, 502 when a mirrored file cannot be fetched
 */
export const pushToIndex = async (job: PushJob, name: IndexName): Promise<Reply> => {
  const { request, source, order, version, files } = job
  const { sources, visitor } = request
  const target = await sources.registry.open(name)
  if (target === undefined) throw new HttpError(404, `the index ${name} does not exist`)
  requireUpload(job, target)
  const { name: project, withDocs } = order
  const push = { source, target, name: project, version, files, withDocs, by: visitor.user }
  const pushed = await pushRelease(push, pushed =>
    Promise.all([sources.changes.note(), record(job, target, pushed)]),
  )
  await requireStillThere(sources, target)
  await tell(job, target, pushed)
  return answerOf(stepsOf(job, target, pushed), pushed)
}

// Of what did not arrive, the status tells as well, like that of a push to another server.
const answerOf = (steps: readonly unknown[], { docsInTheWay }: Pushed): Reply =>
  docsInTheWay === undefined ?
    result(200, 'actionlog', steps)
  : result(
      409,
      'actionlog',
      steps,
      `${docsInTheWay} came to the non-volatile index meanwhile and stays: the documentation was not pushed, all else was`,
    )

// devpi's status for whoever it is, and its way to say that it is nobody.
const requireUpload = ({ request, order }: PushJob, { name: index, config }: Opened): void => {
  const { sources, visitor } = request
  if (sources.access.may('upload', visitor, { index, config, project: order.name })) return
  const who = visitor.user === undefined ? 'None' : `'${visitor.user}'`
  throw new HttpError(401, `user ${who} cannot upload to '${index}'`)
}

const relativePath = ({ name }: Opened, sha256: string, filename: string): string =>
  hashedPath(name, sha256, filename).replaceAll('%2B', '+')

const stepsOf = (
  { order: { title }, version }: PushJob,
  target: Opened,
  { files, toxResults, docs, docsInTheWay }: Pushed,
): unknown[] => [
  [200, 'register', title, version, '->', target.name],
  ...files.flatMap(({ filename, sha256 }) => [
    [200, 'store_releasefile', relativePath(target, sha256, filename)],
    ...(toxResults.get(filename) ?? []).map(({ url }) => [
      200,
      'store_toxresult',
      url.replaceAll('%2B', '+'),
    ]),
  ]),
  ...(docs === undefined ? [] : [[200, 'store_doczip', title, version, '->', target.name]]),
  ...(docsInTheWay === undefined ? [] : [[409, 'store_doczip', title, version, '->', target.name]]),
]

const record = (
  { request, source, order, version }: PushJob,
  { name: index }: Opened,
  { files, docs }: Pushed,
): Promise<void> =>
  request.sources.journal.record(
    ...(docs === undefined ? files : [...files, docs]).map(({ filename, sha256 }) => ({
      ...actorOf(request.exchange),
      event: 'push' as const,
      index,
      project: order.name,
      version,
      file: filename,
      sha256,
      change: `from ${source.name}`,
    })),
  )

const tell = async (
  { request, source, order, version }: PushJob,
  target: Opened,
  { files }: Pushed,
): Promise<void> => {
  const { sources, visitor } = request
  if (files.length === 0) return
  await sources.hooks.pushed({
    index: target.name,
    config: target.config,
    project: order.name,
    version,
    files: files.map(({ filename, sha256, size }) => ({
      filename,
      path: hashedPath(target.name, sha256, filename),
      sha256,
      size,
    })),
    user: visitor.user,
    base: baseForOthers(request),
    source: source.name,
  })
}
