/** What is sent to servers that users name, and what is told of their answers. */
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { plainText } from '../../src/upstream/plain-text.ts'
import { Poster, type Posting } from '../../src/upstream/poster.ts'
import { multipartForm, plainForm } from '../../src/upstream/publish-form.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { startReceiver } from '../fixtures/receiver.ts'
import { MemoryLog, type Test } from '../fixtures/serve.ts'

const timeouts = { connect: 2, firstByte: 3, idle: 0.3 }

const posterFor = (t: Test, env: Readonly<Record<string, string>> = {}): Poster => {
  const poster = new Poster(timeouts, new MemoryLog(), undefined, env)
  t.teardown(() => poster.close())
  return poster
}

const posting = (text: string, headers: Readonly<Record<string, string>> = {}): Posting => ({
  headers,
  length: text.length,
  async *open() {
    yield Buffer.from(text)
  },
})

t.test('of a private host nothing is passed on but status and reason (P23)', async t => {
  const receiver = await startReceiver(t, () => ({
    status: 403,
    reason: 'Not yours',
    body: 'the secrets of the network',
  }))
  const poster = posterFor(t)
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    const url = new URL(receiver.url.replace('127.0.0.1', host))
    const answer = await poster.post(url, posting('x')).catch((error: Error) => error.message)
    // Where the system has no such address, it cannot be reached.
    if (typeof answer === 'string') t.match(answer, /refused|reached|route/, host)
    else t.same(answer, { status: 403, text: 'Not yours' }, host)
  }
  t.ok(receiver.requests.length >= 2)
})

t.test('of a public host the beginning of its answer is passed on', async t => {
  const proxy = await startReceiver(t, () => ({
    status: 400,
    body: `<html><style>b {}</style><b>File\r\nalready</b> exists${' x'.repeat(50_000)}</html>`,
  }))
  const poster = posterFor(t, { HTTP_PROXY: proxy.url })
  const answer = await poster.post(new URL('http://index.example/legacy/'), posting('x'))
  t.match(answer, { status: 400, text: /^Bad Request File already exists x x x/ })
  t.ok(answer.text.length <= 300)
  t.match(proxy.requests, [{ path: 'http://index.example/legacy/' }])
})

t.test('what a foreign server says becomes one harmless line', async t => {
  t.equal(plainText(' a\r\nb\u001b[31m\u202ec\u2028<b>d</b>\0 '), 'a b [31m c d')
  t.equal(plainText('<script>alert(1)</script>x'), 'x')
  t.equal(plainText('x'.repeat(1_000_000)).length, 300)
  t.equal(plainText('<'.repeat(100_000)).length, 300)
})

t.test('userinfo in a URL becomes credentials, and appears nowhere else', async t => {
  const receiver = await startReceiver(t)
  const poster = posterFor(t)
  await poster.post(new URL(receiver.url.replace('//', '//me:s%20cret@')), posting('x'))
  const authorization = `Basic ${Buffer.from('me:s cret').toString('base64')}`
  t.match(receiver.requests, [{ path: '/', headers: { authorization } }])
  await receiver.close()
  const url = new URL(receiver.url.replace('//', '//me:secret@'))
  const refused: unknown = await poster.post(url, posting('x')).catch((error: unknown) => error)
  t.match(refused, { status: 502, message: /connection refused/ })
  t.notMatch(String(refused), 'secret')
  await t.rejects(poster.post(new URL('ftp://127.0.0.1/'), posting('x')), /only http and https/)
})

t.test('redirects are answers like others', async t => {
  const other = await startReceiver(t)
  const receiver = await startReceiver(t, () => ({
    status: 307,
    headers: { location: other.url },
  }))
  t.match(await posterFor(t).post(new URL(receiver.url), posting('x')), { status: 307 })
  t.equal(other.requests.length, 0)
})

t.test('a server that stops taking what it is sent is given up', async t => {
  const server = createServer(socket => socket.on('error', () => {}).pause())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const chunk = Buffer.alloc(1024 * 1024)
  const endless: Posting = {
    headers: {},
    length: 1024 * chunk.length,
    async *open() {
      for (;;) yield chunk
    },
  }
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await t.rejects(posterFor(t).post(url, endless), /stopped taking/)
})

t.test('forms are what servers read, whatever stands in their fields', async t => {
  const receiver = await startReceiver(t)
  const path = join(directoryOf(t), 'file')
  const bytes = Buffer.from([...Array(256).keys()])
  await writeFile(path, bytes)
  const fields = [
    ['name', 'a'],
    ['classifiers', 'One'],
    ['classifiers', 'Two "q"\r\n\r\n--x é'],
    ['odd"\r\nname', 'v'],
  ] as const
  const poster = posterFor(t)
  const form = multipartForm(fields, { path, size: bytes.length, name: 'odd"\r\nname.whl' })
  await poster.post(new URL(receiver.url), form)
  await poster.post(new URL(receiver.url), plainForm(fields))
  const [multi, plain] = receiver.requests
  for (const posted of [multi, plain]) {
    t.equal(Number(posted?.headers['content-length']), posted?.body.length)
    t.equal(posted?.field('name'), 'a')
    t.same(
      posted?.parts.get('classifiers')?.map(({ body }) => String(body)),
      ['One', 'Two "q"\r\n\r\n--x é'],
    )
  }
  const [content] = multi?.parts.get('content') ?? []
  t.match(content?.head, 'name="content"; filename="odd%22%0D%0Aname.whl"')
  t.ok(content?.body.equals(bytes))
  t.ok(multi?.parts.has('odd%22%0D%0Aname'))
})
