import t from 'tap'
import { docFilename, documentedBy, documentedVersion } from '../../src/spec/doc-filename.ts'
import { distFilename } from '../../src/spec/filename.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'
import { releaseVersion, type ReleaseVersion } from '../../src/spec/release-version.ts'

const hello = projectName('hello-dv') as Name
const version = (text: string) => releaseVersion(text) as ReleaseVersion

t.test('documentation has a name of its own, which no distribution has', async t => {
  const filename = docFilename(hello, version('1.0+x'))
  t.equal(filename, 'hello-dv-1.0+x.doc.zip')
  t.equal(distFilename(String(filename)), undefined)
  t.equal(documentedVersion(hello, String(filename)), '1.0+x')
})

t.test('a name that is too long for a file is none', async t => {
  const long = projectName('a'.repeat(200)) as Name
  t.equal(docFilename(long, version('1'.repeat(50))), undefined)
  t.same(documentedBy(`${'a'.repeat(200)}-${'1'.repeat(50)}.doc.zip`), [])
})

t.test('other files of a directory are no documentation', async t => {
  for (const text of [
    'hello-dv-1.0.zip',
    'hello-1.0.doc.zip',
    'hello-dv-.doc.zip',
    'hello-dv-../x.doc.zip',
  ])
    t.equal(documentedVersion(hello, text), undefined, text)
})

t.test('a name may be read in several ways', async t => {
  t.same(documentedBy('hello-dv-1.0-1.doc.zip'), [
    { name: 'hello', version: 'dv-1.0-1' },
    { name: 'hello-dv', version: '1.0-1' },
  ])
  t.same(documentedBy('Hello-1.0.doc.zip'), [], 'only in normal spelling')
  t.same(documentedBy('hello-1.0.zip'), [])
  t.same(documentedBy('-1.doc.zip'), [])
  t.equal(documentedBy(`a${'-1'.repeat(80)}.doc.zip`).length, 20, 'bounded')
})
