import t, { type Test } from 'tap'
import { checkVersion, makePage, PageError, readPage, versionsOf } from '../../src/spec/page.ts'
import type { File } from '../../src/spec/page.ts'
import type { Name } from '../../src/spec/project-name.ts'

const base = new URL('https://index.example/simple/foo/')
const foo = 'foo' as Name
const sha256 = 'ab'.repeat(32)

const entry = (filename: string, more: object = {}) => ({
  filename,
  url: `../../packages/${filename}`,
  hashes: { sha256 },
  ...more,
})

const page = (files: unknown, more: object = {}) =>
  readPage({ meta: { 'api-version': '1.1' }, name: 'foo', files, ...more }, foo, base)

const refused = (t: Test, read: () => unknown, why: RegExp | string) => {
  try {
    read()
    t.fail('accepted')
  } catch (error) {
    t.ok(error instanceof PageError, String(error))
    t.match((error as Error).message, why)
  }
}

t.test('a page as PyPI sends it keeps all its keys (SA-52, SA-54, SA-100)', async t => {
  const files = [
    {
      'core-metadata': { sha256 },
      'data-dist-info-metadata': { sha256 },
      filename: 'foo-1.0-py3-none-any.whl',
      hashes: { sha256 },
      provenance: null,
      'requires-python': null,
      size: 2 ** 33,
      'upload-time': '2024-02-29T10:20:30.123456Z',
      url: 'https://files.example/packages/foo-1.0-py3-none-any.whl',
      yanked: false,
      'x-new': { of: ['tomorrow'] },
    },
  ]
  const read = page(files, {
    meta: { 'api-version': '1.4', '_last-serial': 7, _private: 1 },
    versions: ['0.9', '1.0', '1.0', 3],
    'project-status': { status: 'archived', reason: '', more: true },
    namespaces: null,
    'alternate-locations': ['https://elsewhere.example/'],
    tracks: [],
  })
  const { 'data-dist-info-metadata': _twin, ...kept } = files[0]!
  t.same(read, {
    meta: { _private: 1, 'api-version': '1.4', '_last-serial': 7 },
    name: 'foo',
    files: [kept],
    versions: ['0.9', '1.0'],
    'project-status': { status: 'archived', more: true },
    namespaces: null,
  })
})

t.test('the version that is declared is the one whose keys are all there (SA-57)', async t => {
  const version = (files: object[], more: object = {}) => page(files, more).meta['api-version']
  t.equal(version([entry('foo-1.0.tar.gz', { size: 1 })]), '1.4')
  t.equal(version([]), '1.4', 'an empty page has them all')
  const some = page([entry('foo-1.0.tar.gz', { size: 1 }), entry('foo-2.0.tar.gz')], {
    versions: ['1.0', '2.0'],
  })
  t.equal(some.meta['api-version'], '1.0')
  t.notOk('versions' in some)
  const hidden = [entry('foo-latest.tar.gz', { size: 1 })]
  t.equal(version(hidden), '1.0', 'a file of no known version (FN-33)')
  t.equal(version(hidden, { versions: ['latest'] }), '1.4', 'unless upstream says the versions')
})

t.test('versions come from the files where upstream has no list (FN-33)', async t => {
  const files = ['foo-1.0.tar.gz', 'foo-1.0-py3-none-any.whl', 'foo-2.0.zip']
  const read = page(files.map(filename => entry(filename, { size: 1 })))
  t.same(read.versions, ['1.0', '2.0'])
  t.equal(versionsOf(foo, [{ filename: 'bar-1.0.zip' } as File]), undefined)
})

t.test('of two files with one name only the first is listed (SA-105, fault U41)', async t => {
  const other = entry('foo-1.0.tar.gz', { hashes: { sha256: 'cd'.repeat(32) } })
  const read = page([entry('foo-1.0.tar.gz'), other, entry('foo-2.0.tar.gz')])
  t.same(
    read.files.map(file => [file.filename, file.hashes['sha256']]),
    [
      ['foo-1.0.tar.gz', sha256],
      ['foo-2.0.tar.gz', sha256],
    ],
  )
})

t.test('version 2 is refused, any minor of 1 accepted (fault U61, SA-58)', async t => {
  for (const version of ['1.0', '1.99', undefined]) t.doesNotThrow(() => checkVersion(version))
  for (const version of ['2.0', '0.9', '1', '', 1.1, null, { a: 1 }])
    refused(t, () => page([], { meta: { 'api-version': version } }), 'is not supported')
  let deep: unknown = 1
  for (let level = 0; level < 200_000; level++) deep = [deep]
  refused(t, () => checkVersion(deep), 'of another type')
  t.equal(page([], { meta: 'none' }).meta['api-version'], '1.4')
})

