import t from 'tap'
import { errorReply, HttpError } from '../../src/http/error.ts'
import { memoryLog } from './fixtures/listening.ts'

const { log, lines } = memoryLog()
const replyTo = (error: unknown) => errorReply(error, log, '/x')
const valueOf = (headers: readonly string[], name: string) => headers[headers.indexOf(name) + 1]

t.test('an error with a status is told as it is and not logged', async t => {
  t.match(replyTo(new HttpError(404, 'no such file')), { status: 404, body: 'no such file\n' })
  t.match(replyTo(Object.assign(new Error('denied by rule'), { status: 403 })), { status: 403 })
  t.match(replyTo({ status: 410 }), { status: 410 })
  t.strictSame(lines, [])
})

t.test('502, 503 and 504 say when to come back: a small integer (CL-12, TC-87)', async t => {
  for (const status of [502, 503, 504]) {
    const { headers } = replyTo(Object.assign(new Error('upstream is down'), { status }))
    t.match(valueOf(headers, 'Retry-After'), /^[1-9]\d?$/)
    t.equal(valueOf(headers, 'Cache-Control'), 'no-store')
  }
  t.notOk(replyTo(new HttpError(400, 'x')).headers.includes('Retry-After'))
})

t.test('the disk has its own lines, without paths', async t => {
  for (const [code, status] of [
    ['ENOSPC', 507],
    ['EDQUOT', 507],
    ['EMFILE', 503],
    ['ENFILE', 503],
    ['EROFS', 500],
    ['EACCES', 500],
    ['EPERM', 500],
    ['EIO', 500],
  ] as const) {
    lines.length = 0
    const reply = replyTo(Object.assign(new Error(`${code}: open '/secret/dir'`), { code }))
    t.equal(reply.status, status, code)
    t.notMatch(reply.body, /secret/)
    t.match(lines, [/request failed.*\/secret\/dir/])
  }
  t.equal(valueOf(replyTo({ code: 'EMFILE' }).headers, 'Retry-After'), '5')
})

t.test('anything else is ours: no details for the client, all for the log (fault X19)', async t => {
  for (const error of [
    new TypeError('x of undefined'),
    'a string',
    undefined,
    null,
    { status: 200 },
    { status: '404' },
    { code: 'ETOOBAD' },
  ]) {
    lines.length = 0
    t.match(replyTo(error), { status: 500, body: 'internal error\n' })
    t.equal(lines.length, 1)
  }
  lines.length = 0
  replyTo(new TypeError('x of undefined'))
  t.match(lines[0], /x of undefined.*"at":"at .*error\.ts/)
})

t.test('headers of an error are those of its answer (UP-16)', async t => {
  const challenge = ['WWW-Authenticate', 'Basic realm="pypi"']
  const { headers } = replyTo(new HttpError(401, 'who are you?', { headers: challenge }))
  t.equal(valueOf(headers, 'WWW-Authenticate'), 'Basic realm="pypi"')
  t.equal(valueOf(headers, 'Cache-Control'), 'no-store')
  const cause = new Error('x')
  t.equal(new HttpError(400, 'x', { cause }).cause, cause)
})
