import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { Exchange } from '../../src/http/exchange.ts'
import { text, type Reply } from '../../src/http/reply.ts'
import { router } from '../../src/http/router.ts'

const says = (name: string) => (_exchange: Exchange, rest: readonly string[]) =>
  text(200, `${name}:${rest.join()}`)

const handle = router({
  '': { GET: (_exchange, rest) => text(rest.length === 0 ? 200 : 404, 'home') },
  simple: { GET: says('simple') },
  'ext/pypi/simple': { GET: says('ext') },
  packages: { GET: says('packages') },
  'packages/-': { GET: says('named') },
  '+api': { GET: says('api'), POST: says('posted') },
})

const ask = async (url: string, method = 'GET'): Promise<Reply> =>
  handle(new Exchange({ url, method, headers: {} } as unknown as IncomingMessage))

t.test('the longest route wins and is given the rest', async t => {
  for (const [url, body] of [
    ['/', 'home'],
    ['/?x', 'home'],
    ['/simple', 'simple:'],
    ['/simple/', 'simple:'],
    ['/simple/foo/', 'simple:foo'],
    ['/ext/pypi/simple/foo/', 'ext:foo'],
    ['/packages/ab/x.whl', 'packages:ab,x.whl'],
    ['/packages/-/torch/x.whl', 'named:torch,x.whl'],
    ['http://evil/simple/x/', 'simple:x'],
  ] as const)
    t.equal((await ask(url)).body, `${body}\n`, url)
})

t.test('without a route it is 404', async t => {
  for (const url of ['/nothing', '/ext/pypi', '/ext', '/__proto__', '/constructor/x'])
    t.equal((await ask(url)).status, 404, url)
  t.equal(
    (await router({ a: {} })(new Exchange({ url: '/', headers: {} } as unknown as IncomingMessage)))
      .status,
    404,
  )
})

t.test('HEAD is GET, other methods are 405 with Allow (SA-13, TC-9)', async t => {
  t.equal((await ask('/simple/x/', 'HEAD')).body, 'simple:x\n')
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND']) {
    const { status, headers } = await ask('/simple/x/', method)
    t.equal(status, 405)
    t.strictSame(headers.slice(-2), ['Allow', 'GET, HEAD, OPTIONS'])
  }
  t.equal((await ask('/+api', 'POST')).status, 200)
  t.strictSame((await ask('/+api', 'PUT')).headers.slice(-2), ['Allow', 'GET, POST, HEAD, OPTIONS'])
})

t.test(
  'OPTIONS tells the methods, and browsers of other sites that they may read (fault C16, X21, SA-49)',
  async t => {
    const simple = await ask('/simple/x/', 'OPTIONS')
    t.equal(simple.status, 204)
    t.ok(simple.headers.includes('Access-Control-Allow-Methods'))
    const api = await ask('/+api', 'OPTIONS')
    t.strictSame(api.headers.slice(0, 2), ['Allow', 'GET, POST, HEAD, OPTIONS'])
    t.strictSame(
      [api.headers, simple.headers].map(
        headers => headers[headers.indexOf('Access-Control-Allow-Methods') + 1],
      ),
      ['GET, HEAD, OPTIONS', 'GET, HEAD, OPTIONS'],
      'but nothing else',
    )
    t.equal((await ask('*', 'OPTIONS')).status, 204)
    t.equal((await ask('*', 'GET')).status, 405)
  },
)

t.test('a route may take every method that it does not name', async t => {
  const handle = router({
    '': { GET: says('home'), any: ({ method }) => text(200, method) },
    simple: { GET: says('simple') },
  })
  const ask = async (url: string, method: string): Promise<Reply> =>
    handle(new Exchange({ url, method, headers: {} } as unknown as IncomingMessage))
  t.equal((await ask('/x', 'GET')).body, 'home:x\n')
  t.equal((await ask('/x', 'HEAD')).body, 'home:x\n')
  for (const method of ['POST', 'PUSH', 'OPTIONS', 'any'])
    t.equal((await ask('/x', method)).body, `${method}\n`)
  t.equal((await ask('/simple/', 'PUSH')).status, 405, 'not of other routes')
})
