import t from 'tap'
import { renderPage } from '../../src/pages/simple.ts'
import type { Filename } from '../../src/spec/filename.ts'
import { readPage, type File, type Page } from '../../src/spec/page.ts'
import type { Name } from '../../src/spec/project-name.ts'

const hex = 'ab'.repeat(32)

const fileOf = (more: Partial<File> = {}): File => ({
  filename: 'six-1.0.tar.gz' as Filename,
  url: 'packages/ab/cd/six-1.0.tar.gz',
  hashes: { sha256: hex },
  ...more,
})

const pageOf = (files: readonly File[], more: Partial<Page> = {}): Page => ({
  meta: { 'api-version': '1.4' },
  name: 'six' as Name,
  files,
  ...more,
})

const html = (file: File) => renderPage(pageOf([file]), 'html', '../../')
const anchorOf = (file: File) =>
  html(file)
    .split('\n')
    .find(line => line.startsWith('<a ')) ?? ''
const json = (page: Page) => JSON.parse(renderPage(page, 'json', '../../')) as Page

t.test('a link: relative, with its hash, href first, on one line (SA-60 to SA-64)', async t => {
  t.equal(
    anchorOf(fileOf()),
    `<a href="../../packages/ab/cd/six-1.0.tar.gz#sha256=${hex}">six-1.0.tar.gz</a><br>`,
  )
  t.match(html(fileOf()), /^<!DOCTYPE html>\n[^]*<title>Links for six<\/title>[^]*<\/html>\n$/)
  t.equal(renderPage(pageOf([fileOf()]), 'v1html', '../../'), html(fileOf()))
})

const fragment = (hashes: Record<string, string>) =>
  /href="[^"#]*([^"]*)"/.exec(anchorOf(fileOf({ hashes })))?.[1]

t.test('one hash that clients know, sha256 if there is one (SA-65, SA-102)', async t => {
  t.equal(fragment({ md5: 'aa', sha256: hex, sha512: 'bb' }), `#sha256=${hex}`)
  t.equal(fragment({ md5: 'aa', sha384: 'cc', sha512: 'bb', blake2b: 'dd' }), '#sha512=bb')
  t.equal(fragment({ md5: 'aa', sha384: 'cc', blake2b: 'dd' }), '#sha384=cc')
  t.equal(fragment({ md5: 'aa', blake2b: 'dd' }), '#blake2b=dd')
  t.equal(fragment({ md5: 'aa', sha1: 'bb' }), '#md5=aa')
  t.equal(fragment({ sha1: 'aa', blake2_256: 'bb' }), '')
  t.equal(fragment({}), '')
})

const attributes = (more: Partial<File>) =>
  /^<a href="[^"]*"([^]*)>six/.exec(anchorOf(fileOf(more)))?.[1]

const both = (value: string) => ` data-core-metadata="${value}" data-dist-info-metadata="${value}"`

t.test('attributes (SA-62, SA-90, SA-91)', async t => {
  t.equal(attributes({ 'requires-python': '>=3.7,<4' }), ' data-requires-python="&gt;=3.7,&lt;4"')
  t.equal(attributes({ 'requires-python': null }), '')
  t.equal(attributes({ yanked: true }), ' data-yanked=""')
  t.equal(attributes({ yanked: '' }), ' data-yanked=""')
  t.equal(attributes({ yanked: 'bad "<b>"' }), ' data-yanked="bad &quot;&lt;b&gt;&quot;"')
  t.equal(attributes({ yanked: false }), '')
  t.equal(attributes({ 'core-metadata': true }), both('true'))
  t.equal(attributes({ 'core-metadata': { sha256: 'aa', md5: 'bb' } }), both('sha256=aa'))
  t.equal(attributes({ 'core-metadata': { sha1: 'aa' } }), both('true'))
  t.equal(attributes({ 'core-metadata': false }), '')
  t.equal(attributes({ 'gpg-sig': true }), ' data-gpg-sig="true"')
  t.equal(attributes({ 'gpg-sig': false }), ' data-gpg-sig="false"')
  t.equal(attributes({ provenance: 'https://x/y?a&b' }), ' data-provenance="https://x/y?a&amp;b"')
  t.equal(
    attributes({ provenance: 'integrity/six/1.0/six-1.0.tar.gz/provenance' }),
    ' data-provenance="../../integrity/six/1.0/six-1.0.tar.gz/provenance"',
    'ours is relative, as all our links are',
  )
  t.equal(attributes({ provenance: null, size: 1, 'upload-time': '2026-01-01T00:00:00Z' }), '')
})

