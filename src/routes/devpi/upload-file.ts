import type { Form } from '../../http/form.ts'
import type { ReceivedFile } from '../../http/receive.ts'
import type { Reply } from '../../http/reply.ts'
import type { Outcome } from '../../index/stage.ts'
import { ConflictError } from '../../index/upload.ts'
import { readDevpiClaims, type DevpiClaims } from '../../spec/devpi-upload.ts'
import { hashedPath } from '../../spec/places.ts'
import { publish, type Place } from '../publish.ts'
import { baseForOthers } from './base.ts'
import { Refusal } from './envelope.ts'
import { done, type Posted } from './posted.ts'

/**
 * The one file of a form.
 * @throws {Refusal} 400
 */
export const contentOf = ({ files }: Form): ReceivedFile => {
  const [file, ...more] = files.filter(({ field }) => field === 'content')
  if (file === undefined)
    throw new Refusal(400, 'content file field not found', { shape: 'upload' })
  if (more.length > 0)
    throw new Refusal(400, 'the form has more than one file: send them one by one', {
      shape: 'upload',
    })
  return file
}

const store = async (
  { request, index, stage }: Posted,
  file: ReceivedFile,
  claims: DevpiClaims,
  along: NonNullable<Place['along']>,
): Promise<Outcome> => {
  const { exchange, visitor, sources } = request
  const where = { stage, journal: sources.journal, index: index.name }
  const place: Place = { ...where, takesAnySources: true, along }
  try {
    return await publish(place, exchange, visitor, file, claims)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    throw new Refusal(409, `${claims.filename} already exists in non-volatile index`, {
      shape: 'upload',
      cause: error,
    })
  }
}

const tell = async (
  { request, index }: Posted,
  { sha256, size }: ReceivedFile,
  { name, version, filename }: DevpiClaims,
): Promise<void> => {
  const { visitor, sources } = request
  await sources.hooks.uploaded({
    index: index.name,
    config: index.config,
    project: name,
    version,
    files: [{ filename, path: hashedPath(index.name, sha256, filename), sha256, size }],
    user: visitor.user,
    base: baseForOthers(request),
  })
}

/**
 * `file_upload`: what the form tells of the release is kept beside the file. A volatile index takes
 * other bytes in place of those of the same name, any other refuses them; of the same bytes it says
 * so, and changes nothing.
 */
export const uploadFile = async (posted: Posted): Promise<Reply> => {
  const { request, index, form } = posted
  const file = contentOf(form)
  const claims = readDevpiClaims(form.fields, file.filename)
  const { name, version } = claims
  posted.admit(name)
  const isAsItWas = (outcome: Outcome) => outcome === 'same' && !index.config.volatile
  const outcome = await store(posted, file, claims, async (outcome, wave) => {
    if (isAsItWas(outcome)) return
    // Of a release that is known a form with fewer fields takes nothing away.
    const options = { durable: wave }
    await Promise.all([
      index.beside.releases.register(name, version, form.fields, 'update', options),
      request.sources.changes.note(),
    ])
  })
  if (isAsItWas(outcome)) return done('Upload of identical file to non volatile index.')
  if (outcome !== 'same') await tell(posted, file, claims)
  return done()
}
