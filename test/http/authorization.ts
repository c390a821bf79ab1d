import t from 'tap'
import { parseAuthorization } from '../../src/http/authorization.ts'

const basic = (bytes: string | Buffer) => `Basic ${Buffer.from(bytes).toString('base64')}`

t.test('a user name and a password, all behind the first colon (RFC 7617)', async t => {
  for (const [text, user, password] of [
    ['alice:secret', 'alice', 'secret'],
    ['alice:a:b:', 'alice', 'a:b:'],
    ['alice:', 'alice', ''],
    [':token', '', 'token'],
    ['__token__:pypp-1', '__token__', 'pypp-1'],
    ['a@b.example:x y', 'a@b.example', 'x y'],
    ['Jos\u00e9:p\u00e4ss\u20ac\u{1f511}', 'Jos\u00e9', 'p\u00e4ss\u20ac\u{1f511}'],
  ] as const)
    t.same(parseAuthorization(basic(text)), { user, password }, text)
  t.same(parseAuthorization('basic   YTpi  '), { user: 'a', password: 'b' })
  t.same(parseAuthorization('BASIC YTpiYw'), { user: 'a', password: 'bc' }, 'without padding')
})

t.test('what is no UTF-8 is Latin-1, as requests writes it', async t => {
  const header = basic(Buffer.from('jos\u00e9:p\u00e4ss', 'latin1'))
  t.same(parseAuthorization(header), { user: 'jos\u00e9', password: 'p\u00e4ss' })
})

t.test('a bearer token is a password without a user', async t => {
  t.same(parseAuthorization('Bearer pypp-ab-c_d'), { user: '', password: 'pypp-ab-c_d' })
  t.same(parseAuthorization('bearer x'), { user: '', password: 'x' })
})

t.test('without a user and a password there are no credentials', async t => {
  t.equal(parseAuthorization(undefined), undefined)
  t.equal(parseAuthorization(basic(':')), undefined)
})

t.test('what nobody can tell the meaning of is unreadable', async t => {
  for (const header of [
    '',
    'Basic',
    'Basic ',
    'Bearer ',
    basic('no colon'),
    basic('a:b\n'),
    basic('a\0:b'),
    'Basic a:b',
    'Basic YTpi!',
    'Basic YTpiY',
    'Basic YTpi====',
    'Basic YT pi',
    'Basic YTpi, Basic YTpi',
    'Bearer a b',
    'Digest username="a"',
    'Negotiate YTpi',
    `YTpi`,
  ])
    t.equal(parseAuthorization(header), 'unreadable', header)
})

t.test('an endless header is not even looked at', async t => {
  for (const header of [
    basic(`a:${'x'.repeat(10_000)}`),
    `Basic ${' '.repeat(30_000)}`,
    `Basic ${'='.repeat(4000)}`,
    `Bearer ${'a'.repeat(30_000)}`,
  ])
    t.equal(parseAuthorization(header), 'unreadable')
})
