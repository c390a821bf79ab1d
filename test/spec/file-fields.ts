import t from 'tap'
import { readFile } from '../../src/spec/page.ts'

const base = new URL('https://index.example/simple/foo/')
const read = (more: object): Record<string, unknown> | undefined =>
  readFile({ filename: 'foo-1.0.tar.gz', url: 'foo-1.0.tar.gz', ...more }, base)
const field = (key: string, value: unknown) => read({ [key]: value })?.[key]

t.test('an entry needs only its name and URL; hashes are always there (SA-53, SA-55)', async t => {
  t.same(read({}), {
    filename: 'foo-1.0.tar.gz',
    url: 'https://index.example/simple/foo/foo-1.0.tar.gz',
    hashes: {},
  })
})

t.test('URLs are absolute and have neither fragment nor userinfo (need 15)', async t => {
  t.equal(field('url', 'https://user:secret@files.example/a.zip'), 'https://files.example/a.zip')
  t.equal(field('url', '/a/b.zip#sha256=ab'), 'https://index.example/a/b.zip')
  t.equal(field('url', '//other.example/b.zip'), 'https://other.example/b.zip')
  for (const url of [
    'https://files.example/a/%7Eb+c@d;e=f,g/h.zip',
    'https://FILES.example/a.zip',
    'https://files.example:443/a.zip',
    'https://files.example/a/../b/./%2e%2E/c.zip',
    'https://files.example/a b"<>`{}|^\\\'c.zip',
    'https://files.example',
    'https://xn--mnchen-3ya.example/a.zip',
    'http://127.1/a.zip',
    'http://0x7f.0.0.1/a.zip',
    'http://files.example.1/a.zip',
    ' https://files.example/a.zip\n',
    'https://files.example/\u00e9.zip',
  ])
    t.equal(field('url', url), URL.canParse(url) ? new URL(url).href : undefined, url)
  t.equal(field('url', '../../b%2B1.zip?x=1'), 'https://index.example/b%2B1.zip?x=1')
})

t.test('hashes are lower-case hex of the right length (SA-53, fault U38)', async t => {
  const sha256 = 'ab'.repeat(32)
  t.same(field('hashes', { SHA256: sha256.toUpperCase(), md5: 'c'.repeat(32), blake2b: 'ab' }), {
    sha256,
    md5: 'c'.repeat(32),
    blake2b: 'ab',
  })
  for (const bad of [
    '../../etc/passwd',
    '',
    'ab',
    `${sha256}\n`,
    5,
    null,
    [sha256],
    'ab'.repeat(200),
  ])
    t.same(field('hashes', { sha256: bad }), {}, JSON.stringify(bad))
  for (const bad of [null, [], 'x', 5, { '../x': sha256 }, { __proto__: null }])
    t.same(field('hashes', bad), {})
})

t.test('sizes are whole numbers, else left out (SA-55, fault U39)', async t => {
  for (const size of [0, 1, 2 ** 40]) t.equal(field('size', size), size)
  for (const size of [-1, 1.5, 1e300, Infinity, NaN, '5', null, {}, [1]])
    t.notOk('size' in read({ size })!, JSON.stringify(size))
})

t.test('upload times have six digits and are real moments (SA-55, SA-56)', async t => {
  const times = {
    '2024-01-02T03:04:05Z': '2024-01-02T03:04:05.000000Z',
    '2024-01-02T03:04:05.1Z': '2024-01-02T03:04:05.100000Z',
    '2024-01-02T03:04:05.123456Z': '2024-01-02T03:04:05.123456Z',
    '2024-02-29T23:59:59.999Z': '2024-02-29T23:59:59.999000Z',
    '2023-12-31T00:00:00Z': '2023-12-31T00:00:00.000000Z',
  }
  for (const [given, wanted] of Object.entries(times)) t.equal(field('upload-time', given), wanted)
  const bad = [
    '2023-02-29T00:00:00Z',
    '2024-02-30T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T23:59:60Z',
    '0000-01-01T00:00:00Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00:00+00:00',
    '2024-01-01T00:00:00.1234567Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:00Z\n',
    '',
    null,
    0,
    {},
  ]
  for (const time of bad)
    t.notOk('upload-time' in read({ 'upload-time': time })!, JSON.stringify(time))
})

t.test('yanked is true, false or a reason; an empty reason is true (SA-91)', async t => {
  for (const yanked of [true, false, 'broken']) t.equal(field('yanked', yanked), yanked)
  t.equal(field('yanked', ''), true)
  for (const yanked of [null, 0, 1, {}, []]) t.notOk('yanked' in read({ yanked })!)
})

t.test('core metadata comes under its proper key only (SA-54, SA-62)', async t => {
  const sha256 = 'ab'.repeat(32)
  for (const key of ['core-metadata', 'data-dist-info-metadata', 'dist-info-metadata']) {
    const file = read({ [key]: { sha256 } })
    t.same(file?.['core-metadata'], { sha256 }, key)
    t.equal(Object.keys(file!).length, 4)
    t.equal(read({ [key]: true })?.['core-metadata'], true)
    t.equal(read({ [key]: false })?.['core-metadata'], false)
    t.notOk('core-metadata' in read({ [key]: null })!)
    t.equal(read({ [key]: { sha256: 'no digest' } })?.['core-metadata'], true)
  }
  const both = { 'core-metadata': false, 'data-dist-info-metadata': { sha256 } }
  t.equal(read(both)?.['core-metadata'], false, 'the proper key wins')
})

t.test('the other fields keep what clients can read (SA-53)', async t => {
  t.equal(field('requires-python', '>=3.9'), '>=3.9')
  t.equal(field('requires-python', null), null)
  for (const value of ['', 3, {}]) t.notOk('requires-python' in read({ 'requires-python': value })!)
  t.equal(field('provenance', 'https://pypi.example/p'), 'https://pypi.example/p')
  t.equal(field('provenance', null), null)
  for (const value of ['', '/p', 'javascript:1', 3])
    t.notOk('provenance' in read({ provenance: value })!)
  t.equal(field('gpg-sig', true), true)
  t.notOk('gpg-sig' in read({ 'gpg-sig': 'yes' })!)
  t.same(field('x-unknown', [null, { a: 'b' }]), [null, { a: 'b' }], 'unknown ones stay (SA-100)')
  t.equal(field('x-unknown', null), null)
})
