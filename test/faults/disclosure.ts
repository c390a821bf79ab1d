/** What nobody may learn from or leave behind in answers and logs (faults X, section 2 of the list). */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { Counters } from '../../src/counters.ts'
import { createLog } from '../../src/log.ts'
import { startServer } from '../../src/server.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { serve, settingsFor, upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { startUpstream, usualPath, type Upstream } from '../fixtures/upstream.ts'
import { ask, raw, request11, statusOf } from '../fixtures/wire.ts'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.0' })
const path = usualPath(wheel)

const setUp = async (t: Test): Promise<{ served: Served; upstream: Upstream }> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...wheel }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  return { served, upstream }
}

t.test('what one client sends changes nothing for others (X03, X05, X06, X07)', async t => {
  const { served, upstream } = await setUp(t)
  const clean = await serve(t, {
    directory: join(served.directory, 'other'),
    upstreams: [upstreamAt(upstream.url.href)],
  })
  upstream.requests.length = 0
  const evil = {
    host: 'evil.example',
    authorization: 'Basic c2VjcmV0OnNlY3JldA==',
    cookie: 'session=SECRET',
    'x-http-method-override': 'DELETE',
    'x-original-url': '/evil',
    'x-oversized': 'a'.repeat(10_000),
    range: 'bytes=0-3',
    'if-none-match': '"abc"',
    'if-modified-since': 'Fri, 02 Jan 2099 03:04:05 GMT',
    'user-agent': 'SECRET-agent',
    'accept-language': 'xx',
    te: 'trailers',
  }
  const targets = ['/simple/leaf-lib/?evil=SECRET', path, `${path}.metadata`, '/simple/none/']
  for (const target of targets) await ask(served.url, target, { headers: evil })
  for (const { path: asked, headers } of upstream.requests) {
    t.notMatch(JSON.stringify([asked, headers]), /SECRET|evil|c2VjcmV0/)
    t.notOk(headers.range ?? headers.cookie ?? headers.authorization)
  }
  for (const target of targets) {
    const [one, other] = [await ask(served.url, target), await ask(clean.url, target)]
    t.equal(one.status, other.status)
    t.ok(one.body.equals(other.body), target)
  }
})

t.test('errors are plain lines without places or traces (X08, X19, X27)', async t => {
  const { served, upstream } = await setUp(t)
  upstream.behave('/simple/broken/', { status: 500 })
  upstream.behave('/simple/reset/', { close: true, reset: true })
  await mkdir(join(served.directory, '.proxypypi/cache'), { recursive: true })
  for (const [target, method] of [
    ['/simple/broken/', 'GET'],
    ['/simple/reset/', 'GET'],
    ['/simple/<img src=x onerror=alert(1)>/'.replaceAll(' ', '%20'), 'GET'],
    ['/packages/leaf-lib/<b>-1.0.tar.gz', 'GET'],
    ['/packages/broken/broken-1.0.tar.gz', 'GET'],
    ['/', 'POST'],
    ['/simple/', 'PUT'],
  ] as const) {
    const body = method === 'GET' ? '' : 'x'.repeat(100_000)
    const answer = await ask(served.url, target, { method, body }).catch(() => undefined)
    // A body that nobody reads may cost the answer, not more.
    if (answer === undefined) continue
    t.ok(answer.status >= 400 && answer.status < 505, target)
    t.match(answer.text, /^[^\n]{5,400}\n$/, 'one line')
    t.notMatch(answer.text, /\bat .*:\d+|node_modules|<b>|<img/)
    t.notOk(answer.text.includes(served.directory))
    t.match(answer.headers, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    })
    t.equal(answer.headers['x-content-type-options'], 'nosniff')
  }
})

t.test('one request is one line, and no secret is in it (X14, X15)', async t => {
  const directory = directoryOf(t)
  const file = join(directory, 'access.log')
  for (const format of ['text', 'json'] as const) {
    const log = createLog({ path: file, format, level: 'info' })
    const server = await startServer(settingsFor(join(directory, format)), log, new Counters())
    // What is no HTTP gets no line.
    t.equal(statusOf(await raw(server.url, request11('GET /\x9b2J\x85next'))), 400)
    const targets = [
      '/simple/a%0a2026-01-01%20error%20forged/',
      '/%1b[2J%1b]0;title%07',
      '/http://user:SECRET@evil.example/',
      '/simple/?token=SECRET',
      `/${'a'.repeat(9000)}`,
      '/authorization:%20Bearer=SECRET',
      '/%E2%80%AE%E2%80%A8forged',
    ]
    for (const target of targets)
      await raw(
        server.url,
        request11(`GET ${target}`, 'User-Agent: x\ty', 'Authorization: Basic SECRET'),
      )
    await server.close()
    await log.flush()
    const text = readFileSync(file, 'utf8')
    const lines = text.split('\n').filter(line => line.includes('GET'))
    t.equal(lines.length, targets.length)
    t.equal(text.split('\n').length - 1, targets.length, 'and no other line')
    t.notMatch(text, /SECRET/)
    t.notMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/u)
    t.ok(lines.every(line => line.length < 2500))
    await writeFile(file, '')
  }
})

t.test('CORS: for everyone on what is public, never with credentials (fault X21)', async t => {
  const { served } = await setUp(t)
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'GET' }
  for (const target of ['/simple/', '/simple/leaf-lib/', path]) {
    const answer = await ask(served.url, target, { headers })
    t.equal(answer.headers['access-control-allow-origin'], '*')
    t.equal(answer.headers['access-control-allow-credentials'], undefined)
    const preflight = await ask(served.url, target, { method: 'OPTIONS', headers })
    t.match(preflight, {
      status: 204,
      headers: { 'access-control-allow-methods': 'GET, HEAD, OPTIONS' },
    })
  }
})
