import t from 'tap'
import {
  changedIndexConfig,
  importedIndexConfig,
  isSameIndexConfig,
  newIndexConfig,
  rootConfig,
  shownIndexConfig,
  storedIndexConfig,
  type IndexConfig,
} from '../../src/spec/index-config.ts'
import { InputError } from '../../src/spec/input-error.ts'
import { user } from '../accounts/fixtures/accounts.ts'

const alice = user('alice')

const make = (given: unknown): IndexConfig => newIndexConfig(alice, given)

/** What is said of something that is refused. */
const refusal = (judge: () => unknown): string => {
  try {
    judge()
    return 'nothing'
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return `${error.status} ${error.message}`
  }
}

const stage = {
  type: 'stage',
  volatile: true,
  bases: [],
  acl_upload: ['alice'],
  acl_toxresult_upload: [':ANONYMOUS:'],
  mirror_whitelist: [],
  mirror_whitelist_inheritance: 'intersection',
}

/** JSON with a key that only a parser can make. */
const parsed = (text: string): unknown => JSON.parse(text) as unknown

const nested = (depth: number): unknown => parsed(`${'['.repeat(depth)}${']'.repeat(depth)}`)

t.test('a new index has the defaults of devpi (devpi-api 7.1)', async t => {
  t.same(make({}), stage)
  t.same(make({ type: 'mirror' }), { type: 'mirror', volatile: true })
  t.same(Object.keys(rootConfig).toSorted(), [
    'mirror_url',
    'mirror_web_url_fmt',
    'title',
    'type',
    'volatile',
  ])
})

t.test('values may all be texts, as the client sends them (devpi-api 7.3)', async t => {
  const config = make({
    volatile: 'False',
    bases: '/root/pypi, alice/prod,,root/pypi',
    acl_upload: 'alice, :authenticated:',
    acl_toxresult_upload: ':Anonymous:',
    mirror_whitelist: 'Foo_Bar, *',
    mirror_whitelist_inheritance: 'UNION',
    title: 'Development',
    acl_read: 'alice,bob',
  })
  t.same(config, {
    type: 'stage',
    volatile: false,
    bases: ['root/pypi', 'alice/prod'],
    acl_upload: ['alice', ':AUTHENTICATED:'],
    acl_toxresult_upload: [':ANONYMOUS:'],
    mirror_whitelist: ['foo-bar', '*'],
    mirror_whitelist_inheritance: 'union',
    title: 'Development',
    acl_read: ['alice', 'bob'],
  })
  const mirror = make({
    type: 'mirror',
    volatile: 'no',
    mirror_url: 'https://pypi.org/simple/',
    mirror_web_url_fmt: 'https://pypi.org/project/{name}/',
    mirror_cache_expiry: '600',
    mirror_no_project_list: 'yes',
    mirror_use_external_urls: true,
    mirror_ignore_serial_header: 'True',
    mirror_provides_core_metadata: 'false',
  })
  t.match(mirror, {
    volatile: false,
    mirror_cache_expiry: 600,
    mirror_no_project_list: true,
    mirror_use_external_urls: true,
    mirror_ignore_serial_header: true,
    mirror_provides_core_metadata: false,
  })
})

