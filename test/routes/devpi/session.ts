/**
 * A recorded session of devpi's own client with devpi-server 6.19.1, from `devpi use` to the deletion of
 * all that it made, replayed request for request: our answers must say what devpi's said.
 */
import { readFile } from 'node:fs/promises'
import t, { type Test as TapTest } from 'tap'
import { docZip } from '../../fixtures/beside.ts'
import { DevpiClient, devpiAuth, type DevpiAnswer, type DevpiJson } from '../../fixtures/devpi.ts'
import { makeSdist, makeWheel } from '../../fixtures/dist.ts'
import { basic, digestOf, multipart, type Parts } from '../../fixtures/publishing.ts'
import { startReceiver } from '../../fixtures/receiver.ts'
import { serve, upstreamAt } from '../../fixtures/serve.ts'
import { startUpstream } from '../../fixtures/upstream.ts'

/** A request of the client, and what devpi answered. */
interface Exchanged {
  readonly command: string
  readonly method: string
  readonly path: string
  readonly agent: string
  readonly accept: string
  readonly user?: string
  readonly via?: 'x-devpi-auth' | 'authorization'
  readonly body?: unknown
  readonly form?: readonly (readonly [name: string, value: string | { readonly file: string }])[]
  readonly status: number
  readonly answer?: DevpiJson
}

const session = new URL('../../fixtures/devpi-session.jsonl', import.meta.url)

const described = { name: 'hello-dv', version: '1.0', requiresPython: '>=3.6' }
const files = new Map([
  ['hello-dv-1.0.tar.gz', makeSdist(described).bytes],
  ['hello_dv-1.0-py3-none-any.whl', makeWheel({ ...described, tag: 'py3-none-any' }).bytes],
  ['hello-dv-1.0.doc.zip', docZip()],
])
const six = makeWheel({ name: 'six', version: '1.17.0' })

/** What stands in the recording for what differs from server to server. */
const digests = new Map([
  ['SDIST', digestOf(files.get('hello-dv-1.0.tar.gz') as Buffer)],
  ['WHEEL', digestOf(files.get('hello_dv-1.0-py3-none-any.whl') as Buffer)],
  ['DOCS', digestOf(files.get('hello-dv-1.0.doc.zip') as Buffer)],
  ['SIX', digestOf(six.bytes)],
])

const filled = (line: string, words: ReadonlyMap<string, string>): string => {
  let text = line
  for (const [word, value] of words) text = text.replaceAll(`{${word}}`, value)
  for (const [word, digest] of digests)
    text = text
      .replaceAll(`{${word}/PATH}`, `${digest.slice(0, 3)}/${digest.slice(3, 16)}`)
      .replaceAll(`{${word}}`, digest)
  return text
}

interface Link {
  readonly rel: string
  readonly href: string
}

const inOrder = (key: string, value: unknown): unknown =>
  key === '+links' && Array.isArray(value) ?
    value.toSorted((a: Link, b: Link) => (a.rel + a.href < b.rel + b.href ? -1 : 1))
  : value

/** The same text for what may differ: times, logins, digests of what holds some, the order of links. */
const settled = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null)
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
      .replaceAll(/"when":\[[\d,]*\]/g, '"when":"TIME"')
      .replaceAll(/toxresult-\d{14}-/g, 'toxresult-TIME-')
      .replaceAll(/"password":"[^"]*"/g, '"password":"TOKEN"')
      .replaceAll(/"hashes":\{"sha256":"[^"]*"\},"href":"[^"]*toxresult-/g, '"href":"toxresult-')
      .replaceAll(/"hash_spec":"[^"]*","href":"toxresult-/g, '"href":"toxresult-')
      .replaceAll(/(?<=TIME-\d#sha256=)[^"]*/g, 'DIGEST'),
    inOrder,
  )

/** What a client takes from a simple page; where files lie may differ. */
const listed = ({ files = [] }: Simple) =>
  files.map(file => [file.filename, file.hashes, file['requires-python']])

interface Simple {
  readonly files?: readonly Readonly<Record<string, unknown>>[]
}

const compare = (
  t: TapTest,
  { json }: DevpiAnswer,
  { path, answer }: Exchanged,
  title: string,
): void => {
  if (answer === undefined) return
  const { message = '', ...others } = answer
  if (path.includes('+simple')) t.same(listed(json as Simple), listed(answer as Simple), title)
  else if (answer.type === 'status')
    t.same(
      Object.keys(answer.result as object).filter(
        key => !Object.hasOwn(json.result as object, key),
      ),
      [],
      title,
    )
  else t.has(settled(json), settled(others), title)
  // Ours may say more, and nothing of what Python says of its objects.
  if (!message.includes('<')) t.ok((json.message ?? '').startsWith(message), `${title}: ${message}`)
}

t.test('devpi’s client gets from us what it got from devpi', async t => {
  const upstream = await startUpstream(t)
  upstream.project('six', [{ filename: six.filename, bytes: six.bytes }])
  const outside = await startReceiver(t)
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  const devpi = new DevpiClient(served)
  const words = new Map([
    ['SERVER', served.url],
    ['UPSTREAM', new URL('/', upstream.url).href],
    ['OUTSIDE', outside.url],
  ])
  const tokens = new Map<string, string>()
  const send = async (one: Exchanged, path: string): Promise<DevpiAnswer> => {
    const { user = '', via, form } = one
    const credentials = { user, password: tokens.get(user) ?? '' }
    const sent = form && multipart(form.map(withBytes) as Parts)
    const headers = {
      'user-agent': one.agent,
      accept: one.accept,
      ...(via === 'authorization' && basic(user, credentials.password)),
      ...(via === 'x-devpi-auth' && devpiAuth(credentials)),
      ...sent?.headers,
    }
    return devpi.json(one.method, path, sent?.body ?? one.body, undefined, headers)
  }
  let resultPath = ''
  for (const line of (await readFile(session, 'utf8')).trim().split('\n')) {
    const one = JSON.parse(filled(line, words)) as Exchanged
    const answer = await send(one, one.path.replace(/[^/]*\.toxresult-.*$/, resultPath))
    const title = `${one.command}: ${one.method} ${one.path}`
    t.equal(answer.status, one.status, title)
    const { result } = answer.json
    if (one.path === '/+login')
      tokens.set((one.body as { user: string }).user, (result as { password: string }).password)
    if (answer.json.type === 'toxresultpath')
      resultPath = (result as string).replace(/^.*\/|#.*$/g, '')
    compare(t, answer, one, title)
  }
  t.ok(tokens.size === 2 && resultPath !== '')
})

const withBytes = ([name, value]: readonly [string, string | { readonly file: string }]) =>
  [name, typeof value === 'string' ? value : [value.file, files.get(value.file)]] as const