const bare = (more: Partial<Page>) => renderPage(pageOf([], more), 'html', '')

t.test('the page’s own facts (SA-63, ST-3)', async t => {
  t.match(
    bare({ 'project-status': { status: 'archived', reason: 'see <new>' } }),
    [
      '<meta name="pypi:project-status" content="archived">',
      '<meta name="pypi:project-status-reason" content="see &lt;new&gt;">',
    ].join('\n'),
  )
  t.notMatch(bare({ 'project-status': { status: 'archived' } }), 'reason')
  t.notMatch(bare({}), 'project-status')
  for (const [version, shown] of [
    ['1.0', '1.0'],
    ['1.1', '1.1'],
    ['1.4', '1.4'],
    ['1.5', '1.4'],
    ['1.40', '1.4'],
  ])
    t.match(
      bare({ meta: { 'api-version': version ?? '' } }),
      `repository-version" content="${shown}"`,
    )
})

t.test('of JSON only the URL changes; unknown keys stay (SA-100, ST-6, TC-13)', async t => {
  const file = fileOf({
    size: 5,
    yanked: 'why',
    'core-metadata': { sha256: 'aa' },
    provenance: null,
    'x-new': { a: [1] },
  })
  const page = pageOf([file], {
    versions: ['1.0'],
    'x-page': true,
    meta: { 'api-version': '1.4', '_last-serial': 9, x: 1 },
  })
  t.strictSame(json(page), {
    ...page,
    files: [{ ...file, url: '../../packages/ab/cd/six-1.0.tar.gz' }],
  })
  t.equal(file.url, 'packages/ab/cd/six-1.0.tar.gz', 'the page given is left alone')
})

t.test('JSON has nothing that makes a client refuse the page (SA-55, SA-62, TC-10)', async t => {
  const bad = { size: null, 'upload-time': '', yanked: null, 'dist-info-metadata': true }
  const [shown] = json(pageOf([fileOf(bad as unknown as Partial<File>)])).files
  t.strictSame(Object.keys(shown ?? {}).toSorted(), ['filename', 'hashes', 'url'])
  t.equal(
    json(pageOf([fileOf({ 'upload-time': null as unknown as string, yanked: '' })])).files[0]
      ?.yanked,
    true,
  )
})

t.test('a quarantined project offers no file (SA-92, TC-16)', async t => {
  const page = pageOf([fileOf()], {
    'project-status': { status: 'quarantined' },
    versions: ['1.0'],
  })
  t.match(json(page), { files: [], versions: ['1.0'], 'project-status': { status: 'quarantined' } })
  t.notMatch(renderPage(page, 'html', ''), '<a ')
})

t.test('an upstream page passes through', async t => {
  const upstream = {
    meta: { 'api-version': '1.4' },
    name: 'six',
    files: [
      { filename: 'six-1.0.tar.gz', url: 'x/six-1.0.tar.gz', hashes: {}, size: 2 ** 33, new: null },
    ],
  }
  const page = readPage(upstream, 'six' as Name, new URL('https://a/simple/six/'))
  t.match(renderPage(page, 'json', ''), `"size":${2 ** 33}`)
  t.match(json(page), { versions: ['1.0'], files: [{ new: null }] })
})

t.test('12,000 files are rendered at once', async t => {
  const files = Array.from({ length: 12_000 }, (_, n) =>
    fileOf({
      filename: `six-1.${n}.tar.gz` as Filename,
      'requires-python': '>=3.8',
      'core-metadata': { sha256: hex },
    }),
  )
  const started = performance.now()
  t.equal(renderPage(pageOf(files), 'html', '../../').split('<a href').length, 12_001)
  t.equal(json(pageOf(files)).files.length, 12_000)
  t.ok(performance.now() - started < 2000)
})
