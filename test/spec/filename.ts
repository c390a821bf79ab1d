import t from 'tap'
import {
  belongsTo,
  distFilename,
  extensionOf,
  fileVersion,
  isWheel,
  projectsOf,
  type Filename,
} from '../../src/spec/filename.ts'
import type { Name } from '../../src/spec/project-name.ts'

const version = (project: string, filename: string) => fileVersion(project as Name, filename)
const projects = (filename: string) => projectsOf(filename as Filename)

/** FN-32, and what FN-11 and FN-14 say of wheels. */
const vectors: [string, string, string | undefined][] = [
  ['foo-bar', 'foo-bar-1.0.tar.gz', '1.0'],
  ['foo-bar', 'foo_bar-1.0.zip', '1.0'],
  ['foo-bar', 'Foo.Bar-1.0.tgz', '1.0'],
  ['foo', 'foo-1.0-1.tar.gz', '1.0-1'],
  ['foo', 'foo-1.0-beta2.tar.gz', '1.0-beta2'],
  ['foo', 'foo-bar-1.0.tar.gz', undefined],
  ['python-foo-2', 'python-foo-2-1.1.tar.gz', '1.1'],
  ['backports-x', 'backports.x-1.0.tar.bz2', '1.0'],
  ['numpy', 'numpy-1.0.1.dev3460.win32-py2.4.exe', '1.0.1.dev3460'],
  ['numpy', 'numpy-1.5.1.win32-py2.5-nosse.exe', '1.5.1'],
  ['foo', 'foo-1.0.win-amd64-py3.6.msi', '1.0'],
  ['foo', 'foo-1.0-py2.7.egg', '1.0'],
  ['foo', 'foo-1.0-py2.7-linux-x86_64.egg', '1.0'],
  ['foo', 'foo-1.0_1-py2.7.egg', '1.0-1'],
  ['foo', 'foo-1.0-py3.6.tar.gz', '1.0'],
  ['foo', 'foo-1.0.linux-x86_64.tar.gz', '1.0'],
  ['foo', 'foo-1.0.macosx-10.6-x86_64.zip', '1.0'],
  ['foo', 'foo-1.0-1.noarch.rpm', '1.0'],
  ['foo', 'foo-1.0-1.src.rpm', '1.0'],
  ['foo', 'foo-2004d.tar.gz', '2004d'],
  ['foo', 'foo-1.0+local.1.tar.gz', '1.0+local.1'],
  ['foo', 'foo-1!2.0.tar.gz', '1!2.0'],
  ['foo', 'foo--1.0.tar.gz', undefined],
  ['foo-bar', 'foo--bar-1.0.tar.gz', '1.0'],
  ['foo', 'foo-1.0.TAR.GZ', '1.0'],
  ['foo', 'foo.tar.gz', undefined],
  ['foo', 'foo-latest.tar.gz', undefined],
  ['foo', 'foo-1.0-py3-none-any.whl', '1.0'],
  ['foo', 'foo-1.0-1a-py3-none-any.whl', '1.0'],
  ['foo-bar', 'Foo.Bar-1.0-py2.py3-none-any.whl', '1.0'],
  ['foo', 'foo-1.0+abc_1-py3-none-any.whl', '1.0+abc_1'],
  ['foo', 'foo-1.0_1-py3-none-any.whl', '1.0-1'],
  ['foo', 'foo-1.0-1-py3-none-any-label.whl', '1.0'],
  ['foo', 'foo_bar-1.0-py3-none-any.whl', undefined],
  ['foo-bar', 'foo-bar-1.0-py3-none-any.whl', undefined],
  ['foo', 'foo-1.0.whl', undefined],
]

t.test('the version of a file whose project is known (FN-30, FN-32)', async t => {
  for (const [project, filename, wanted] of vectors)
    t.equal(version(project, filename), wanted, `${filename} of ${project}`)
})

t.test('the projects of a file, the right one first (FN-32, FN-40)', async t => {
  for (const [project, filename, wanted] of vectors)
    if (wanted !== undefined) t.equal(projects(filename)[0], project, filename)
  t.same(projects('foo-bar-1.0.tar.gz'), ['foo-bar'], 'and foo never')
  t.same(projects('foo-1.0-1.tar.gz'), ['foo', 'foo-1-0'])
  t.same(projects('foo_bar-1.0-py3-none-any.whl'), ['foo-bar'])
  t.same(projects('foo-latest.tar.gz'), ['foo-latest'])
  t.same(projects('foo.tar.gz'), ['foo'])
  t.same(projects('-1.0.tar.gz'), [], 'none at all')
  t.same(projects('foo-.tar.gz'), [])
  t.equal(projects('a-1-1-1-1-1-1.tar.gz').length <= 4, true)
})

