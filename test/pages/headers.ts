import t from 'tap'
import { commonHeaders, pageHeaders } from '../../src/pages/headers.ts'

const of = (headers: readonly string[]) =>
  Object.fromEntries(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : [])))

const type = (format: 'html' | 'v1html' | 'json') =>
  of(pageHeaders(format, 'identity'))['Content-Type']

t.test('the types are exactly those that clients compare (SA-31, SA-32)', async t => {
  t.equal(type('html'), 'text/html; charset=utf-8')
  t.equal(type('v1html'), 'application/vnd.pypi.simple.v1+html; charset=utf-8')
  t.equal(type('json'), 'application/vnd.pypi.simple.v1+json')
})

t.test(
  'a page says how it may be kept, and a 304 repeats it (SA-29, SA-41, SA-44, SA-48)',
  async t => {
    const common = {
      ETag: '"x"',
      Vary: 'Accept, Accept-Encoding',
      'Cache-Control': 'no-cache',
      'X-PyPI-Last-Serial': '7',
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Expose-Headers': 'X-PyPI-Last-Serial',
    }
    t.strictSame(of(commonHeaders('"x"', 7)), common)
    t.match(of(pageHeaders('html', 'gzip', '"x"', 7)), { ...common, 'Content-Encoding': 'gzip' })
    t.equal(of(commonHeaders('"x"'))['X-PyPI-Last-Serial'], undefined)
    t.equal(of(commonHeaders())['ETag'], undefined)
    t.equal(of(pageHeaders('html', 'identity', '"x"'))['Content-Encoding'], undefined)
  },
)

t.test('a browser runs nothing of a page (fault X10)', async t => {
  t.equal(of(pageHeaders('html', 'gzip'))['Content-Security-Policy'], "sandbox; default-src 'none'")
  t.equal(of(pageHeaders('json', 'gzip'))['Content-Security-Policy'], undefined)
})
