import type { ReceivedFile } from '../../http/receive.ts'
import type { Reply } from '../../http/reply.ts'
import type { NewDocs, PutDocs } from '../../index/doc-zip.ts'
import type { Opened } from '../../index/registry.ts'
import { ConflictError } from '../../index/upload.ts'
import { claimedName, claimedVersion } from '../../spec/devpi-upload.ts'
import { newestFirst } from '../../spec/newest-first.ts'
import type { Name } from '../../spec/project-name.ts'
import { actorOf } from '../actor.ts'
import { Refusal } from './envelope.ts'
import { done, type Posted } from './posted.ts'
import { releasesOf } from './releases.ts'
import { contentOf } from './upload-file.ts'

/** The release that documentation without a version belongs to: the newest on this index. */
const newestOf = async (index: Opened, name: Name): Promise<string> => {
  const [newest] = newestFirst((await releasesOf(index, name)).keys())
  if (newest !== undefined) return newest
  throw new Refusal(400, `doczip has no version and '${name}' has no releases to derive one from`, {
    shape: 'upload',
  })
}

const put = async (
  { request, index }: Posted,
  { path, sha256 }: ReceivedFile,
  release: Pick<NewDocs, 'name' | 'version'>,
): Promise<PutDocs> => {
  const { volatile: replace } = index.config
  const by = request.visitor.user
  try {
    return await index.beside.docs.put({ ...release, path, sha256, by, replace })
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const there = await index.beside.docs.get(release.name, release.version)
    const what = there?.filename ?? 'other documentation'
    throw new Refusal(409, `${what} already exists in non-volatile index`, {
      shape: 'upload',
      cause: error,
    })
  }
}

/**
 * `doc_upload`: an archive of documentation, for the release that the form names or for the newest
 * one. It takes the place of what the release had where the index is volatile.
 */
export const uploadDocs = async (posted: Posted): Promise<Reply> => {
  const { request, index, form } = posted
  const { exchange, sources } = request
  const file = contentOf(form)
  const name = claimedName(form.fields)
  posted.admit(name)
  const version = claimedVersion(form.fields) ?? (await newestOf(index, name))
  const { releases } = index.beside
  const { docs, outcome } = await put(posted, file, { name, version })
  if (outcome === 'same' && !index.config.volatile)
    return done('Upload of identical file to non volatile index.')
  // Who has documentation only has to be known, too.
  if ((await releases.spelling(name, version)) === undefined)
    await releases.register(
      name,
      version,
      new Map([...form.fields, ['version', [version]]]),
      'reset',
    )
  await sources.changes.note()
  if (outcome !== 'same')
    await sources.journal.record({
      ...actorOf(exchange),
      event: 'upload',
      index: index.name,
      project: name,
      version,
      file: docs.filename,
      sha256: docs.sha256,
      ...(outcome === 'replaced' && { change: 'other bytes than before' }),
    })
  return done()
}
