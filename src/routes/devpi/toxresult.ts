import { receiveBytes } from '../../http/receive-bytes.ts'
import type { Reply } from '../../http/reply.ts'
import { ownFile } from '../../index/local.ts'
import type { Opened } from '../../index/registry.ts'
import type { Tested } from '../../index/tox-result.ts'
import { fileVersion } from '../../spec/filename.ts'
import type { Name } from '../../spec/project-name.ts'
import { noteChange } from './changed.ts'
import { Refusal, result } from './envelope.ts'
import { filePlace } from './file-place.ts'
import { requireRead } from './reading.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'
import { requireStillThere } from './still-there.ts'

/** Largest result, in bytes: of many environments with the output of each command some hundred thousand. */
const most = 8 * 1024 * 1024

// What the client shows to whoever has run the tests.
const forbidden =
  'No permission to upload tox results. You can use the devpi test --no-upload option to skip the upload.'

const requireRight = (
  { visitor, sources }: DevpiRequest,
  { name: index, config }: Opened,
  project?: Name,
): void => {
  if (!sources.access.may('toxresult_upload', visitor, { index, config, project }))
    throw new Refusal(403, forbidden, { shape: 'api' })
}

/** The release file at a place, if these very bytes lie there. */
const testedAt = async (
  { name: index, folder }: Opened,
  rest: readonly string[],
): Promise<Tested | undefined> => {
  const place = filePlace(index, rest)
  if (place?.digest === undefined) return undefined
  for (const { name, filename } of place.wanted) {
    const sha256 = ownFile(await folder.of(name), filename)?.hashes['sha256']
    if (sha256?.startsWith(place.digest) === true) return { name, filename, sha256 }
  }
  return undefined
}

const requireTested = async (index: Opened, rest: readonly string[]): Promise<Tested> => {
  const tested = await testedAt(index, rest)
  if (tested !== undefined) return tested
  throw new Refusal(404, `no such release file on ${index.name}`, { shape: 'api' })
}

const requireJson = (body: Buffer): void => {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new Refusal(400, 'the test result is not JSON', { shape: 'api' })
  }
}

const add = async (
  request: DevpiRequest,
  index: Opened,
  rest: readonly string[],
): Promise<Reply> => {
  requireRead(request, index)
  requireRight(request, index)
  if (index.stage === undefined)
    throw new Refusal(405, `${index.name} is a mirror, which takes no test results`, {
      shape: 'api',
    })
  requireRight(request, index, (await requireTested(index, rest)).name)
  const body = await receiveBytes(request.exchange, most)
  requireJson(body)
  // Once more, since the body may take a while.
  const tested = await requireTested(index, rest)
  const { name, filename } = tested
  const kept = await index.beside.toxResults.add(tested, body, request.visitor.user)
  await requireStillThere(request.sources, index)
  await noteChange(request, {
    event: 'toxresult',
    index: index.name,
    project: name,
    version: fileVersion(name, filename),
    file: kept.filename,
    sha256: kept.sha256,
  })
  const path = kept.url.replaceAll('%2B', '+')
  return result(200, 'toxresultpath', `${path}#sha256=${kept.sha256}`)
}

/**
 * `POST` to a release file: keeps a result of testing it, its bytes as they are (devpi-api 14). They
 * are then found where the file is, and served with the other files below `+f`.
 */
export const toxHandler: IndexHandler = (request, index, rest) => add(request, index, rest)
