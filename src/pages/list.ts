import type { Format } from '../http/negotiate.ts'
import type { Name } from '../spec/project-name.ts'
import { pageFoot, pageHead } from './html.ts'

/** Characters of one chunk: large enough to be cheap to send, small enough to let others work. */
const chunk = 64 * 1024

const title = 'Simple index'

interface Frame {
  readonly head: string
  readonly between: string
  readonly foot: string
  readonly item: (name: Name) => string
}

// A name in its normal form needs no escaping in either form.
const htmlFrame = (): Frame => ({
  head: pageHead(title, '1.4'),
  item: name => `<a href="${name}/">${name}</a><br>\n`,
  between: '',
  foot: pageFoot,
})

const jsonFrame = (serial: number | undefined): Frame => ({
  head: `{"meta":${JSON.stringify({ 'api-version': '1.4', '_last-serial': serial })},"projects":[`,
  item: name => `{"name":"${name}"}`,
  between: ',',
  foot: ']}',
})

/**
 * The list of all projects as text (SA-51, SA-61), in pieces of about 64 KiB: with PyPI's 800,000
 * names it is never in memory as a whole.
 */
export const renderList = async function* (
  names: AsyncIterable<Name> | Iterable<Name>,
  format: Format,
  serial?: number,
): AsyncGenerator<string, void, undefined> {
  const { head, item, between, foot } = format === 'json' ? jsonFrame(serial) : htmlFrame()
  let text = head
  let separator = ''
  for await (const name of names) {
    text += separator + item(name)
    separator = between
    if (text.length < chunk) continue
    yield text
    text = ''
  }
  yield text + foot
}
