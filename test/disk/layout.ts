import { basename, dirname, sep } from 'node:path'
import t from 'tap'
import { host, Layout, ownDirectory } from '../../src/disk/layout.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { rootIndex, type IndexName } from '../../src/spec/index-name.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'

const layout = new Layout('/cache')
const name = projectName('Zope.Interface') as Name
const filename = distFilename('zope.interface-1.0.tar.gz') as Filename

t.test('a distribution lies in its project directory under its real name', async t => {
  t.equal(layout.project(name), '/cache/zope-interface')
  t.equal(layout.file(name, filename), '/cache/zope-interface/zope.interface-1.0.tar.gz')
})

t.test('everything of ours lies below one directory, sorted by what losing it costs', async t => {
  const own = `/cache/${ownDirectory}`
  t.equal(layout.keep, `${own}/keep`)
  t.equal(layout.cache, `${own}/cache`)
  const digest = 'ab'.repeat(32)
  for (const path of [
    layout.fact(name, filename),
    layout.uploadedFact(name, filename, digest),
    layout.tombstone(name, filename),
    layout.claim(name),
    layout.attestations(name, filename, digest),
    layout.deleted(name, filename, digest),
    layout.ownership(name),
  ])
    t.ok(path.startsWith(layout.keep + sep), path)
  for (const path of [
    layout.page('pypi', name),
    layout.names('pypi'),
    layout.metadata(name, filename, 'ab'.repeat(32)),
    layout.digests(name),
    layout.cacheTag,
  ])
    t.ok(path.startsWith(layout.cache + sep), path)
  for (const path of [
    layout.parts(name, filename),
    layout.temporary,
    layout.damaged,
    layout.lock('any key'),
  ])
    t.ok(path.startsWith(`${own}/work/`), path)
  t.equal(layout.format, `${own}/layout`)
})

t.test('wheels of one name but other bytes keep their metadata apart (fault U41)', async t => {
  const paths = ['a', 'b'].map(digit => layout.metadata(name, filename, digit.repeat(64)))
  t.not(paths[0], paths[1])
})

t.test('the longest names that are allowed fit into directory entries', async t => {
  const longest = distFilename(`${'a'.repeat(208)}-1.0.tar.gz`)
  t.ok(longest)
  for (const path of [
    layout.fact(name, longest as Filename),
    layout.metadata(name, longest as Filename, 'ab'.repeat(32)),
    layout.uploadedFact(name, longest as Filename, 'ab'.repeat(32)),
    layout.tombstone(name, longest as Filename),
    layout.attestations(name, longest as Filename, 'ab'.repeat(32)),
    layout.deleted(name, longest as Filename, 'ab'.repeat(32)),
  ])
    t.ok(Buffer.byteLength(basename(path)) <= 255, basename(path))
  const project = projectName('a'.repeat(200)) as Name
  t.ok(Buffer.byteLength(basename(layout.digests(project))) <= 255)
})

t.test('a lock has a plain name whatever its key says', async t => {
  const path = layout.lock('download ../../etc/passwd\0\n')
  t.equal(dirname(path), layout.locks)
  t.match(basename(path), /^[0-9a-f]{32}$/)
  t.not(layout.lock('a'), layout.lock('b'))
  t.equal(layout.lock('a'), layout.lock('a'))
})

t.test("the host's name can stand in a file name", async t => {
  t.match(host, /^[A-Za-z0-9._-]{1,60}$/)
})

const isBelow = (path: string) => (tree: string) => path === tree || path.startsWith(tree + sep)

t.test('each index but the root index has everything to itself', async t => {
  const digest = 'ab'.repeat(32)
  const pathsOf = (of: Layout) => [
    of.file(name, filename),
    of.fact(name, filename),
    of.uploadedFact(name, filename, digest),
    of.tombstone(name, filename),
    of.claim(name),
    of.attestations(name, filename, digest),
    of.deleted(name, filename, digest),
    of.release(name),
    of.docsFact(name),
    of.toxResults(name),
    of.push(name),
    of.gone(name),
    of.ownership(name),
    of.metadata(name, filename, digest),
    of.digests(name),
    of.parts(name, filename),
    of.page(of.index, name),
    of.names(of.index),
    of.document(of.index, name, 'https://example.org/'),
  ]
  const [dev, other] = ['alice/dev', 'alice/dev2'].map(index => layout.of(index as IndexName))
  if (dev === undefined || other === undefined) return
  for (const path of pathsOf(dev)) t.ok(dev.trees.some(isBelow(path)), path)
  for (const path of [...pathsOf(other), ...pathsOf(layout.of(rootIndex))])
    t.notOk(dev.trees.some(isBelow(path)), path)
  for (const path of [dev.gone(name), dev.indexSettings(dev.index)])
    t.notOk(dev.projectTrees(name).some(isBelow(path)), 'outlives the project')
  t.not(dev.lock('a'), other.lock('a'))
})
