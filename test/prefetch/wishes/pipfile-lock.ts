import t from 'tap'
import { readWishes } from '../../../src/prefetch/wishes/read-wishes.ts'
import { environmentOf, readTarget } from '../../../src/spec/environment.ts'

const hash = `sha256:${'09'.repeat(32)}`
const name = 'Pipfile.lock'

t.test('Pipfile.lock, with all groups', async t => {
  const lock = {
    _meta: {
      hash: { sha256: '0' },
      'pipfile-spec': 6,
      requires: { python_version: '3.12' },
      sources: [{ name: 'pypi', url: 'https://pypi.org/simple', verify_ssl: true }],
    },
    default: {
      Django_X: { extras: ['Argon_2'], hashes: [hash], index: 'pypi', version: '==5.1' },
      pywin32: { hashes: [hash], markers: "sys_platform == 'win32'", version: '==308' },
      mine: { editable: true, path: '.' },
      theirs: { git: 'https://example.com/x.git', ref: 'abc' },
      any: { version: '*' },
      broken: { version: '== what' },
      marked: { version: '==1', markers: 'nonsense' },
      hashed: { version: '==1', hashes: ['crc32:00'] },
      'not a name': { version: '==1' },
    },
    develop: { pytest: { hashes: [hash], version: '==8.3.4' } },
    docs: { sphinx: '==8.1.3' },
  }
  const { wishes, unparseable, closed } = await readWishes(JSON.stringify(lock), { name })
  t.equal(closed, true)
  t.match(wishes, [
    {
      line: 'django-x==5.1',
      place: name,
      extras: ['argon-2'],
      specifier: '==5.1',
      hashes: [hash],
      files: undefined,
      required: true,
    },
    { line: 'pywin32==308' },
    { line: 'any', specifier: '', hashes: [] },
    { line: 'pytest==8.3.4' },
    { line: 'sphinx==8.1.3' },
  ])
  const linux = environmentOf(readTarget('3.12', 'linux-x86_64'))
  t.strictSame(
    wishes.map(({ appliesTo }) => appliesTo(linux)),
    [true, false, true, true, true],
  )
  t.strictSame(
    unparseable.map(({ line, reason = '' }) => [line, reason.split(':')[0]]),
    [
      ['mine', 'comes from a path'],
      ['theirs', 'comes from a git'],
      ['broken== what', '== what is no version specifier'],
      ['marked==1', 'its marker'],
      ['hashed==1', 'has an unknown kind of hash'],
      ['not a name==1', 'is not the name of a project'],
    ],
  )
})

t.test('JSON that is none', async t => {
  for (const [text, message] of [
    ['{"default": {}}', 'Pipfile.lock is JSON, but no Pipfile.lock: it has no "_meta"'],
    ['{"_meta": 7}', 'Pipfile.lock is JSON, but no Pipfile.lock: it has no "_meta"'],
    ['{"_meta": ' + '['.repeat(1e5), 'Pipfile.lock is nested deeper than any lock file'],
    ['{"_meta": {}', /^Pipfile\.lock is no JSON: /],
  ] as const)
    await t.rejects(readWishes(text, { name }), { message, status: 400 })
  const odd =
    '{"_meta": {}, "default": [], "develop": 7, "x": {"a": 7, "__proto__": {"version": "==1"}}}'
  const { wishes, unparseable } = await readWishes(odd, { name })
  t.match(wishes, [{ line: 'a' }])
  t.match(unparseable, [{ reason: 'is not the name of a project' }])
})
