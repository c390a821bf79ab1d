/** devpi's three shapes of errors (devpi-api 1.3). */
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { unauthorized } from '../../../src/accounts/access-error.ts'
import { Exchange } from '../../../src/http/exchange.ts'
import { HttpError } from '../../../src/http/error.ts'
import type { Reply } from '../../../src/http/reply.ts'
import { Refusal, type ErrorShape } from '../../../src/routes/devpi/envelope.ts'
import { errorAnswer } from '../../../src/routes/devpi/error-answer.ts'
import { MemoryLog } from '../../fixtures/serve.ts'

const log = new MemoryLog()

const told = (error: unknown, shape: ErrorShape, accept?: string): Reply & { text: string } => {
  const headers = accept === undefined ? {} : { accept }
  const request = { url: '/alice', method: 'GET', headers } as unknown as IncomingMessage
  const reply = errorAnswer(new Exchange(request), error, shape, log)
  return { ...reply, text: reply.body as string }
}

const header = ({ headers }: Reply, name: string) => headers[headers.indexOf(name) + 1]

t.test('of an API: the envelope, whatever is accepted', async t => {
  for (const accept of [undefined, 'text/html', 'application/json']) {
    const reply = told(new HttpError(404, 'no such thing'), 'api', accept)
    t.equal(reply.status, 404)
    t.equal(header(reply, 'Content-Type'), 'application/json')
    t.same(JSON.parse(reply.text), { message: 'no such thing' })
    t.equal(reply.reason, undefined)
  }
})

t.test('of a page: by Accept', async t => {
  const error = new HttpError(403, 'no <b>permission</b> & "more"')
  for (const accept of [undefined, '*/*', 'text/html', 'text/html,*/*;q=0.8']) {
    const reply = told(error, 'page', accept)
    t.equal(header(reply, 'Content-Type'), 'text/html; charset=utf-8')
    t.match(reply.text, 'no &lt;b&gt;permission&lt;/b&gt; &amp; &quot;more&quot;')
  }
  const json = told(error, 'page', 'application/json')
  t.equal(header(json, 'Content-Type'), 'application/json')
  t.same(JSON.parse(json.text), {
    message: 'no <b>permission</b> & "more"',
    code: '403 Forbidden',
    title: 'Forbidden',
  })
  const plain = told(error, 'page', 'image/png')
  t.equal(header(plain, 'Content-Type'), 'text/plain; charset=utf-8')
  t.equal(plain.text, 'no <b>permission</b> & "more"\n')
})

t.test('mixed: the envelope for who speaks of JSON', async t => {
  const error = new HttpError(404, 'no project x')
  t.same(JSON.parse(told(error, 'mixed', 'application/json').text), { message: 'no project x' })
  t.match(told(error, 'mixed', 'text/html').text, '<h1>404 Not Found</h1>')
})

t.test('of an upload: the reason phrase, in one line', async t => {
  const reply = told(new HttpError(409, 'six.whl\r\nX: already exists'), 'upload', '*/*')
  t.equal(reply.reason, 'six.whl X: already exists')
  t.equal(reply.status, 409)
})

t.test('a refusal may have a shape of its own', async t => {
  const reply = told(new Refusal(403, 'no', { shape: 'page' }), 'api', 'application/json')
  t.match(JSON.parse(reply.text), { code: '403 Forbidden' })
  t.same(JSON.parse(told(new Refusal(403, 'no'), 'api').text), { message: 'no' })
})

t.test('headers of an error are kept; upstream failures say when to come back', async t => {
  t.equal(header(told(unauthorized('who?'), 'api'), 'WWW-Authenticate'), 'Basic realm="pypi"')
  t.match(header(told(new HttpError(502, 'upstream'), 'mixed'), 'Retry-After'), /^\d+$/)
})

t.test('what is nobody’s message is logged and not shown', async t => {
  const reply = told(new TypeError('secret'), 'api')
  t.equal(reply.status, 500)
  t.same(JSON.parse(reply.text), { message: 'internal error' })
  t.match(log.told, [{ level: 'error' }])
})