t.test('what cannot be is refused with 400 in words of devpi', async t => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ type: 'foo' }, /^400 unknown index type 'foo'$/],
    [{ type: 5 }, /unknown index type 5/],
    [{ type: 'constrained' }, /unknown index type 'constrained'/],
    [{ volatile: 'maybe' }, /^400 Unknown boolean value 'maybe'\.$/],
    [{ volatile: 1 }, /Unknown boolean value 1\./],
    [{ volatile: null }, /Unknown boolean value null\./],
    [{ bases: 'foo' }, /^400 invalid base index spec: 'foo'$/],
    [{ bases: ['a/b/c', '../x'] }, /invalid base index spec: 'a\/b\/c', invalid .*'\.\.\/x'$/],
    [{ bases: [5] }, /Unknown list value \[5\]/],
    [{ bases: { a: 1 } }, /Unknown list value/],
    [{ acl_upload: true }, /Unknown list value true/],
    [{ acl_upload: ['a\nb'] }, /'acl_upload' has 'a\?b'/],
    [{ mirror_whitelist: 'a b' }, /'mirror_whitelist' has 'a b'/],
    [{ mirror_whitelist_inheritance: 'both' }, /must be 'intersection' or 'union'/],
    [{ foo: 'maybe' }, /^400 indexconfig got unexpected keyword arguments: foo=maybe$/],
    [{ foo: 1, bar: [2] }, /arguments: foo=1, bar=\[2\]$/],
    [{ mirror_url: 'https://x/' }, /unexpected keyword arguments: mirror_url=/],
    [{ type: 'mirror', mirror_url: 'pypi.org' }, /^400 'mirror_url' option must be a URL\.$/],
    [{ type: 'mirror', mirror_url: 'file:///etc/passwd' }, /must be a URL/],
    [{ type: 'mirror', mirror_url: `https://x/${'a'.repeat(3000)}` }, /must be a URL/],
    [{ type: 'mirror', mirror_web_url_fmt: 'javascript:alert(1)' }, /must be a URL/],
    [{ type: 'mirror', mirror_cache_expiry: 'soon' }, /option must be an integer/],
    [{ type: 'mirror', mirror_cache_expiry: -1 }, /option must be an integer/],
    [{ type: 'mirror', mirror_cache_expiry: 1.5 }, /option must be an integer/],
    [{ uploadtrigger_webhook: 'ftp://x/' }, /must be a URL/],
    [{ uploadtrigger_secret: '***' }, /send the password/],
  ]
  for (const [given, pattern] of cases)
    t.match(
      refusal(() => make(given)),
      pattern,
      JSON.stringify(given),
    )
  for (const given of [undefined, null, 5, 'text', [], [{}]])
    t.match(
      refusal(() => make(given)),
      /a JSON object is expected/,
    )
})

t.test('no JSON does harm, however large, deep or named (faults of bad input)', async t => {
  t.match(
    refusal(() => make(parsed('{"__proto__": {"volatile": false}}'))),
    /__proto__/,
  )
  t.match(
    refusal(() => make({ custom_data: parsed('{"a": [{"__proto__": 1}]}') })),
    /__proto__/,
  )
  t.match(
    refusal(() => make({ custom_data: nested(5000) })),
    /nested deeper/,
  )
  t.match(
    refusal(() => make({ title: 'x'.repeat(1_000_000) })),
    /larger than/,
  )
  t.match(
    refusal(() => make({ acl_upload: Array(400_000).fill('x') })),
    /larger than/,
  )
  const named = make(parsed('{"title": "x", "custom_data": {"constructor": 1, "toString": []}}'))
  t.same(named.custom_data, { constructor: 1, toString: [] })
  for (const key of ['constructor', 'toString', 'hasOwnProperty'])
    t.match(
      refusal(() => make({ [key]: 'x' })),
      /unexpected keyword arguments/,
    )
  const grown = make({ title: 'x'.repeat(200_000) })
  const more = { description: 'y'.repeat(200_000) }
  t.match(
    refusal(() => changedIndexConfig(grown, more)),
    /larger than/,
  )
})

t.test('old keys are discarded in silence', async t => {
  t.same(make({ pypi_whitelist: 'x', projects: ['a'] }), stage)
  const old = { bases: 'no', acl_upload: 5, mirror_whitelist: {}, pypi_whitelist: 1 }
  t.same(make({ type: 'mirror', ...old }), { type: 'mirror', volatile: true })
})