t.test('demo never lists a file of demo-extra (P26)', async t => {
  const own = ['demo-1.0.tar.gz', 'Demo-2.0.zip', 'demo-1.0-py3-none-any.whl', 'demo-1.0-1.tar.gz']
  const others = [
    'demo-extra-9.9.tar.gz',
    'Demo_Extra-9.9.tar.gz',
    'demo_extra-9.9-py3-none-any.whl',
  ]
  const demo = 'demo' as Name
  for (const filename of own) t.equal(belongsTo(demo, filename as Filename), true, filename)
  for (const filename of others) {
    t.equal(belongsTo(demo, filename as Filename), false, filename)
    t.equal(belongsTo('demo-extra' as Name, filename as Filename), true, filename)
    t.equal(version('demo', filename), undefined, filename)
  }
})

t.test('names of distributions (FN-21, FN-22)', async t => {
  for (const [, filename] of vectors) t.equal(distFilename(filename), filename)
  const kinds =
    'tar.gz tgz tar tar.bz2 tbz tar.xz txz tlz tar.lz tar.lzma tar.zst tar.Z zip whl egg exe'
  for (const kind of kinds.split(' ')) t.ok(distFilename(`foo-1.0.${kind}`), kind)
  t.equal(extensionOf('foo-1.0.TAR.GZ'), '.TAR.GZ')
  t.equal(extensionOf('foo-1.0.txt'), undefined)
  t.equal(isWheel('foo-1.0-py3-none-any.whl'), true)
  t.equal(isWheel('foo-1.0-py3-none-any.WHL'), false, 'FN-14')
})

t.test('names that are no distribution or unsafe (faults U71 to U77, SA-110)', async t => {
  const hostile = [
    '../foo-1.0.tar.gz',
    '..',
    '..%2ffoo-1.0.tar.gz',
    '%2e%2e%2ffoo-1.0.tar.gz',
    '..\\foo-1.0.tar.gz',
    'foo%5cbar-1.0.tar.gz',
    'a/b-1.0.tar.gz',
    '/etc/foo-1.0.tar.gz',
    'C:foo-1.0.tar.gz',
    'C:\\foo-1.0.zip',
    '\\\\host\\foo-1.0.zip',
    'foo-1.0\0.tar.gz',
    'foo-1.0.tar.gz\0.whl',
    'foo-1.0\r\nX: y.tar.gz',
    'foo-1.0.tar.gz\n',
    'foo-1.0\u001b[31m.tar.gz',
    'foo-1.0\t.tar.gz',
    'foo bar-1.0.tar.gz',
    'foo-1.0.zip ',
    'foo-1.0.zip.',
    'foo-1.0.zip:stream',
    'foo-1.0.zip::$DATA',
    'foo\u202e-1.0.tar.gz',
    'foo\u0301-1.0.tar.gz',
    'foo\uff0e\uff0e-1.0.tar.gz',
    'foo\ufffd-1.0.tar.gz',
    'foo-1.0.tar.\u212az',
    '-foo-1.0.tar.gz',
    '.foo-1.0.tar.gz',
    '.tar.gz',
    '.whl',
    '',
    'index.html',
    'lock',
    'meta.json',
    'foo-1.0.tar.gz.tmp',
    'foo-1.0.tar.gz.asc',
    'foo-1.0-py3-none-any.whl.metadata',
    '<b>foo-1.0.tar.gz',
    'foo"-1.0.tar.gz',
    "foo'-1.0.tar.gz",
    'foo&-1.0.tar.gz',
    'foo?-1.0.tar.gz',
    'foo#-1.0.tar.gz',
  ]
  for (const text of hostile) t.equal(distFilename(text), undefined, JSON.stringify(text))
})

const named = (length: number) => `${'x'.repeat(length - 4)}.zip`

t.test('names have room for a suffix within 255 bytes (fault U74)', async t => {
  t.ok(distFilename(named(220)))
  for (const length of [221, 255, 256, 5000, 100_000]) t.notOk(distFilename(named(length)))
})

t.test('strange names cost little (fault U63)', async t => {
  const strange = [
    `${'a-'.repeat(105)}.tar.gz`,
    `${'1-'.repeat(105)}.tar.gz`,
    `a${'-'.repeat(200)}.zip`,
  ]
  const start = performance.now()
  for (let round = 0; round < 500; round++)
    for (const filename of strange) {
      projects(filename)
      version('a-a', filename)
    }
  t.ok(performance.now() - start < 2000, `${performance.now() - start} ms`)
})
