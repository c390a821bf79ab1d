import { createHash } from 'node:crypto'
import t from 'tap'
import type { Filename } from '../../src/spec/filename.ts'
import type { Name } from '../../src/spec/project-name.ts'
import {
  canonicalPath,
  encodeFilename,
  localPath,
  mirroredPath,
  projectInPath,
  provenancePath,
} from '../../src/spec/public-path.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)
const path = (url: string, filename = 'foo-1.0.tar.gz', name = 'foo') =>
  mirroredPath(
    'up',
    'https://index.example',
    name as Name,
    { filename: filename as Filename, url },
    digest,
  )

t.test('a plus is written as %2B (SA-73)', async t => {
  t.equal(encodeFilename('foo-1.0+a+b.zip'), 'foo-1.0%2Ba%2Bb.zip')
  t.equal(localPath('foo' as Name, 'foo-1.0+a.zip' as Filename), 'packages/foo/foo-1.0%2Ba.zip')
})

t.test('attestations are found at a path like that of PyPI (PY-10)', async t => {
  t.equal(
    provenancePath('foo' as Name, '1!1.0+a', 'foo-1!1.0+a.zip' as Filename),
    'integrity/foo/1!1.0%2Ba/foo-1!1.0%2Ba.zip/provenance',
  )
})

t.test("PyPI's own paths are kept, whatever the host", async t => {
  const own = `packages/ab/cd/${'0'.repeat(60)}`
  t.equal(path(`https://files.example/${own}/foo-1.0.tar.gz`), `${own}/foo-1.0.tar.gz`)
  const local = path(`https://files.example/${own}/foo-1.0%2Ba.zip`, 'foo-1.0+a.zip')
  t.equal(local, `${own}/foo-1.0%2Ba.zip`)
  t.equal(path(`https://files.example/${own}/foo-1.0+a.zip`, 'foo-1.0+a.zip'), local)
})

t.test('other paths lie below their upstream', async t => {
  t.equal(path('https://index.example/a/b/foo-1.0.tar.gz'), 'packages/-/up/a/b/foo-1.0.tar.gz')
  t.equal(path('https://index.example/foo-1.0.tar.gz'), 'packages/-/up/foo-1.0.tar.gz')
  t.equal(
    path('https://other.example:8080/a/foo-1.0.tar.gz?token=x'),
    'packages/-/up/~other.example:8080/a/foo-1.0.tar.gz',
  )
  t.equal(
    path('https://other.example/foo-1.0.tar.gz'),
    'packages/-/up/~other.example/foo-1.0.tar.gz',
  )
  t.equal(
    path('https://index.example/download/17', 'foo-1.0.tar.gz'),
    'packages/-/up/download/17/foo-1.0.tar.gz',
    'where the URL does not end with the name of the file',
  )
})

t.test('what our own URLs cannot carry becomes a digest of the URL', async t => {
  for (const odd of ['a%2fb', 'a//b', 'a%20b', '\u00e9', '~bar', '@bar', '=bar', 'a'.repeat(800)]) {
    const url = `https://index.example/${odd}/foo-1.0.tar.gz`
    t.equal(path(url), `packages/-/up/=${digest(url)}/foo-1.0.tar.gz`, odd.slice(0, 10))
  }
})

t.test('the project stands in the path where the name of the file does not tell it', async t => {
  const strange = path('https://index.example/a/bar-1.0.tar.gz', 'bar-1.0.tar.gz')
  t.equal(strange, 'packages/-/up/@foo/a/bar-1.0.tar.gz')
  t.equal(projectInPath(strange), 'foo')
  t.equal(projectInPath('packages/-/up/a/@foo/bar-1.0.tar.gz'), undefined)
  const own = `packages/ab/cd/${'0'.repeat(60)}/bar-1.0.tar.gz`
  t.equal(
    path(`https://files.example/${own}`, 'bar-1.0.tar.gz'),
    `packages/-/up/@foo/~files.example/${own}`,
  )
})

t.test('a path is found again whichever way its characters were sent', async t => {
  const own = path('https://index.example/a+b/c=d,e@f/foo-1.0+x.zip', 'foo-1.0+x.zip')
  t.equal(own, 'packages/-/up/a%2Bb/c=d,e@f/foo-1.0%2Bx.zip')
  t.equal(canonicalPath(own.split('/').map(decodeURIComponent)), own)
})

t.test('different URLs have different paths', async t => {
  const urls = [
    'https://index.example/a/foo-1.0.tar.gz',
    'https://index.example/b/foo-1.0.tar.gz',
    'https://other.example/a/foo-1.0.tar.gz',
    'https://other.example:81/a/foo-1.0.tar.gz',
    'https://index.example/a/foo-1.0.tar.gz/x',
    'https://index.example/a%2f/foo-1.0.tar.gz',
    'https://index.example/~other.example/a/foo-1.0.tar.gz',
  ]
  t.equal(new Set(urls.map(url => path(url))).size, urls.length)
})
