import type { ReceivedFile } from '../../http/receive.ts'
import type { Reply } from '../../http/reply.ts'
import type { DocZip } from '../../index/doc-zip.ts'
import type { Opened } from '../../index/registry.ts'
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

/** True when it is there already. Throws 409 when other documentation is, which has to stay. */
const isThere = ({ index }: Posted, before: DocZip | undefined, file: ReceivedFile): boolean => {
  if (before === undefined || index.config.volatile) return false
  if (before.sha256 === file.sha256) return true
  throw new Refusal(409, `${before.filename} already exists in non-volatile index`, {
    shape: 'upload',
  })
}

/**
 * `doc_upload`: an archive of documentation, for the release that the form names or for the newest
 * one. It takes the place of what the release had where the index is volatile.
 */
export const uploadDocs = async (posted: Posted): Promise<Reply> => {
  const { request, index, form } = posted
  const { exchange, visitor, sources } = request
  const file = contentOf(form)
  const name = claimedName(form.fields)
  posted.admit(name)
  const version = claimedVersion(form.fields) ?? (await newestOf(index, name))
  const { docs, releases } = index.beside
  if (isThere(posted, await docs.get(name, version), file))
    return done('Upload of identical file to non volatile index.')
  const { path, sha256 } = file
  const put = await docs.put({ name, version, path, sha256, by: visitor.user })
  // Who has documentation only has to be known, too.
  if ((await releases.spelling(name, version)) === undefined)
    await releases.register(
      name,
      version,
      new Map([...form.fields, ['version', [version]]]),
      'reset',
    )
  await sources.changes.note()
  if (put.outcome !== 'same')
    await sources.journal.record({
      ...actorOf(exchange),
      event: 'upload',
      index: index.name,
      project: name,
      version,
      file: put.docs.filename,
      sha256,
      ...(put.outcome === 'replaced' && { change: 'other bytes than before' }),
    })
  return done()
}
