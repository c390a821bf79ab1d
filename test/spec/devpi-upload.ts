import t from 'tap'
import { ClaimError } from '../../src/spec/claim-error.ts'
import { claimedVersion, readDevpiClaims } from '../../src/spec/devpi-upload.ts'

const form = (fields: Readonly<Record<string, string | readonly string[]>> = {}) =>
  new Map(
    Object.entries({ name: 'Foo.Bar', version: '1.0', ...fields }).map(([field, value]) => [
      field,
      typeof value === 'string' ? [value] : value,
    ]),
  )

t.test('what the devpi client sends: no digests (devpi-api 21)', async t => {
  const claims = readDevpiClaims(
    form({ pyversion: 'source', filetype: 'sdist' }),
    'foo_bar-1.0.tgz',
  )
  t.same(claims, {
    name: 'foo-bar',
    version: '1.0',
    filename: 'foo_bar-1.0.tgz',
    digests: new Map(),
  })
})

t.test(
  'digests, attestations and the Python that is needed are told where they are sent',
  async t => {
    const fields = {
      sha256_digest: 'AB'.repeat(32),
      attestations: '[{"version":1}]',
      requires_python: '>=3.8',
    }
    const claims = readDevpiClaims(form(fields), 'foo_bar-1.0-py3-none-any.whl')
    t.equal(claims.digests.get('sha256'), 'ab'.repeat(32))
    t.same(claims.attestations, [{ version: 1 }])
    t.equal(claims.requiresPython, '>=3.8')
  },
)

t.test('versions are opaque, but the file name says the same one', async t => {
  for (const [version, filename] of [
    ['1.0', 'foo-bar-1.0.zip'],
    ['1.0', 'foo-bar-1.0.0.zip'],
    ['1.0+local.1', 'foo_bar-1.0+local.1.tar.gz'],
    ['1.0+local', 'foo_bar-1.0_local-py3-none-any.whl'],
    ['2004d', 'foo-bar-2004d.tar.gz'],
  ] as const)
    t.equal(readDevpiClaims(form({ version }), filename).version, version, filename)
  t.equal(claimedVersion(form({ version: 'UNKNOWN' })), undefined)
})

const refusals: readonly (readonly [
  fields: Readonly<Record<string, string | readonly string[]>>,
  filename: string,
  why: RegExp,
])[] = [
  [{ name: '' }, 'foo_bar-1.0.zip', /^invalid metadata: the form has no name$/],
  [{ version: 'UNKNOWN' }, 'foo_bar-1.0.zip', /^invalid metadata: the form has no version$/],
  [{ name: '../etc' }, 'foo_bar-1.0.zip', /^invalid metadata: '\.\.\/etc' is no project name/],
  [{ name: '-x-' }, 'foo_bar-1.0.zip', /^invalid metadata/],
  [
    { version: '1.0/../..' },
    'foo_bar-1.0.zip',
    /^invalid metadata: '1\.0\/\.\.\/\.\.' is no version/,
  ],
  [{ version: '1.0<script>' }, 'foo_bar-1.0.zip', /^invalid metadata/],
  [
    { version: 'x'.repeat(1000) },
    'foo_bar-1.0.zip',
    /^invalid metadata: 'x{60}\.\.\.' is no version/,
  ],
  [{ summary: 'a\0b' }, 'foo_bar-1.0.zip', /^invalid metadata: .* NUL byte$/],
  [{ version: ['1.0', '2.0'] }, 'foo_bar-1.0.zip', /more than once$/],
  [{}, 'foo_bar-1.0.qwe', /^'foo_bar-1\.0\.qwe' is not a valid archive name$/],
  [{}, 'foo_bar-1.0.tar', /is not a valid archive name$/],
  [{}, 'foo_bar-1.0.whl', /is not a valid archive name$/],
  [{}, '../foo_bar-1.0.zip', /is not a valid archive name$/],
  [{}, '', /^'' is not a valid archive name$/],
  [{}, 'foo_bar-2.7.tgz', /^filename 'foo_bar-2\.7\.tgz' does not contain version '1\.0'$/],
  [{}, 'foobar-1.0.tgz', /^filename 'foobar-1\.0\.tgz' does not match project name 'foo-bar'$/],
  [{ sha256_digest: 'abc' }, 'foo_bar-1.0.zip', /64 hexadecimal digits$/],
]

for (const [fields, filename, why] of refusals)
  t.test(`refused in devpi's words: ${why} (devpi-api 12)`, async t => {
    t.throws(() => readDevpiClaims(form(fields), filename), {
      constructor: ClaimError,
      status: 400,
      message: why,
    })
  })
