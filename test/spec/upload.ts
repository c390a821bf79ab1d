import t, { type Test } from 'tap'
import { ClaimError, shown } from '../../src/spec/claim-error.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'
import { disagreement, readClaims } from '../../src/spec/upload.ts'

const sha256 = 'ab'.repeat(32)
const wheel = 'foo_bar-1.0-py3-none-any.whl'

const form = (fields: Readonly<Record<string, string | readonly string[]>> = {}) =>
  new Map(
    Object.entries({
      protocol_version: '1',
      metadata_version: '2.4',
      name: 'Foo.Bar',
      version: '1.0',
      filetype: 'bdist_wheel',
      sha256_digest: sha256,
      ...fields,
    }).map(([field, value]) => [field, typeof value === 'string' ? [value] : value]),
  )

const refused = (t: Test, fields: ReturnType<typeof form>, filename: string, why: RegExp) => {
  let error: unknown
  try {
    readClaims(fields, filename)
  } catch (thrown) {
    error = thrown
  }
  if (!t.ok(error instanceof ClaimError, `refused: ${why}`)) return
  const { status, message } = error as ClaimError
  t.equal(status, 400)
  t.match(message, why)
  t.match(message, /^[\x20-\x7e]{1,400}$/, 'one line, fit for a reason phrase')
}

t.test('what a modern client sends (UP-3, UP-9)', async t => {
  const claims = readClaims(
    form({
      pyversion: 'py3',
      blake2_256_digest: 'CD'.repeat(32),
      md5_digest: 'Ef'.repeat(16),
      requires_python: '',
      classifiers: ['a', 'b'],
      anything: 'else',
    }),
    wheel,
  )
  t.same(
    { ...claims, digests: Object.fromEntries(claims.digests) },
    {
      name: 'foo-bar',
      version: '1.0',
      filename: wheel,
      type: 'bdist_wheel',
      digests: { sha256, blake2b_256: 'cd'.repeat(32), md5: 'ef'.repeat(16) },
    },
  )
})

t.test('what the oldest sends (UP-6, promise 5.2)', async t => {
  const claims = readClaims(
    form({
      metadata_version: '1.0',
      filetype: 'sdist',
      pyversion: '',
      sha256_digest: 'UNKNOWN',
      md5_digest: '0'.repeat(32),
      summary: 'UNKNOWN',
      attestations: '',
    }),
    'Foo.Bar-1.0.tar.gz',
  )
  t.same([...claims.digests], [['md5', '0'.repeat(32)]])
  t.notOk('attestations' in claims)
  const bare = form({ protocol_version: '', metadata_version: '' })
  t.equal(readClaims(bare, wheel).name, 'foo-bar', 'both may be absent')
})

t.test('required fields (TC-65)', async t => {
  for (const field of ['name', 'version', 'filetype'])
    for (const value of ['', '  ', 'UNKNOWN', []])
      refused(t, form({ [field]: value }), wheel, new RegExp(`has no ${field}`))
  refused(t, form({ sha256_digest: '' }), wheel, /no digest/)
  refused(t, form({ protocol_version: '2' }), wheel, /protocol_version '2'/)
  refused(t, form({ metadata_version: '3.0' }), wheel, /metadata version '3.0'/)
  for (const version of ['1.0', '2.6', '2.10'])
    t.ok(readClaims(form({ metadata_version: version }), wheel), version)
})

t.test('a field that contradicts itself is refused', async t => {
  refused(t, form({ name: ['foo-bar', 'evil'] }), wheel, /name is there more than once/)
  t.ok(readClaims(form({ name: ['foo-bar', 'foo-bar', 'UNKNOWN'] }), wheel))
  refused(t, form({ summary: 'a\0b' }), wheel, /'summary' contains a NUL byte/)
  refused(t, form({ 'a\r\nb': '\0' }), wheel, /'a\?\?b'/)
})

