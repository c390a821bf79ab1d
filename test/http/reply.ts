import t from 'tap'
import {
  file,
  json,
  notAllowed,
  octetsOf,
  oneLine,
  reasonPhrase,
  redirect,
  text,
} from '../../src/http/reply.ts'
import { resource } from './fixtures/listening.ts'

t.test('a text is one plain line that nobody keeps (faults X08, X13)', async t => {
  const reply = text(404, 'no project "a\r\nSet-Cookie: x\u2028\u0000y"')
  t.equal(reply.status, 404)
  t.equal(reply.body, 'no project "a Set-Cookie: x y"\n')
  t.strictSame(reply.headers, [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Cache-Control',
    'no-store',
  ])
  t.equal(oneLine(' a\n'), 'a')
})

t.test('bytes beyond ASCII survive', async t => {
  t.equal(Buffer.from(octetsOf('é€'), 'latin1').toString(), 'é€')
  t.strictSame(Buffer.from(octetsOf(Buffer.from([0, 255])), 'latin1'), Buffer.from([0, 255]))
  t.equal(Buffer.from(json(200, { a: 'é' }).body as string, 'latin1').toString(), '{"a":"é"}\n')
})

t.test('a redirect is permanent, 301, and stays here (SA-6, SA-7, fault X12)', async t => {
  for (const location of [
    '../foo/',
    'foo/',
    '/simple/foo/',
    '../foo/?format=text/html',
    '../a%2Bb/',
    './',
  ]) {
    const { status, headers } = redirect(location)
    t.equal(status, 301)
    t.strictSame(headers.slice(-2), ['Location', location])
  }
  for (const location of [
    '//evil',
    'http://evil/',
    '/\\evil',
    '\\\\evil',
    'javascript:x',
    'a\r\nb',
    '',
    'é',
  ])
    t.throws(() => redirect(location), TypeError, location)
})

t.test('405 says what would do', async t => {
  t.match(notAllowed('GET'), { status: 405, body: 'use GET\n' })
  t.strictSame(notAllowed('GET').headers.slice(-2), ['Allow', 'GET'])
})

t.test(
  'a file never changes unless that is said, and has no name and no coding (CL-46, CL-47)',
  async t => {
    const { headers, cache } = file(resource('x'), 'hit')
    t.equal(cache, 'hit')
    t.equal(headers[1], 'application/octet-stream')
    t.equal(headers[3], 'public, max-age=31536000, immutable')
    t.equal(file(resource('x'), 'miss', 'no-cache').headers[3], 'no-cache')
    t.notMatch(headers.join(), /disposition|encoding/i)
  },
)

t.test('a reason phrase is one bounded line of printable Latin-1 (UP-43, CL-102)', async t => {
  t.equal(reasonPhrase('naïve\r\nSet-Cookie: x\u0000\u0085€'), 'naïve Set-Cookie: x ?')
  t.equal(reasonPhrase('x'.repeat(10_000)).length, 500)
})
