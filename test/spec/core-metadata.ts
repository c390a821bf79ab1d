import t from 'tap'
import { readCoreMetadata } from '../../src/spec/core-metadata.ts'

/** What was said, without the lists that are empty. */
const said = (text: string) =>
  Object.fromEntries(Object.entries(readCoreMetadata(text)).filter(([, value]) => value.length > 0))

t.test('every field of the specification is read', async t => {
  const text = `Metadata-Version: 2.5
Name: Foo.Bar
Version: 1.0
Dynamic: license-file
Dynamic: classifier
Platform: any
Supported-Platform: Linux
Summary: A summary: with a colon
Description-Content-Type: text/markdown; charset=UTF-8
Keywords: a,b
Author: A
Author-email: A <a@example.org>
Maintainer: M
Maintainer-email: m@example.org
License: MIT
License-Expression: MIT
License-File: LICENSE
License-File: licenses/OTHER
Classifier: Private :: Do Not Upload
Home-page: https://example.org
Download-URL: https://example.org/download
Requires-Python: >=3.9
Requires-Dist: bar>=1; extra == "x"
Requires-Dist: baz
Requires-External: C
Provides-Extra: x
Provides-Dist: p
Obsoletes-Dist: o
Requires: r
Provides: q
Obsoletes: n
Project-URL: Home, https://example.org
Import-Name: foo.bar
Import-Namespace: foo

# Title

Text\n`
  t.strictSame(readCoreMetadata(text), {
    metadataVersion: '2.5',
    name: 'Foo.Bar',
    version: '1.0',
    summary: 'A summary: with a colon',
    descriptionContentType: 'text/markdown; charset=UTF-8',
    keywords: 'a,b',
    author: 'A',
    authorEmail: 'A <a@example.org>',
    maintainer: 'M',
    maintainerEmail: 'm@example.org',
    license: 'MIT',
    licenseExpression: 'MIT',
    homePage: 'https://example.org',
    downloadUrl: 'https://example.org/download',
    requiresPython: '>=3.9',
    classifiers: ['Private :: Do Not Upload'],
    dynamic: ['license-file', 'classifier'],
    importNames: ['foo.bar'],
    importNamespaces: ['foo'],
    licenseFiles: ['LICENSE', 'licenses/OTHER'],
    obsoletes: ['n'],
    obsoletesDist: ['o'],
    platforms: ['any'],
    projectUrls: ['Home, https://example.org'],
    provides: ['q'],
    providesDist: ['p'],
    providesExtra: ['x'],
    requires: ['r'],
    requiresDist: ['bar>=1; extra == "x"', 'baz'],
    requiresExternal: ['C'],
    supportedPlatforms: ['Linux'],
    description: '# Title\n\nText\n',
  })
})

t.test('any line ending, a byte order mark and any case of the keys', async t => {
  const text =
    '\ufeffMetadata-Version: 2.1\r\nName: Foo.Bar\nversion : 1\nVERSION: 1.0\rRequires-Python: >=3.9\r\n\r\nbody'
  t.strictSame(said(text), {
    name: 'Foo.Bar',
    version: '1.0',
    requiresPython: '>=3.9',
    metadataVersion: '2.1',
    description: 'body',
  })
})

t.test('the first value counts, and behind the blank line is no field', async t => {
  const text = 'Name: foo\nName: bar\n\nVersion: 2.0\nRequires-Python: >=3'
  t.strictSame(said(text), { name: 'foo', description: 'Version: 2.0\nRequires-Python: >=3' })
})

t.test('UNKNOWN and empty values say nothing (UP-6)', async t => {
  t.same(said('Name: UNKNOWN\nVersion:\nRequires-Python:  \nClassifier: UNKNOWN\n'), {})
  t.same(said('Author: UNKNOWN\nAuthor: A\n'), { author: 'A' })
  t.same(said(''), {})
  t.same(said('\n'), {})
  t.same(said('Name: foo\n\n\nUNKNOWN\n\n\n'), { name: 'foo' })
  t.same(said('no colon\n: no key\n__proto__: x\nconstructor: y\n  folded\n'), {})
  t.same(said('  folded\nName: foo'), { name: 'foo' })
})

t.test('folded lines belong to their field', async t => {
  t.same(said('Summary: a\n  Name: evil\n\tVersion: 9\nName: foo\n'), {
    summary: 'a Name: evil Version: 9',
    name: 'foo',
  })
  t.same(said('Keywords: a\r\n b\r\nName: foo\r\n'), { keywords: 'a b', name: 'foo' })
})

t.test('a description in the header loses its indentation (PEP 314, 345)', async t => {
  const distutils = 'Description: Title\n        =====\n        \n          code\nPlatform: any\n'
  t.same(said(distutils), { description: 'Title\n=====\n\n  code', platforms: ['any'] })
  t.same(said('Description: Title\n       |=====\n       |  code\nName: foo\n'), {
    description: 'Title\n=====\n  code',
    name: 'foo',
  })
  t.same(said('License: MIT\n        \n        Copyright: me\n'), {
    license: 'MIT\n\nCopyright: me',
  })
  t.same(said('Description: this\n\nnot this'), { description: 'this' })
})

t.test('a header that never ends is read up to a bound (fault P20)', async t => {
  t.same(readCoreMetadata(`${'Classifier: x\n'.repeat(100_000)}Name: foo\n`), {
    ...readCoreMetadata(''),
    classifiers: Array.from({ length: 5000 }, () => 'x'),
  })
  t.same(said(`${'\ud800: x\n'.repeat(1_000_000)}Name: foo\n`), {})
  const folded = said(`Summary: ${'\n \t'.repeat(1_000_000)}x\nName: foo\n`)
  t.same(folded, {})
  t.equal(said(`Summary: ${'x'.repeat(5_000_000)}\n`)['summary']?.length, 5_000_000)
})
