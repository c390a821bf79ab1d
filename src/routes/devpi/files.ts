import { file as fileReply, type Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import { rootIndex } from '../../spec/index-name.ts'
import { askedBy, FileAnswers } from '../file-answers.ts'
import { found, result } from './envelope.ts'
import { externalUrl } from './external.ts'
import { besideAt, openBeside } from './file-beside.ts'
import { fileMeta } from './file-meta.ts'
import { noFile, whyNot } from './file-missing.ts'
import { filePlace, type FilePlace } from './file-place.ts'
import { reading } from './reading.ts'
import { removeFile } from './remove-file.ts'
import type { DevpiRequest, IndexHandler } from './request.ts'

const answersOf = new WeakMap<Opened, FileAnswers>()

const answersFor = ({ sources }: DevpiRequest, index: Opened): FileAnswers => {
  const known = answersOf.get(index)
  if (known !== undefined) return known
  const place = index.name === rootIndex ? undefined : index.name
  const made = new FileAnswers(sources.journal, sources.ahead, place)
  answersOf.set(index, made)
  return made
}

const distribution = async (
  request: DevpiRequest,
  index: Opened,
  rest: readonly string[],
): Promise<Reply | undefined> => {
  const { exchange } = request
  const answers = answersFor(request, index)
  const known = await answers.again(exchange)
  if (known !== undefined) return known
  const asked = askedBy(rest, segments => filePlace(index.name, segments)?.wanted ?? [])
  return answers.find(exchange, index.own, asked)
}

const bytesBeside = async (index: Opened, place: FilePlace): Promise<Reply | undefined> => {
  const found = await besideAt(index, place)
  const resource = found && (await openBeside(index, found))
  return resource && fileReply(resource, 'hit')
}

const answer = async (
  request: DevpiRequest,
  index: Opened,
  rest: readonly string[],
): Promise<Reply> => {
  const place = filePlace(index.name, rest)
  if (place === undefined) throw noFile()
  // Who would rather be told of a file than have it (devpi-api 11).
  const wantsMeta = (request.exchange.header('accept') ?? '').includes('application/json')
  const meta = wantsMeta ? await fileMeta(index, place) : undefined
  if (meta !== undefined) return result(200, 'releasefilemeta', meta)
  const elsewhere = await externalUrl(index, place)
  if (elsewhere !== undefined) return found(elsewhere)
  const reply = (await distribution(request, index, rest)) ?? (await bytesBeside(index, place))
  if (reply === undefined) throw await whyNot(index, place)
  return reply
}

/**
 * Everything below `+f` and `+e` of an index: distributions with their core metadata, documentation,
 * test results; what is known of them for who accepts `application/json`; their deletion (devpi-api
 * 11 and 15). What an index inherits lies below the index that has it.
 */
export const fileHandler: IndexHandler = (request, index, rest) =>
  request.exchange.method === 'DELETE' ?
    removeFile(request, index, rest)
  : reading(request, index, () => answer(request, index, rest))