t.test('JSON that is no page is an error, never an empty list (fault U64, SA-106)', async t => {
  for (const value of [null, 1, 'x', true, [], [{}]])
    refused(t, () => readPage(value, foo, base), 'not an object')
  for (const files of [undefined, null, {}, 'x', 5])
    refused(t, () => page(files), 'no list of files')
  refused(t, () => page(['x', 1, null, []]), 'lists no files')
  refused(t, () => page(Array.from({ length: 500_001 }, () => ({}))), 'more than 500000 files')
})

t.test('unusable entries are left out, the good file stays (faults U47, U71, U79)', async t => {
  const good = entry('foo-1.0.tar.gz')
  const bad = [
    null,
    5,
    [],
    {},
    { ...good, filename: undefined },
    { ...good, filename: 5 },
    { ...good, filename: '../foo-1.0.tar.gz' },
    { ...good, filename: 'index.html' },
    { ...good, url: undefined },
    { ...good, url: 7 },
    ...[
      'file:///etc/passwd',
      'ftp://a/b',
      'data:,x',
      'javascript:1',
      'http://',
      'https://a:b/',
    ].map(url => ({ ...good, url })),
  ]
  t.same(
    page([...bad, good]).files.map(file => file.url),
    ['https://index.example/packages/foo-1.0.tar.gz'],
  )
})

t.test('the page must be of the project that was asked for (fault U67, SA-109)', async t => {
  refused(t, () => page([], { name: 'bar' }), 'of another project')
  refused(t, () => page([], { name: '' }), 'of another project')
  t.equal(page([], { name: 'Foo' }).name, 'foo')
  t.equal(page([], { name: undefined }).name, 'foo', 'the URL decides')
})

t.test('keys of the prototype pollute nothing (fault U65)', async t => {
  const json = `{"meta": {"__proto__": {"polluted": 1}}, "__proto__": {"polluted": 1},
    "files": [{"filename": "foo-1.0.tar.gz", "url": "x", "__proto__": {"polluted": 1},
      "hashes": {"__proto__": "ab", "constructor": "cd"}, "constructor": "x"}]}`
  const read = readPage(JSON.parse(json), foo, base)
  const [file] = read.files
  t.equal(file?.filename, 'foo-1.0.tar.gz')
  for (const object of [{}, read, read.meta, file, file?.hashes])
    t.equal((object as Record<string, unknown>)['polluted'], undefined)
  t.notMatch(JSON.stringify(read), 'polluted')
})

t.test('what is nested without end is left out, so that it can be written (fault U66)', async t => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  const json = `{"meta": {"deep": ${deep}}, "deep": ${deep}, "shallow": [[1]],
    "project-status": {"status": "active", "deep": ${deep}},
    "files": [{"filename": "foo-1.0.tar.gz", "url": "x", "deep": ${deep}, "size": ${deep},
      "hashes": ${deep}, "core-metadata": ${deep}, "yanked": ${deep}}]}`
  const read = readPage(JSON.parse(json), foo, base)
  t.same(read['shallow'], [[1]])
  t.notMatch(JSON.stringify(read), 'deep')
  t.equal(read.files.length, 1)
})

const serial = (value: unknown) =>
  page([], { meta: { '_last-serial': value } }).meta['_last-serial']

t.test('serials are whole numbers, also from strings (PY-44)', async t => {
  t.equal(serial(5), 5)
  t.equal(serial('5'), 5)
  for (const value of [-1, 1.5, 'x', null, 1e300, {}]) t.equal(serial(value), undefined)
})

t.test('a status without its text is none', async t => {
  t.notOk('project-status' in page([], { 'project-status': 'archived' }))
  t.notOk('project-status' in page([], { 'project-status': { state: 'archived' } }))
  const status = { status: 'quarantined', reason: 'malware' }
  t.same(page([], { 'project-status': status })['project-status'], status)
})

t.test('pages are made of parts', async t => {
  t.same(makePage(foo, []), {
    meta: { 'api-version': '1.4' },
    name: 'foo',
    files: [],
    versions: [],
  })
})

t.test('12,000 files are read fast', async t => {
  const files = Array.from({ length: 12_000 }, (_, at) => ({
    'core-metadata': { sha256 },
    'data-dist-info-metadata': { sha256 },
    filename: `foo-1.${at}-py3-none-any.whl`,
    hashes: { sha256 },
    provenance: null,
    'requires-python': '>=3.9',
    size: at,
    'upload-time': '2024-01-02T10:20:30.123456Z',
    url: `https://files.example/packages/ab/cd/${'e'.repeat(60)}/foo-1.${at}-py3-none-any.whl`,
    yanked: false,
  }))
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    t.equal(page(files).files.length, 12_000)
    best = Math.min(best, performance.now() - start)
  }
  t.comment(`${best.toFixed(1)} ms`)
  t.ok(best < 500, 'with room for a busy machine')
})