t.test('names and versions must be valid (FN-1, FN-50)', async t => {
  for (const name of ['-foo', 'foo bar', '\u00e9', '../foo', 'x'.repeat(300)])
    refused(t, form({ name }), wheel, /no project name/)
  for (const version of ['latest', '1..0', '1.0/..', '1.0\n2', '\u0661.0'])
    refused(t, form({ version }), wheel, /no version by PEP 440/)
})

t.test('digests must be hexadecimal and of their length (UP-4)', async t => {
  refused(t, form({ sha256_digest: 'ab' }), wheel, /sha256_digest must be 64/)
  refused(t, form({ blake2_256_digest: 'g'.repeat(64) }), wheel, /blake2_256_digest must be 64/)
  refused(t, form({ md5_digest: 'XUFAKrxLKna5cZ2REBfFkg==' }), wheel, /md5_digest must be 32/)
})

t.test('BLAKE2b in full length is taken for what it is (UP-4, promises 5.2)', async t => {
  const { digests } = readClaims(form({ blake2_256_digest: 'AB'.repeat(64) }), wheel)
  t.equal(digests.get('blake2b'), 'ab'.repeat(64))
  t.notOk(digests.has('blake2b_256'))
  refused(t, form({ blake2_256_digest: 'g'.repeat(128) }), wheel, /blake2_256_digest must be 64/)
  refused(t, form({ sha256_digest: 'ab'.repeat(64) }), wheel, /sha256_digest must be 64/)
})

t.test('file names of one project in all spellings (UP-11, FN-11, FN-32)', async t => {
  for (const [name, version, filetype, filename] of [
    ['Foo.Bar', '1.0', 'sdist', 'Foo.Bar-1.0.tar.gz'],
    ['foo_bar', '1.0.0', 'sdist', 'foo-bar-1.0.zip'],
    ['foo', '1.0.post1', 'sdist', 'foo-1.0-1.tar.gz'],
    ['foo', '1.0b2', 'sdist', 'foo-1.0-beta2.tar.bz2'],
    ['foo', '1.0+local.1', 'sdist', 'foo-1.0+local.1.tar.gz'],
    ['foo', '1.0+ABC.1', 'bdist_wheel', 'foo-1.0+abc_1-py3-none-any.whl'],
    ['foo', '1.0-1', 'bdist_wheel', 'foo-1.0_1-1a-py2.py3-none-linux_x86_64.whl'],
    ['foo', '1.0', 'bdist_egg', 'foo-1.0-py2.7-linux-x86_64.egg'],
    ['foo', '1.0', 'bdist_wininst', 'foo-1.0.win32-py2.7.exe'],
    ['foo', '1.0', 'bdist_msi', 'foo-1.0.win-amd64.msi'],
    ['foo', '1.0', 'bdist_rpm', 'foo-1.0-1.noarch.rpm'],
    ['foo', '1.0', 'bdist_dumb', 'foo-1.0.linux-x86_64.tar.gz'],
    ['foo', '1.0', 'bdist_dmg', 'foo-1.0.dmg'],
  ] as const) {
    const claims = readClaims(form({ name, version, filetype }), filename)
    t.match(claims, { filename, version, type: filetype })
  }
})

t.test('a file named for something else is refused (FN-42, TC-67, fault P21)', async t => {
  for (const filename of [
    '',
    '../foo_bar-1.0-py3-none-any.whl',
    '/tmp/foo_bar-1.0-py3-none-any.whl',
    'foo_bar-1.0-py3-none-any.whl\0.whl',
    'foo_bar-1.0\r\nX: y-py3-none-any.whl',
    `foo_bar-1.0-${'x'.repeat(300)}-none-any.whl`,
    'foo_bar-1.0.html',
    '.whl',
  ])
    refused(t, form(), filename, /is not the name of a distribution/)
  refused(t, form(), 'foo-1.0-py3-none-any.whl', /not named like a file of foo-bar/)
  refused(t, form(), 'foo-bar-1.0-py3-none-any.whl', /not named like a file of foo-bar/)
  refused(t, form(), 'foo_bar-1.1-py3-none-any.whl', /named for version 1.1/)
  for (const filename of [
    'foo_bar-1.0-py3-none-any.WHL',
    'foo_bar-1.0-any.whl',
    'foo_bar-1.0-x-py3-none-any.whl',
    'foo_bar-1.0-1-py3-none-any-label.whl',
  ])
    refused(t, form(), filename, /not named like a wheel/)
})

