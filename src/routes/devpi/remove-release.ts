import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import type { Stage } from '../../index/stage.ts'
import type { Filename } from '../../spec/filename.ts'
import type { Name } from '../../spec/project-name.ts'
import { noteChange } from './changed.ts'
import { message, Refusal } from './envelope.ts'
import { requireRemoval } from './removal.ts'
import { releasesOf } from './releases.ts'
import type { DevpiRequest } from './request.ts'
import { tidy } from './tidy.ts'

const notFound = (line: string): Refusal => new Refusal(404, line, { shape: 'api' })

/** `DELETE /USER/INDEX/PROJECT`: all of a project; of a mirror what it holds of it. */
export const removeProject = async (
  request: DevpiRequest,
  index: Opened,
  name: Name,
): Promise<Reply> => {
  const by = request.visitor.user
  const lasting = `project ${name} is on non-volatile index ${index.name}`
  requireRemoval(request, index, { right: 'del_project', project: name, lasting })
  const { stage, copies } = index
  const isThere =
    stage === undefined ?
      ((await copies?.forget(name, by)) ?? false)
    : (await releasesOf(index, name)).size > 0 && (await stage.erase(name, by))
  if (!isThere) throw notFound('project not found')
  await noteChange(request, { event: 'delete', index: index.name, project: name })
  return message(200, `project ${name} deleted from stage ${index.name}`)
}

const removeFiles = async (
  { beside }: Opened,
  stage: Stage,
  name: Name,
  files: readonly Filename[],
  by: string | undefined,
): Promise<void> => {
  for (const filename of files) {
    await stage.remove(name, { filename }, by)
    await beside.toxResults.remove(name, filename)
  }
}

/** `DELETE /USER/INDEX/PROJECT/VERSION`: a release with its files; of a mirror those that it holds. */
export const removeVersion = async (
  request: DevpiRequest,
  index: Opened,
  name: Name,
  version: string,
): Promise<Reply> => {
  const by = request.visitor.user
  const lasting = 'cannot delete version on non-volatile index'
  requireRemoval(request, index, { right: 'del_verdata', project: name, lasting })
  const { stage, copies, beside } = index
  const releases = await releasesOf(index, name)
  if (releases.size === 0) throw notFound(`project '${name}' not found`)
  const files = releases.get(version)?.map(({ filename }) => filename)
  if (files === undefined) throw notFound(`version '${version.slice(0, 100)}' not found`)
  if (stage === undefined) await copies?.remove(name, { version }, by)
  else {
    await removeFiles(index, stage, name, files, by)
    await beside.docs.remove(name, version)
    await beside.releases.remove(name, version)
    await tidy(index, stage, name, by)
  }
  await noteChange(request, { event: 'delete', index: index.name, project: name, version })
  return message(200, `project '${name}' version '${version}' deleted`)
}
