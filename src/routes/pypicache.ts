import { HttpError } from '../http/error.ts'
import type { Exchange } from '../http/exchange.ts'
import { receiveForm } from '../http/form.ts'
import { receiveFile, type ReceivedFile } from '../http/receive.ts'
import { json, type Reply } from '../http/reply.ts'
import { readLegacyName } from '../spec/legacy-name.ts'
import { projectName } from '../spec/project-name.ts'
import type { GuardedHandler } from './access.ts'
import { jsonErrors } from './json-errors.ts'
import { publish, type Publishing } from './publish.ts'
import { discard } from '../disk/write.ts'
import type { Visitor } from '../accounts/access.ts'

const store = async (
  publishing: Publishing,
  exchange: Exchange,
  visitor: Visitor,
  file: ReceivedFile,
  project?: string,
): Promise<Reply> => {
  const read = readLegacyName(file.filename)
  if (read === undefined)
    throw new HttpError(400, 'the file must be named like mypackage-1.0.tar.gz')
  const { name, filename, isDevelopment } = read
  if (project !== undefined && projectName(project) !== name)
    throw new HttpError(400, `the path must name the project of the file, ${name}`)
  publishing.access.requirePublish(visitor, name)
  const announced = { name, filename, replace: isDevelopment }
  const outcome = await publish(publishing, exchange, visitor, file, announced)
  if (outcome === 'same' && !isDevelopment)
    throw new HttpError(409, `File already exists: ${filename}, with these very bytes`)
  return json(200, { uploaded: 'ok' })
}

// Of a form the other files have to go, too.
const storeAlone = async (...asked: Parameters<typeof store>): Promise<Reply> => {
  const [, , , file] = asked
  try {
    return await store(...asked)
  } finally {
    await discard(file.path)
  }
}

/**
 * `POST /uploadpackage/` of pypicache (C20, C25, C26): a form with the file as its part `sdist`,
 * or, as in its first version, the bytes themselves posted to `/uploadpackage/FILENAME`.
 */
export const uploadPackageHandler = (publishing: Publishing): GuardedHandler =>
  jsonErrors(async (exchange, rest, visitor) => {
    const { temporary, maxUpload: most } = publishing
    if (rest.length > 1) throw new HttpError(404, 'not found: no such path')
    const [filename] = rest
    if (filename !== undefined) {
      const file = await receiveFile(exchange, { temporary, most, filename })
      return storeAlone(publishing, exchange, visitor, file)
    }
    const form = await receiveForm(exchange, { temporary, most })
    try {
      const file = form.files.find(({ field }) => field === 'sdist')
      if (file === undefined) throw new HttpError(400, 'Missing package data.')
      return await store(publishing, exchange, visitor, file)
    } finally {
      await form.discard()
    }
  })

/**
 * `PUT` to the places of pypicache (C29, C31): `/packages/source/m/mypackage/FILE`,
 * `/packages/2.7/m/mypackage/FILE`, `/packages/mypackage/FILE`.
 */
export const putPackageHandler = (publishing: Publishing): GuardedHandler =>
  jsonErrors(async (exchange, rest, visitor) => {
    const [filename, project] = [rest.at(-1), rest.at(-2)]
    if (filename === undefined || project === undefined || ![2, 4].includes(rest.length))
      throw new HttpError(404, 'put it to /packages/source/m/mypackage/mypackage-1.0.tar.gz')
    const { temporary, maxUpload: most } = publishing
    const file = await receiveFile(exchange, { temporary, most, filename })
    return storeAlone(publishing, exchange, visitor, file, project)
  })
