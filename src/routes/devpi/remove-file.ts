import { forget } from '../../disk/write.ts'
import type { Reply } from '../../http/reply.ts'
import { ownFile } from '../../index/local.ts'
import type { Opened } from '../../index/registry.ts'
import { fileVersion } from '../../spec/filename.ts'
import type { File } from '../../spec/page.ts'
import type { Name } from '../../spec/project-name.ts'
import { noteChange } from './changed.ts'
import { message, Refusal } from './envelope.ts'
import { besideAt, type FileBeside } from './file-beside.ts'
import { filePlace, type FilePlace } from './file-place.ts'
import { isGone } from './file-missing.ts'
import { pathOf } from './links.ts'
import { requireRemoval } from './removal.ts'
import type { DevpiRequest } from './request.ts'
import { tidy } from './tidy.ts'

const lasting = 'cannot delete version on non-volatile index'

/** A distribution that lies at a place, of this index's own, or held by this mirror. */
const fileAt = async (
  index: Opened,
  { wanted }: FilePlace,
): Promise<{ name: Name; file: File } | undefined> => {
  for (const { name, filename, path } of wanted) {
    const local = await index.folder.of(name)
    const mirrored = index.stage === undefined ? local.mirrored.get(filename)?.fact : undefined
    const file = mirrored ? { ...mirrored.file, url: mirrored.path } : ownFile(local, filename)
    if (file !== undefined && pathOf(index, file) === path) return { name, file }
  }
  return undefined
}

/** Deletes a distribution: of a mirror what is held, and its project with the last one. */
const removeOne = async (
  { visitor }: DevpiRequest,
  index: Opened,
  name: Name,
  { filename, hashes }: File,
): Promise<void> => {
  const { stage, copies } = index
  if (stage === undefined) {
    await copies?.remove(name, { filename }, visitor.user)
    if ((await index.folder.of(name)).mirrored.size === 0) await copies?.forget(name, visitor.user)
    return
  }
  await stage.remove(name, { filename }, visitor.user)
  await index.beside.toxResults.remove(name, filename, hashes['sha256'])
}

const removeBeside = async (index: Opened, { kind, name, it }: FileBeside): Promise<void> => {
  if (kind === 'docs') await index.beside.docs.remove(name, it.version)
  else await forget(it.path)
}

/** `DELETE` below `+f` and `+e`: a distribution with its test results, documentation, or one result. */
export const removeFile = async (
  request: DevpiRequest,
  index: Opened,
  rest: readonly string[],
): Promise<Reply> => {
  const { visitor } = request
  const relative = `${index.name}/${rest.join('/')}`
  requireRemoval(request, index, { right: 'del_entry', lasting })
  const place = filePlace(index.name, rest)
  const lying = place && (await fileAt(index, place))
  const found = place && lying === undefined ? await besideAt(index, place) : undefined
  const name = lying?.name ?? found?.name
  if (place === undefined || name === undefined) {
    if (place !== undefined && (await isGone(index, place)))
      throw new Refusal(410, `file '${relative}' existed, deleted in later serial`, {
        shape: 'mixed',
      })
    throw new Refusal(404, `package '${relative}' doesn't exist`, { shape: 'mixed' })
  }
  // Once more, now that it is known which project a token would have to be for.
  requireRemoval(request, index, { right: 'del_entry', project: name, lasting })
  if (lying !== undefined) await removeOne(request, index, name, lying.file)
  else if (found !== undefined) await removeBeside(index, found)
  if (index.stage !== undefined) await tidy(index, index.stage, name, visitor.user)
  await noteChange(request, {
    event: 'delete',
    index: index.name,
    project: name,
    ...(lying !== undefined && { version: fileVersion(name, lying.file.filename) }),
    file: place.filename,
  })
  return message(200, `package '${relative}' deleted`)
}
