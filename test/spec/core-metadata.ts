import t from 'tap'
import { readCoreMetadata } from '../../src/spec/core-metadata.ts'

t.test('the fields of a header', async t => {
  const text =
    'Metadata-Version: 2.1\r\nName: Foo.Bar\nversion : 1\nVERSION: 1.0\nRequires-Python: >=3.9\n\nbody'
  t.same(readCoreMetadata(text), {
    name: 'Foo.Bar',
    version: '1.0',
    requiresPython: '>=3.9',
    metadataVersion: '2.1',
  })
})

t.test('the first value counts, and nothing behind the blank line', async t => {
  const text = 'Name: foo\nName: bar\n\nVersion: 2.0\nRequires-Python: >=3'
  t.same(readCoreMetadata(text), { name: 'foo' })
})

t.test('continuation lines, UNKNOWN and empty values say nothing', async t => {
  const text =
    'Summary: a\n  Name: evil\n\tVersion: 9\nName: UNKNOWN\nVersion:\nRequires-Python:  \n'
  t.same(readCoreMetadata(text), {})
  t.same(readCoreMetadata(''), {})
  t.same(readCoreMetadata('no colon\n: no key\n__proto__: x\n'), {})
})

t.test('a header that never ends is read in bounded time', async t => {
  const text = 'Classifier: x\n'.repeat(1_000_000)
  const start = performance.now()
  t.same(readCoreMetadata(`${text}Name: foo\n`), {})
  t.ok(performance.now() - start < 500)
})
