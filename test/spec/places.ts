import t from 'tap'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import type { IndexName } from '../../src/spec/index-name.ts'
import {
  hashedPath,
  namedPath,
  placesOf,
  projectInDirectory,
  type Placed,
} from '../../src/spec/places.ts'
import type { Name } from '../../src/spec/project-name.ts'

const dev = 'alice/dev' as IndexName
const name = 'foo-bar' as Name
const sha256 = '0123456789abcdef'.repeat(4)

const file = (more: Partial<Placed> = {}): Placed => ({
  filename: 'foo_bar-1.0+cpu.tar.gz' as Filename,
  url: 'https://files.example:8080/a%20b/c/foo_bar-1.0%2Bcpu.tar.gz',
  hashes: {},
  ...more,
})

const mirrored = (placed: Placed) =>
  placesOf(dev).mirrored('up', 'https://example', name, placed, () => 'digest')

t.test('the files of an index are at devpi’s paths (devpi-api 11)', async t => {
  const filename = 'foo_bar-1.0+cpu.tar.gz' as Filename
  const path = 'alice/dev/+f/012/3456789abcdef/foo_bar-1.0%2Bcpu.tar.gz'
  t.equal(placesOf(dev).own(name, filename, sha256), path)
  t.equal(hashedPath(dev, sha256, filename), path)
  t.equal(mirrored(file({ hashes: { sha256 } })), path)
  t.equal(
    placesOf(dev).provenance(name, '1.0+cpu', filename),
    'alice/dev/+integrity/foo-bar/1.0%2Bcpu/foo_bar-1.0%2Bcpu.tar.gz/provenance',
  )
})

t.test('files without a sha256 are at the path of their place upstream', async t => {
  const directory = 'https_files.example_8080_a_20b_c'
  const path = `alice/dev/+e/${directory}/foo_bar-1.0%2Bcpu.tar.gz`
  t.equal(mirrored(file()), path)
  t.equal(mirrored(file({ hashes: { md5: 'ab' } })), path)
  t.equal(mirrored(file({ hashes: { sha256: '../..' } })), path)
  t.equal(namedPath(dev, directory, 'foo_bar-1.0+cpu.tar.gz' as Filename), path)
  t.equal(projectInDirectory(directory), undefined)
  const long = file({ url: `https://example/${'x/'.repeat(100)}foo_bar-1.0.tar.gz` })
  t.equal(mirrored(long), 'alice/dev/+e/digest/foo_bar-1.0%2Bcpu.tar.gz')
})

t.test('a path tells the project where the name of the file does not', async t => {
  const strange = file({ filename: 'other-1.0.zip' as Filename, hashes: { sha256 } })
  const path = mirrored(strange)
  t.equal(path, 'alice/dev/+e/@foo-bar@https_files.example_8080_a_20b_c/other-1.0.zip')
  t.equal(projectInDirectory(path.split('/')[3] ?? ''), 'foo-bar')
})

t.test('an index tells its paths from those of others', async t => {
  const root = placesOf('root/pypi' as IndexName)
  t.ok(placesOf(dev).has('alice/dev/+f/012/3456789abcdef/x.zip'))
  t.ok(placesOf(dev).has('alice/dev/+e/there/x.zip'))
  t.notOk(placesOf(dev).has('alice/dev2/+f/012/3456789abcdef/x.zip'))
  t.notOk(placesOf(dev).has('packages/foo-bar/x.zip'))
  t.ok(root.has('packages/foo-bar/x.zip'))
  t.ok(root.has('root/pypi/+f/012/3456789abcdef/x.zip'))
  t.notOk(root.has('alice/dev/+f/012/3456789abcdef/x.zip'))
})

t.test('documentation is no distribution', async t => {
  t.equal(distFilename('foo_bar-1.0.doc.zip'), undefined)
  t.equal(distFilename('foo_bar-1.0.DOC.ZIP'), undefined)
  t.equal(distFilename('foo_bar-1.0.docs.zip'), 'foo_bar-1.0.docs.zip')
})
