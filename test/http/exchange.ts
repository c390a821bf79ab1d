import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { Exchange } from '../../src/http/exchange.ts'

const exchange = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Exchange({ url, headers, method } as unknown as IncomingMessage)

t.test('path, query and segments', async t => {
  const plain = exchange('/simple/foo/')
  t.match(plain, { path: '/simple/foo/', query: '', method: 'GET', slash: true })
  t.strictSame(plain.segments, ['simple', 'foo'])
  t.equal(plain.segments, plain.segments, 'parsed once')
  const asked = exchange('/simple?format=a+b&format=c&x=%zz')
  t.match(asked, { path: '/simple', query: 'format=a+b&format=c&x=%zz', slash: false })
  t.equal(asked.parameter('format'), 'a b')
  t.equal(asked.parameter('none'), undefined)
  t.equal(plain.parameter('format'), undefined)
  t.match(new Exchange({ headers: {} } as unknown as IncomingMessage), { path: '/', method: 'GET' })
})

t.test('headers', async t => {
  t.equal(exchange('/', { accept: 'x' }).header('accept'), 'x')
  t.equal(exchange('/').header('accept'), undefined)
  t.equal(exchange('/').header('constructor'), undefined)
  t.equal(exchange('/').header('__proto__'), undefined)
})

t.test('a client asks to confirm by no-cache', async t => {
  t.ok(exchange('/', { 'cache-control': 'no-cache' }).confirm)
  t.ok(exchange('/', { 'cache-control': 'no-store, No-Cache' }).confirm)
  t.ok(exchange('/', { pragma: 'no-cache' }).confirm)
  t.notOk(exchange('/', { pragma: 'x' }).confirm)
  t.notOk(exchange('/').confirm)
  t.notOk(exchange('/', { 'cache-control': 'max-age=600', pragma: 'no-cache' }).confirm)
})

const confirm = (agent: string, control = 'max-age=0') =>
  exchange('/', { 'cache-control': control, 'user-agent': agent }).confirm

t.test('max-age=0 asks, too, but not from a pip that always sends it', async t => {
  t.ok(confirm('uv/0.12.5'))
  t.ok(confirm('pip/26.2 {"ci":null}'))
  t.ok(confirm('pip/26.2.1'))
  t.ok(confirm('pip/27.0'))
  t.ok(confirm('pip/26.10'))
  t.notOk(confirm('pip/26.1.2 {"ci":null}'))
  t.notOk(confirm('pip/9.0.1 {}'))
  t.notOk(confirm('uv/1', 'max-age=0600'))
  t.notOk(confirm('uv/1', 'xmax-age=0'))
  t.ok(confirm('uv/1', 'no-transform, max-age=0,private'))
})

t.test('a body is announced by its length or by chunks', async t => {
  t.notOk(exchange('/').hasBody)
  t.notOk(exchange('/', { 'content-length': '0' }).hasBody)
  t.ok(exchange('/', { 'content-length': '1' }).hasBody)
  t.ok(exchange('/', { 'transfer-encoding': 'chunked' }).hasBody)
})

t.test('a prefix is taken off a path that begins with it, and off no other', async t => {
  for (const [url, path] of [
    ['/foo/simple/?x', '/simple/'],
    ['/foo', '/'],
    ['/food', '/food'],
    ['/x/foo', '/x/foo'],
  ] as const) {
    const exchange = new Exchange({ url, headers: {} } as unknown as IncomingMessage)
    t.ok(exchange.segments.length > 0)
    exchange.strip('/foo')
    t.equal(exchange.path, path, url)
    t.equal(exchange.segments.join('/'), path.replace(/^\/|\/$/g, ''))
  }
})
