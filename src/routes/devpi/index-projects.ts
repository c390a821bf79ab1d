import type { Reply } from '../../http/reply.ts'
import type { JsonObject } from '../../spec/json-value.ts'
import type { Name } from '../../spec/project-name.ts'
import { envelopeHeaders, result } from './envelope.ts'

/** So many names are held and sorted at most; PyPI has 800,000. */
const mostHeld = 10_000

/** Characters of one chunk: large enough to be cheap to send, small enough to let others work. */
const chunk = 64 * 1024

/**
 * The settings of an index with its projects, sorted (devpi-api 7.2). A longer list, as PyPI's, is
 * sent while it is read, in the order in which it comes: it is never in memory as a whole.
 * @param projects called once more for a long list
 */
export const withProjects = async (
  shown: JsonObject,
  projects: () => AsyncIterable<Name>,
): Promise<Reply> => {
  const held: Name[] = []
  for await (const name of projects()) {
    held.push(name)
    if (held.length > mostHeld)
      return { status: 200, headers: envelopeHeaders, body: inPieces(shown, projects()) }
  }
  return result(200, 'indexconfig', { ...shown, projects: held.toSorted() })
}

// Byte for byte what would be made of a short list; a name needs no escaping.
const inPieces = async function* (
  shown: JsonObject,
  projects: AsyncIterable<Name>,
): AsyncGenerator<string, void> {
  const frame = { result: { ...shown, projects: [] }, type: 'indexconfig' }
  const empty = `${JSON.stringify(frame, undefined, 2)}\n`
  const place = empty.lastIndexOf('[]') + 1
  let text = empty.slice(0, place)
  let separator = ''
  for await (const name of projects) {
    text += `${separator}\n      "${name}"`
    separator = ','
    if (text.length < chunk) continue
    yield text
    text = ''
  }
  yield `${text}\n    ${empty.slice(place)}`
}
