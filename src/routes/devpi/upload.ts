import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import type { Stage } from '../../index/stage.ts'
import { claimedRelease } from '../../spec/devpi-upload.ts'
import type { Name } from '../../spec/project-name.ts'
import { actorOf } from '../actor.ts'
import { Refusal } from './envelope.ts'
import { readForm } from './form.ts'
import { done, type Posted } from './posted.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'
import { openAgain, requireStillThere } from './still-there.ts'
import { uploadDocs } from './upload-docs.ts'
import { uploadFile } from './upload-file.ts'

const challenge = ['WWW-Authenticate', 'Basic realm="pypi"'] as const

const requireUpload = ({ visitor, sources }: DevpiRequest, index: Opened, project?: Name): void => {
  const subject = { index: index.name, config: index.config, ...(project && { project }) }
  if (sources.access.may('upload', visitor, subject)) return
  if (visitor.user === undefined)
    throw new Refusal(401, 'Unauthorized: a user name and a password are needed to upload', {
      shape: 'upload',
      headers: challenge,
    })
  throw new Refusal(403, 'no permission to submit', { shape: 'upload' })
}

const requireStage = ({ stage }: Opened): Stage => {
  if (stage !== undefined) return stage
  throw new Refusal(404, 'cannot submit to mirror index', { shape: 'upload' })
}

/** The index as it is now, since a body may take minutes. */
const asItIs = async (
  request: DevpiRequest,
  { name }: Opened,
): Promise<Pick<Posted, 'index' | 'stage' | 'admit'>> => {
  const index = await openAgain(request.sources, name)
  const admit = (project: Name) => requireUpload(request, index, project)
  return { index, stage: requireStage(index), admit }
}

const register = async ({ request, index, form, admit }: Posted): Promise<Reply> => {
  const { exchange, sources } = request
  const { name, version } = claimedRelease(form.fields)
  admit(name)
  await index.beside.releases.register(name, version, form.fields, 'reset')
  await sources.changes.note()
  const who = actorOf(exchange)
  await sources.journal.record({
    ...who,
    event: 'register',
    index: index.name,
    project: name,
    version,
  })
  return done()
}

const actions: ReadonlyMap<string, (posted: Posted) => Promise<Reply>> = new Map([
  ['submit', register],
  ['file_upload', uploadFile],
  ['doc_upload', uploadDocs],
])

/**
 * `POST /USER/INDEX/` with a form whose `:action` is `submit`, `file_upload` or `doc_upload`, as
 * devpi's client, twine, `setup.py` and other servers send them (devpi-api 12). Whether the visitor
 * may upload is judged before the body is read, and for the project when its name is known.
 */
export const uploadHandler: IndexHandler = async (request, index) => {
  const { exchange, sources } = request
  requireStage(index)
  requireUpload(request, index)
  const { maxUpload: most, layout } = sources
  const form = await readForm(exchange, { temporary: layout.temporary, most })
  try {
    // Old clients send it as a query.
    const action = form.fields.get(':action')?.[0] ?? exchange.parameter(':action') ?? ''
    const work = actions.get(action)
    if (work === undefined)
      throw new Refusal(400, `action '${action.slice(0, 100)}' not supported`, { shape: 'upload' })
    const reply = await work({ request, form, ...(await asItIs(request, index)) })
    await requireStillThere(sources, index)
    return reply
  } finally {
    await form.discard()
  }
}
