import t from 'tap'
import { decodeExtended, parseParameters } from '../../src/http/parameters.ts'

const parsed = (header: string) => {
  const found = parseParameters(header)
  return found && [found.value, Object.fromEntries(found.parameters)]
}

t.test('a value and its parameters, as clients write them', async t => {
  for (const [header, value, parameters] of [
    ['multipart/form-data', 'multipart/form-data', {}],
    [' Multipart/Form-Data ; Boundary=aB', 'multipart/form-data', { boundary: 'aB' }],
    ['a/b; boundary=x; charset=utf-8', 'a/b', { boundary: 'x', charset: 'utf-8' }],
    ['a/b; boundary="x; y"; charset=utf-8', 'a/b', { boundary: 'x; y', charset: 'utf-8' }],
    ['a/b;boundary = x y ;', 'a/b', { boundary: 'x y' }],
    ['form-data; name="a";filename="b.whl"', 'form-data', { name: 'a', filename: 'b.whl' }],
    ['form-data; name=""; filename=', 'form-data', { name: '', filename: '' }],
    ['form-data; name="say \\"a\\""', 'form-data', { name: 'say "a"' }],
    ['form-data; filename="C:\\dir\\x.whl"', 'form-data', { filename: 'C:\\dir\\x.whl' }],
    ['form-data; name=a; name=b', 'form-data', { name: 'a' }],
    ["form-data; filename*=UTF-8''x", 'form-data', { 'filename*': "UTF-8''x" }],
    ['form-data; __proto__=x', 'form-data', JSON.parse('{"__proto__":"x"}')],
    ['', '', {}],
  ] as const)
    t.same(parsed(header), [value, parameters], header)
})

t.test('what is malformed', async t => {
  for (const header of ['a; b', 'a; =x', 'a; name="x', 'a; name="x\\"', 'a; n="x" y', 'a; "x"'])
    t.equal(parsed(header), undefined, header)
})

t.test('a long header takes linear time (fault C27)', async t => {
  const started = performance.now()
  for (const piece of [';', ' ', '\\"', '"', '=', 'a', 'a=', 'a=b;', 'a="b";', 'a= ', 'a ='])
    parseParameters(`form-data; name="${piece.repeat(16_000 / piece.length)}`)
  for (const piece of [';', ' ', '\\"', '"', '=', 'a', 'a=', 'a=b;', 'a="b";', 'a= ', 'a ='])
    parseParameters(`form-data; ${piece.repeat(16_000 / piece.length)}`)
  t.ok(performance.now() - started < 5000)
})

t.test('extended values (RFC 8187)', async t => {
  t.equal(decodeExtended("UTF-8''na%C3%AFve-1.0.tar.gz"), 'naïve-1.0.tar.gz')
  t.equal(decodeExtended("utf-8'de'%22"), '"')
  for (const bad of ["UTF-8''%ff", "latin1''x", "''x", 'x', "utf-8'x", "utf-8''%zz", ''])
    t.equal(decodeExtended(bad), undefined, bad)
})