t.test('the file type must be known and fit the name', async t => {
  refused(t, form({ filetype: 'conda' }), wheel, /filetype 'conda' is unknown/)
  refused(t, form({ filetype: 'sdist' }), wheel, /by its name is bdist_wheel/)
  const exe = 'foo_bar-1.0.win32.exe'
  refused(t, form({ filetype: 'sdist' }), exe, /by its name is bdist_wininst/)
  refused(t, form(), 'foo_bar-1.0.tar.gz', /by its name is sdist/)
})

const send = (attestations: string) => form({ attestations })

t.test('attestations are a bounded list of objects (UP-24)', async t => {
  const one = { version: 1, envelope: { statement: 'x' } }
  t.same(readClaims(send(JSON.stringify([one])), wheel).attestations, [one])
  t.notOk('attestations' in readClaims(send('[]'), wheel))
  for (const text of ['{', '{}', '1', '[1]', '[null]', '[[]]', '["x"]'])
    refused(t, send(text), wheel, /JSON array of objects/)
  refused(t, send(`[${'{},'.repeat(32)}{}]`), wheel, /more than 32/)
  refused(t, send(`[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`), wheel, /more than 32/)
  refused(t, send(`[{"a":"${'x'.repeat(1024 * 1024)}"}]`), wheel, /more than 1048576/)
})

const metadata = (name: string, version: string, rest = 'Metadata-Version: 2.1\n') =>
  `${rest}Name: ${name}\nVersion: ${version}\n`

t.test('the metadata in the file must say the same (fault P08, UP-21)', async t => {
  const claims = {
    name: projectName('Foo.Bar') as Name,
    version: '1.0',
    filename: distFilename(wheel) as Filename,
  }
  const { version: _, ...nameless } = claims
  for (const agreeing of [
    undefined,
    metadata('foo_bar', '1.0.0'),
    metadata('FOO-BAR', 'v1.0'),
    metadata('foo_bar', '1.0', 'Metadata-Version: 2.99\n'),
  ]) {
    t.equal(disagreement(claims, agreeing), undefined)
    t.equal(disagreement(nameless, agreeing), undefined, 'by the file name')
  }
  for (const [text, why] of [
    [metadata('evil', '1.0'), /is of 'evil', not of foo-bar/],
    [metadata('e\u00e9 vil', '1.0'), /is of 'e\? vil', not of foo-bar/],
    [metadata('foo_bar', '1.1'), /is of version '1.1', not of 1.0/],
    [metadata('foo_bar', '1.0', ''), /no Metadata-Version/],
    [metadata('foo_bar', '1.0', 'Metadata-Version: 9.0\n'), /unknown version '9.0'/],
    ['Metadata-Version: 2.1\nName: foo-bar\n', /no Version/],
    ['Metadata-Version: 2.1\nVersion: 1.0\n', /no Name/],
    ['', /no Metadata-Version/],
  ] as const) {
    t.match(disagreement(claims, text), why)
    t.match(disagreement(nameless, text), why, 'by the file name')
  }
  const opaque = { name: claims.name, filename: distFilename('foo-bar-latest.tar.gz') as Filename }
  t.equal(disagreement(opaque, metadata('foo-bar', '3.0')), undefined, 'a name without version')
})

t.test('texts from outside are cut and plain in messages', async t => {
  t.equal(shown('a\nb\u2028c'), "'a?b?c'")
  t.equal(shown('x'.repeat(100)), `'${'x'.repeat(60)}...'`)
})
