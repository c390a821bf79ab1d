import t from 'tap'
import { hasRight, type Actor, type Right, type Subject } from '../../src/accounts/rights.ts'
import { newIndexConfig } from '../../src/spec/index-config.ts'
import { nameOf } from '../fixtures/index-contract.ts'
import { indexOf, user } from './fixtures/accounts.ts'

const alice = user('alice')
const dev = indexOf('alice/dev')
const config = (given: object = {}) => newIndexConfig(alice, given)

const who = (name: string | undefined, more: Partial<Actor> = {}): Actor => ({
  user: name === undefined ? undefined : user(name),
  isOpenHouse: false,
  ...more,
})

const anonymous = who(undefined)
const token = who('alice', { token: 'id' })
const limited = who('alice', { token: 'id', limit: ['acme-*'] })

const people = {
  anonymous,
  local: who(undefined, { isOpenHouse: true }),
  other: who('bob'),
  owner: who('alice'),
  root: who('root'),
  token,
  limited,
}

const rights: readonly Right[] = [
  'user_create',
  'user_modify',
  'user_modify_password',
  'user_delete',
  'index_create',
  'index_modify',
  'index_delete',
  'upload',
  'toxresult_upload',
  'del_entry',
  'del_project',
  'del_verdata',
  'pkg_read',
]

const open = { read: 'anyone' } as const
const restricted = { ...open, restrictModify: ['bob', ':admins'] }
const closed = { ...open, read: 'users' } as const

const acme = nameOf('acme-x')
const target = (right: Right): Subject =>
  right.startsWith('user_') ? { user: alice } : { index: dev, config: config(), project: acme }

type Person = keyof typeof people
const everyone = Object.keys(people) as Person[]

/** Everybody who has a right. */
const having = (right: Right, subject: Subject, rules: Parameters<typeof hasRight>[3]): Person[] =>
  everyone.filter(person => hasRight(right, people[person], subject, rules))

const keepers: Person[] = ['owner', 'root']
const cleaners: Person[] = ['owner', 'root', 'token', 'limited']

t.test('who has which right (devpi-api 5)', async t => {
  const expected: Readonly<Record<Right, Person[]>> = {
    user_create: ['local', 'root'],
    user_modify: keepers,
    user_modify_password: keepers,
    user_delete: keepers,
    index_create: keepers,
    index_modify: keepers,
    index_delete: keepers,
    upload: ['owner', 'token', 'limited'],
    toxresult_upload: everyone,
    del_entry: cleaners,
    del_project: cleaners,
    del_verdata: cleaners,
    pkg_read: everyone,
  }
  for (const right of rights) t.same(having(right, target(right), open), expected[right], right)
})

t.test('who has which right where changes are restricted (devpi-api 5)', async t => {
  const cleaners: Person[] = ['other', 'owner', 'token', 'limited']
  const expected: Readonly<Record<Right, Person[]>> = {
    user_create: ['other'],
    user_modify: ['other'],
    user_modify_password: ['other', 'owner'],
    user_delete: ['other'],
    index_create: ['other'],
    index_modify: ['other'],
    index_delete: ['other'],
    upload: ['owner', 'token', 'limited'],
    toxresult_upload: everyone,
    del_entry: cleaners,
    del_project: cleaners,
    del_verdata: cleaners,
    pkg_read: everyone,
  }
  for (const right of rights)
    t.same(having(right, target(right), restricted), expected[right], right)
  t.same(having('user_delete', { user: user('bob') }, restricted), [], 'nobody oneself')
  t.same(having('user_create', { user: alice }, { ...open, restrictModify: [] }), [])
  const anybody = { ...open, restrictModify: [':ANONYMOUS:'] }
  t.ok(hasRight('user_create', anonymous, { user: alice }, anybody))
})

t.test('nobody removes root', async t => {
  const root = { user: user('root') }
  t.same(having('user_delete', root, open), [])
  t.same(having('user_delete', root, restricted), [])
  t.same(having('user_modify', root, open), ['root'])
})

t.test('an index says who may upload, clean up, test and read', async t => {
  const of = (right: Right, given: object, rules: Parameters<typeof hasRight>[3] = open) =>
    having(right, { index: dev, config: config(given), project: acme }, rules)
  const known: Person[] = ['other', 'owner', 'root', 'token', 'limited']
  t.same(of('upload', { acl_upload: 'bob' }), ['other'])
  t.same(of('upload', { acl_upload: '' }), [])
  t.same(of('upload', { acl_upload: ':authenticated:' }), known)
  t.same(of('upload', { acl_upload: ':anonymous:' }), everyone)
  t.same(of('upload', { acl_upload: ':admins' }), [], 'a group has no members here')
  t.same(of('del_project', { acl_upload: 'bob' }), ['other', ...cleaners])
  t.same(of('toxresult_upload', { acl_toxresult_upload: 'bob' }), ['other'])
  t.same(of('pkg_read', { acl_read: 'bob' }), known)
  t.same(of('pkg_read', { acl_read: '' }), cleaners)
  t.same(of('pkg_read', { acl_read: '' }, restricted), ['other', 'owner', 'token', 'limited'])
  t.same(of('pkg_read', {}, closed), known)
  t.same(of('pkg_read', { acl_read: ':anonymous:' }, closed), everyone)
  const mirror = { index: dev, config: config({ type: 'mirror' }), project: acme }
  t.same(having('upload', mirror, open), [])
  t.same(having('del_project', mirror, open), cleaners)
  t.same(having('toxresult_upload', mirror, open), everyone)
})

t.test('a token uploads and cleans up within its patterns, and changes no settings', async t => {
  const foo = { index: dev, config: config(), project: nameOf('foo') }
  const something = { index: dev, config: config() }
  for (const right of ['upload', 'del_entry', 'del_project', 'del_verdata'] as const) {
    t.notOk(hasRight(right, limited, foo, open), right)
    t.ok(hasRight(right, limited, something, open), right)
    t.ok(hasRight(right, token, foo, open), right)
    t.notOk(hasRight(right, { ...limited, limit: [] }, something, open), right)
  }
  const tested = { ...foo, config: config({ acl_toxresult_upload: 'alice' }) }
  t.notOk(hasRight('toxresult_upload', limited, tested, open))
  t.ok(hasRight('toxresult_upload', limited, { ...tested, project: acme }, open))
  t.ok(hasRight('toxresult_upload', limited, foo, open), 'where everybody may')
  t.ok(hasRight('pkg_read', limited, { ...foo, config: config({ acl_read: '' }) }, open))
  for (const right of rights.filter(name => /^user_|^index_/.test(name)))
    t.notOk(hasRight(right, { ...token, user: user('root') }, target(right), open), right)
})
