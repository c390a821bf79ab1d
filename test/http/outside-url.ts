/** Where clients see us, as reverse proxies and settings tell (devpi-api 1.6). */
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { Exchange } from '../../src/http/exchange.ts'
import { readOutsideUrl, stripOutsidePath, toldOutsideUrl } from '../../src/http/outside-url.ts'

const exchangeOf = (url: string, told?: string): Exchange =>
  new Exchange({
    url,
    method: 'GET',
    headers: told === undefined ? {} : { 'x-outside-url': told },
  } as unknown as IncomingMessage)

t.test('URLs of servers, with and without a path and a slash at their end', async t => {
  for (const [text, url, path] of [
    ['http://h', 'http://h/', ''],
    ['https://pypi.example:8443/', 'https://pypi.example:8443/', ''],
    ['https://h/foo/bar/', 'https://h/foo/bar/', '/foo/bar'],
    ['http://[::1]:80/a', 'http://[::1]:80/a/', '/a'],
    ['http://my_service:3141', 'http://my_service:3141/', ''],
  ] as const)
    t.same(readOutsideUrl(text), { url, path }, text)
})

t.test('what is none is refused, so that nothing of it gets into an answer', async t => {
  for (const text of [
    '',
    'h',
    '//h/',
    'ftp://h/',
    'javascript:alert(1)',
    'http://u:p@h/',
    'http://h/a b',
    'http://h/<script>',
    'http://h/"',
    'http://h/?q',
    'http://h/#f',
    'http://h/../x',
    'http://h/a/./b',
    'http://h//x',
    'http://h/%2e%2e',
    'http://h:999999/',
    'http://h\r\nX: y/',
    `http://${'a'.repeat(300)}/`,
    'http://h, http://i',
  ])
    t.equal(readOutsideUrl(text), undefined, JSON.stringify(text))
})

t.test('the header counts when it is there and not empty', async t => {
  t.equal(toldOutsideUrl(exchangeOf('/')), undefined)
  t.equal(toldOutsideUrl(exchangeOf('/', '')), undefined)
  t.equal(toldOutsideUrl(exchangeOf('/', 'nonsense')), 'unusable')
  t.match(toldOutsideUrl(exchangeOf('/', 'https://h/x')), { url: 'https://h/x/' })
})

t.test('its path is taken off requests, whether or not the proxy did', async t => {
  const configured = readOutsideUrl('https://h/foo')
  for (const [url, told, path, segments] of [
    ['/foo/+api', undefined, '/+api', ['+api']],
    ['/+api', undefined, '/+api', ['+api']],
    ['/foo', undefined, '/', []],
    ['/foo/', undefined, '/', []],
    ['/food/x', undefined, '/food/x', ['food', 'x']],
    ['/bar/x', 'https://h/bar', '/x', ['x']],
    // What the proxy says counts before the settings, and what nobody can read not at all.
    ['/foo/x', 'https://h/bar', '/foo/x', ['foo', 'x']],
    ['/foo/x', 'nonsense', '/x', ['x']],
  ] as const) {
    const exchange = exchangeOf(url, told)
    stripOutsidePath(exchange, configured)
    t.equal(exchange.path, path, `${url} ${told}`)
    t.same(exchange.segments, segments)
  }
  const plain = exchangeOf('/foo/x')
  stripOutsidePath(plain, undefined)
  t.equal(plain.path, '/foo/x')
})
