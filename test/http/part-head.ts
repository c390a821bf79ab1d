import t from 'tap'
import { readPartHead } from '../../src/http/part-head.ts'

const disposition = (rest: string) =>
  readPartHead(Buffer.from(`Content-Disposition: form-data; ${rest}`))

t.test('fields and files (UP-7)', async t => {
  for (const [rest, name, filename] of [
    ['name="a"', 'a', undefined],
    ['name=a', 'a', undefined],
    ['name="größe"', 'größe', undefined],
    ['name="content";filename="x-1.0.tar.gz"', 'content', 'x-1.0.tar.gz'],
    ['name="content"; filename=""', 'content', ''],
    ['name="content"; filename="naïve-1.0.tar.gz"', 'content', 'naïve-1.0.tar.gz'],
    ["name=content; filename*=UTF-8''na%C3%AFve.whl", 'content', 'naïve.whl'],
    ['name=content; filename="no"; filename*=utf-8\'\'yes', 'content', 'yes'],
  ] as const)
    t.same(disposition(rest), { name, filename }, rest)
})

t.test('of a path the base name counts (faults P07, P21)', async t => {
  for (const path of ['../../x', '/etc/x', 'C:\\dir\\x', 'C:\\\\dir\\\\x', 'a\\b/x', 'x'])
    t.equal(disposition(`name=content; filename="${path}"`).filename, 'x', path)
  t.equal(disposition('name=content; filename="dir/"').filename, '')
  t.equal(disposition("name=content; filename*=utf-8''..%2F..%2Fx").filename, 'x')
})

t.test('lines of any kind around it', async t => {
  for (const block of [
    '\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name="a"',
    '\ncontent-disposition:form-data;name="a"\nContent-Type: text/plain',
    'CONTENT-DISPOSITION : form-data;\r\n\t name="a"\r\nX',
    'X: \nContent-Disposition: form-data; name="a"\nContent-Disposition: form-data; name="b"',
  ])
    t.same(readPartHead(Buffer.from(block)), { name: 'a', filename: undefined }, block)
})

t.test('what is refused', async t => {
  for (const block of [
    '',
    'Content-Type: text/plain',
    'Content-Disposition: attachment; name="a"',
    'Content-Disposition: form-data',
    'Content-Disposition: form-data; filename="a"',
    'Content-Disposition: form-data; name="a',
    'Content-Disposition: form-data; name="a\0"',
    'Content-Disposition: form-data; name="a"; filename="b\0.whl"',
    "Content-Disposition: form-data; name=a; filename*=utf-8''%00",
    "Content-Disposition: form-data; name=a; filename*=utf-8''%ff",
  ])
    t.throws(() => readPartHead(Buffer.from(block)), { status: 400, message: /form/ })
})
