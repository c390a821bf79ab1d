import t from 'tap'
import { newIndexConfig } from '../../src/spec/index-config.ts'
import { InputError } from '../../src/spec/input-error.ts'
import {
  changedUserConfig,
  isPasswordAlone,
  newUserConfig,
  shownUserConfig,
} from '../../src/spec/user-config.ts'
import { indexOf, user as nameOf } from '../accounts/fixtures/accounts.ts'

const refusal = (judge: () => unknown): string => {
  try {
    judge()
    return 'nothing'
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return `${error.status} ${error.message}`
  }
}

t.test('a new user needs a password, which may be empty (devpi-api 6)', async t => {
  t.same(newUserConfig({ password: '', email: 'a@b', title: '' }), {
    password: '',
    profile: { email: 'a@b', title: undefined },
  })
  const readBack = { username: 'x', indexes: {}, created: 'y', modified: 'z' }
  t.same(newUserConfig({ password: 'p', ...readBack }), { password: 'p', profile: {} })
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{}, /^400 password needs to be set$/],
    [{ password: null }, /password needs to be set/],
    [{ pwhash: '$argon2id$...' }, /password needs to be set/],
    [{ password: 'p', pwhash: 'x' }, /^400 Unknown keys in user config: pwhash$/],
    [{ password: 'p', foo: 1, bar: 2 }, /Unknown keys in user config: foo, bar$/],
    [JSON.parse('{"password": "p", "__proto__": 1}'), /__proto__/],
    [{ password: 5 }, /password must be a text/],
    [{ password: ['p'] }, /password must be a text/],
    [{ password: 'x'.repeat(1025) }, /longer than 1024/],
    [{ password: 'a\0b' }, /control characters/],
    [{ password: 'p', email: { a: 1 } }, /email must be a text/],
    [{ password: 'p', custom_data: 'x'.repeat(300_000) }, /larger than/],
    [[], /a JSON object is expected/],
    [null, /a JSON object is expected/],
  ]
  for (const [given, pattern] of cases)
    t.match(
      refusal(() => newUserConfig(given)),
      pattern,
      JSON.stringify(given)?.slice(0, 80),
    )
})

t.test('a change drops what nobody knows, and what is empty (devpi-api 6)', async t => {
  t.same(changedUserConfig({ email: 'x', pwhash: 'y', foo: 1, created: 'z' }), {
    password: undefined,
    profile: { email: 'x' },
  })
  for (const nothing of ['', null, false, 0, [], {}])
    t.same(changedUserConfig({ title: nothing, custom_data: nothing }).profile, {
      title: undefined,
      custom_data: undefined,
    })
  t.equal(changedUserConfig({ password: '' }).password, '')
  t.equal(changedUserConfig({ password: null }).password, undefined)
  t.match(
    refusal(() => changedUserConfig({ password: {} })),
    /must be a text/,
  )
  t.match(
    refusal(() => changedUserConfig([])),
    /a JSON object is expected/,
  )
  t.ok(isPasswordAlone({ password: 'x' }))
  t.notOk(isPasswordAlone({ password: 'x', email: 'y' }))
  t.notOk(isPasswordAlone(['password']))
})

t.test('a user is shown with indexes and without a password', async t => {
  const user = { name: 'alice', profile: { email: 'a@b', title: undefined, custom_data: [1] } }
  const shown = shownUserConfig(
    { ...user, created: '2026-01-02T03:04:05.678Z', modified: '2026-01-03T00:00:00Z' },
    new Map([[indexOf('alice/dev'), newIndexConfig(nameOf('alice'), {})]]),
  )
  t.match(shown, {
    username: 'alice',
    created: '2026-01-02T03:04:05Z',
    modified: '2026-01-03T00:00:00Z',
    email: 'a@b',
    custom_data: [1],
    indexes: { dev: { type: 'stage', acl_upload: ['alice'] } },
  })
  t.notOk('title' in shown)
  const unchanged = shownUserConfig({ ...user, created: '2026' }, new Map())
  t.notOk('modified' in unchanged)
  t.same(unchanged['indexes'], {})
})
