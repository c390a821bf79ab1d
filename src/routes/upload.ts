import { HttpError } from '../http/error.ts'
import { receiveForm, type Form } from '../http/form.ts'
import type { ReceivedFile } from '../http/receive.ts'
import { notAllowed, text, type Reply } from '../http/reply.ts'
import { readClaims } from '../spec/upload.ts'
import type { GuardedHandler } from './access.ts'
import { publish, type Publishing } from './publish.ts'

const register = new Set(['submit', 'submit_pkg_info', 'verify'])

/**
 * The legacy upload API, the only one in use (protocols section 3), as twine, uv, poetry, pdm, flit,
 * hatch, maturin and `setup.py upload` speak it. Rights are judged before the body is read, and for
 * the project when its name is known.
 */
export const uploadHandler =
  (publishing: Publishing): GuardedHandler =>
  async (exchange, rest, visitor) => {
    if (rest.length > 0) return notAllowed('GET, HEAD, OPTIONS')
    const { access, temporary, maxUpload } = publishing
    const form = await receiveForm(exchange, { temporary, most: maxUpload })
    try {
      const done = judgeAction(form)
      if (done !== undefined) return done
      const file = contentOf(form)
      const claims = readClaims(form.fields, file.filename)
      access.requirePublish(visitor, claims.name)
      const outcome = await publish(publishing, exchange, visitor, file, claims)
      return text(200, outcome === 'same' ? `${claims.filename} is here already` : 'OK')
    } finally {
      await form.discard()
    }
  }

// Old clients send it as a query, and some do not send it at all.
const judgeAction = ({ fields }: Form): Reply | undefined => {
  const action = fields.get(':action')?.[0] ?? 'file_upload'
  if (action === 'file_upload') return undefined
  // What `setup.py register` wants done is done: here a project needs no registration.
  if (register.has(action)) return text(200, 'nothing to register: upload the files')
  if (action === 'doc_upload')
    throw new HttpError(410, 'documentation is not taken here: upload distributions')
  throw new HttpError(400, 'this :action is unknown: use file_upload')
}

const contentOf = ({ files }: Form): ReceivedFile => {
  const [file, ...more] = files.filter(({ field }) => field === 'content')
  if (file === undefined)
    throw new HttpError(400, 'the form has no file: send it as the part named content')
  if (more.length > 0 || files.length > 2)
    throw new HttpError(400, 'the form has more than one file: send them one by one')
  return file
}