t.test('a list of operations changes key by key (devpi-api 7.4)', async t => {
  const config = make({ bases: 'root/pypi', acl_upload: 'alice,bob', title: 'T' })
  const after = (...operations: string[]) => changedIndexConfig(config, operations)
  t.match(after('volatile=False', 'title=a=b'), { volatile: false, title: 'a=b' })
  t.match(after('bases='), { bases: [] })
  t.match(after('bases+=alice/x', 'bases+=/root/pypi'), { bases: ['root/pypi', 'alice/x'] })
  t.match(after('bases-=/root/pypi'), { bases: [] })
  t.match(after('acl_upload+=:anonymous:'), { acl_upload: ['alice', 'bob', ':ANONYMOUS:'] })
  t.match(after('acl_upload-=alice', 'acl_upload-=bob'), { acl_upload: [] })
  t.match(after('acl_read+=bob'), { acl_read: ['bob'] }, 'though there was none')
  t.notOk('title' in after('title-='))
  t.same(after('description-='), config, 'what is not there can be dropped')
  t.same(after('acl_upload+=bob'), config, 'contained already')
  t.same(after(), config)
  const cases: readonly (readonly [string, RegExp])[] = [
    ['acl_upload-=zz', /^400 The 'acl_upload' setting doesn't have value 'zz'$/],
    ['foo-=zz', /The 'foo' setting doesn't have value 'zz'/],
    ['volatile-=True', /The 'volatile' setting doesn't have value/],
    ['acl_upload-=', /^400 Default values can't be removed\.$/],
    ['volatile-=', /Default values can't be removed/],
    ['type-=', /Default values can't be removed/],
    ['type=mirror', /^400 the 'type' of an index can't be changed$/],
    ['volatile+=True', /The 'volatile' setting is no list/],
    ['foo+=x', /unexpected keyword arguments: foo=x/],
    ['foo=maybe', /unexpected keyword arguments: foo=maybe/],
    ['bases+=foo', /invalid base index spec: 'foo'/],
    ['volatile', /"key=value"/],
    ['=x', /"key=value"/],
    ['+=x', /"key=value"/],
    ['', /"key=value"/],
  ]
  for (const [operation, pattern] of cases)
    t.match(
      refusal(() => after('title=new', operation)),
      pattern,
      operation,
    )
  t.match(
    refusal(() => changedIndexConfig(config, [5])),
    /"key=value"/,
  )
  t.same(after('type=stage', 'projects=x', 'pypi_whitelist+=x', 'projects-=x'), config)
})

t.test('as many operations as fit in cost no more than each of them (fault X23)', async t => {
  const operations = Array.from({ length: 15_000 }, (_, at) => `acl_upload+=${at.toString(36)}`)
  const many = changedIndexConfig(make({}), [...operations, 'acl_upload-=0,1'])
  t.match(many, { acl_upload: { length: 14_999, 0: 'alice', 1: '2', 14_998: 'bkn' } })
  const all = [...operations, 'acl_upload=bob', 'acl_upload+=carol', 'acl_upload-=bob']
  t.match(changedIndexConfig(many, all), { acl_upload: ['carol'] })
  t.match(changedIndexConfig(make({ acl_read: 'x' }), ['acl_read+=y', 'acl_read-=']), {
    acl_read: undefined,
  })
})

t.test('an object changes the keys that it has, wrapped or not (devpi-api 7.4)', async t => {
  const config = make({ bases: 'root/pypi', title: 'T' })
  t.same(changedIndexConfig(config, { volatile: 'False' }), { ...config, volatile: false })
  t.same(changedIndexConfig(config, { ...config, bases: [] }), { ...config, bases: [] })
  const wrapped = { type: 'indexconfig', result: { ...config, title: 'U', projects: ['a'] } }
  t.same(changedIndexConfig(config, wrapped), { ...config, title: 'U' })
  t.same(changedIndexConfig(config, {}), config)
  t.notOk('title' in changedIndexConfig(config, { title: null }))
  t.match(
    refusal(() => changedIndexConfig(config, { type: 'mirror' })),
    /can't be changed/,
  )
  t.match(
    refusal(() => changedIndexConfig(config, { type: 'indexconfig' })),
    /can't be changed/,
  )
  t.match(
    refusal(() => changedIndexConfig(config, { volatile: null })),
    /Unknown boolean/,
  )
  t.match(
    refusal(() => changedIndexConfig(config, { foo: 1 })),
    /unexpected keyword/,
  )
  t.match(
    refusal(() => changedIndexConfig(config, parsed('{"__proto__": 1}'))),
    /__proto__/,
  )
  for (const patch of [undefined, null, 5, 'title=x'])
    t.match(
      refusal(() => changedIndexConfig(config, patch)),
      /object or a list/,
    )
})

t.test('whether anything was changed is told by meaning (error_on_noop)', async t => {
  const config = make({ bases: 'root/pypi', custom_data: { a: 1, b: [2] } })
  const same = changedIndexConfig(config, { custom_data: { b: [2], a: 1 }, volatile: 'yes' })
  t.ok(isSameIndexConfig(config, same))
  t.notOk(isSameIndexConfig(config, changedIndexConfig(config, ['title='])))
  t.notOk(isSameIndexConfig(config, changedIndexConfig(config, { custom_data: { a: 1 } })))
})

t.test(
  'passwords are never shown, and what is shown can be sent back (devpi-api 24.6)',
  async t => {
    const mirror = make({ type: 'mirror', mirror_url: 'https://bob:s3cret@x.example/simple/' })
    const shown = shownIndexConfig(mirror)
    t.equal(shown['mirror_url'], 'https://bob:***@x.example/simple/')
    t.same(changedIndexConfig(mirror, { ...shown, title: 'new' }), { ...mirror, title: 'new' })
    t.match(changedIndexConfig(mirror, ['mirror_url=https://bob:***@x.example/other/']), {
      mirror_url: 'https://bob:s3cret@x.example/other/',
    })
    for (const elsewhere of [
      'https://bob:***@evil.example/simple/',
      'http://bob:***@x.example/simple/',
      'https://***@x.example/simple/',
      'https://eve:***@x.example/simple/',
    ])
      t.match(
        refusal(() => changedIndexConfig(mirror, { mirror_url: elsewhere })),
        /send the password/,
        elsewhere,
      )
    const token = make({ type: 'mirror', mirror_url: 'https://t0ken@x.example/' })
    t.equal(shownIndexConfig(token)['mirror_url'], 'https://***@x.example/')
    t.same(changedIndexConfig(token, shownIndexConfig(token)), token)
    const hooks = make({
      uploadtrigger_jenkins: 'http://ci:t0ken@ci.example/job/{pkgname}/build',
      uploadtrigger_webhook: 'https://x.example/hook?a=b@c',
      uploadtrigger_secret: 's3cret',
    })
    t.match(shownIndexConfig(hooks), {
      uploadtrigger_jenkins: 'http://ci:***@ci.example/job/{pkgname}/build',
      uploadtrigger_webhook: 'https://x.example/hook?a=b@c',
      uploadtrigger_secret: '***',
    })
    t.same(changedIndexConfig(hooks, shownIndexConfig(hooks)), hooks)
    const without = changedIndexConfig(hooks, ['uploadtrigger_secret=', 'uploadtrigger_jenkins-='])
    t.notOk('uploadtrigger_secret' in without || 'uploadtrigger_jenkins' in without)
    t.match(storedIndexConfig(hooks), { uploadtrigger_secret: 's3cret' })
  },
)

t.test('an export keeps what only plugins knew, and its age (devpi-api 7.1)', async t => {
  const old = importedIndexConfig(alice, { type: 'stage', bases: ['a/b'], plugin_acl: ['x'] })
  t.match(old, { mirror_whitelist_inheritance: 'union', acl_upload: ['alice'] })
  t.match(shownIndexConfig(old), { plugin_acl: ['x'] })
  t.same(importedIndexConfig(alice, storedIndexConfig(old)), old)
  t.match(changedIndexConfig(old, ['acl_upload+=bob']).more, { plugin_acl: ['x'] })
  t.match(changedIndexConfig(old, shownIndexConfig(old)), old, 'the whole may be sent back')
  t.notOk('more' in changedIndexConfig(old, ['plugin_acl-=']))
})
