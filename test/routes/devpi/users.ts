/** Users by REST (devpi-api 6). */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Changes } from '../../../src/disk/changes.ts'
import { Layout } from '../../../src/disk/layout.ts'
import { DevpiClient, type Credentials } from '../../fixtures/devpi.ts'
import { serve, type Served, type Test } from '../../fixtures/serve.ts'

const root: Credentials = { user: 'root', password: '' }

const begin = async (
  t: Test,
): Promise<{ served: Served; devpi: DevpiClient; serial: () => number }> => {
  const served = await serve(t)
  const changes = new Changes(new Layout(served.directory))
  return { served, devpi: new DevpiClient(served), serial: () => changes.serial() }
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

t.test('a user comes, is shown, changes and goes', async t => {
  const { devpi, serial } = await begin(t)
  const made = await devpi.json('PUT', '/alice', {
    password: 'secret123',
    email: 'alice@x.org',
    custom_data: { team: [1, 2] },
    // What a client reads it may send back.
    username: 'other',
    created: 'never',
    indexes: {},
    modified: null,
  })
  t.equal(made.status, 201)
  t.match(made.json, {
    type: 'userconfig',
    result: { username: 'alice', email: 'alice@x.org', created: time, indexes: {} },
  })
  t.notMatch(made.text, /secret123|password|modified/)
  t.equal(serial(), 1)
  const again = await devpi.json('PUT', '/alice', { password: 'x' })
  t.equal(again.status, 409)
  t.same(again.json, { message: 'user already exists' })
  t.same((await devpi.json('GET', '/alice')).json, made.json)
  t.match((await devpi.json('GET', '/')).json, {
    type: 'list:userconfig',
    result: { root: { indexes: { pypi: { type: 'mirror' } } }, alice: { email: 'alice@x.org' } },
  })
  const alice = await devpi.login('alice', 'secret123')
  const sent = { ...(made.json.result as object), email: '', title: 'A', nonsense: 1 }
  const patched = await devpi.json('PATCH', '/alice', sent, alice)
  t.equal(patched.status, 200)
  t.same(patched.json, { message: 'user updated' }, 'the whole of it')
  t.equal(patched.headers['x-devpi-serial'], '2')
  const { result } = (await devpi.json('GET', '/alice')).json
  t.match(result, { title: 'A', modified: time, custom_data: { team: [1, 2] } })
  t.notOk(Object.hasOwn(result as object, 'email'), 'nothing takes a key away')
  await devpi.json('PATCH', '/alice', { title: 'A' }, alice)
  t.equal(serial(), 2, 'no change, no serial')
  const gone = await devpi.json('DELETE', '/alice', undefined, alice)
  t.equal(gone.status, 200)
  t.same(gone.json, { message: "user 'alice' deleted" })
  t.equal((await devpi.json('GET', '/alice')).status, 404)
})

t.test('a new password of one’s own comes with a new login; old ones stay', async t => {
  const { devpi } = await begin(t)
  const alice = await devpi.user('alice', 'old')
  const changed = await devpi.json('PATCH', '/alice', { password: 'new' }, alice)
  t.equal(changed.status, 200)
  t.match(changed.json, {
    type: 'userpassword',
    message: 'user updated, new proxy auth',
    result: { password: /^[\x21-\x7e]+$/, expiration: 36_000 },
  })
  const { password } = changed.json.result as { password: string }
  const status = async (as: Credentials) =>
    ((await devpi.json('GET', '/+api', undefined, as)).json.result as { authstatus: unknown })
      .authstatus
  t.same(await status({ user: 'alice', password }), ['ok', 'alice', []])
  t.same(await status({ user: 'alice', password: 'new' }), ['ok', 'alice', []])
  t.same(await status({ user: 'alice', password: 'old' }), ['noauth', '', []])
  t.same(await status(alice), ['ok', 'alice', []], 'with which the client goes on')
  const bob = await devpi.user('bob', 'old')
  await devpi.json('PATCH', '/bob', { email: 'bob@x.org' }, root)
  t.same(await status(bob), ['ok', 'bob', []])
  await devpi.json('PATCH', '/bob', { password: 'old' }, root)
  t.same(await status(bob), ['noauth', '', []], 'somebody else has set it')
  t.same(await status({ user: 'bob', password: 'old' }), ['ok', 'bob', []])
})

t.test('root is there from the start, and cannot go', async t => {
  const { devpi } = await begin(t)
  t.equal((await devpi.json('PUT', '/root', { password: 'x' })).status, 409)
  for (const as of [undefined, root])
    t.equal((await devpi.json('DELETE', '/root', undefined, as)).status, 403)
  const set = await devpi.json('PATCH', '/root', { password: 'strong' }, root)
  t.equal(set.status, 200)
  t.match(set.json, { type: 'userpassword' })
  t.equal((await devpi.json('POST', '/+login', { user: 'root', password: '' })).status, 401)
  t.equal((await devpi.json('PUT', '/bob', { password: 'x' })).status, 403, 'the house is closed')
  const strong = await devpi.login('root', 'strong')
  t.equal((await devpi.json('PUT', '/bob', { password: 'x' }, strong)).status, 201)
})

t.test('what is refused, in devpi’s words', async t => {
  const { devpi, serial } = await begin(t)
  for (const [path, body, status, message] of [
    ['/alice', {}, 400, 'password needs to be set'],
    ['/alice', { pwhash: 'x' }, 400, 'password needs to be set'],
    ['/alice', { password: 'x', foo: 1, bar: 2 }, 400, 'Unknown keys in user config: foo, bar'],
    ['/alice', { password: 1 }, 400, 'password must be a text'],
    ['/alice', [], 400, /./],
    ['/alice', null, 400, /./],
    ['/alice', '{', 400, 'the body is not JSON'],
    ['/alice', '', 400, 'the body is not JSON'],
    ['/alice', '{"password": "x", "__proto__": {}}', 400, /__proto__/],
    [
      '/alice',
      `{"password": "x", "custom_data": ${'['.repeat(5000)}${']'.repeat(5000)}}`,
      400,
      /./,
    ],
    ['/alice', { password: 'x', custom_data: 'x'.repeat(2_000_000) }, 413, /./],
    ['/u:3', { password: 'x' }, 400, /is not allowed/],
    ['/%C3%A4', { password: 'x' }, 400, /is not allowed/],
    ['/simple', { password: 'x' }, 405, undefined],
    ['/u+3', { password: 'x' }, 404, undefined],
    ['/u%2B3', { password: 'x' }, 404, undefined],
    ['/..', { password: 'x' }, 404, undefined],
    ['/%2e%2e', { password: 'x' }, 404, undefined],
    [`/${'a'.repeat(200)}`, { password: 'x' }, 400, /is not allowed/],
    [`/${'a'.repeat(1000)}`, { password: 'x' }, 404, undefined],
    ['/ROOT', { password: 'x' }, 409, /root/],
  ] as const) {
    const answer = await devpi.json('PUT', path, body === null ? 'null' : body)
    t.equal(answer.status, status, `${path.slice(0, 20)} ${JSON.stringify(body).slice(0, 60)}`)
    if (message !== undefined) t.match(answer.json, { message })
  }
  t.equal(serial(), 0)
  for (const [method, body] of [
    ['PATCH', { title: 'x' }],
    ['DELETE', undefined],
  ] as const)
    t.equal((await devpi.json(method, '/nobody', body, root)).status, 404)
  const patch = await devpi.json('PATCH', '/root', [], root)
  t.equal(patch.status, 400)
  t.equal((await devpi.json('GET', '/nobody')).status, 404)
})

t.test('an index that is not volatile keeps its user', async t => {
  const { devpi } = await begin(t)
  const alice = await devpi.user('alice')
  await devpi.index('alice/prod', { volatile: 'False' }, alice)
  await devpi.index('alice/dev', {}, alice)
  const kept = await devpi.json('DELETE', '/alice', undefined, alice)
  t.equal(kept.status, 403)
  t.same(kept.json, { message: "user 'alice' has non-volatile index: prod" })
  t.equal((await devpi.json('GET', '/alice/dev')).status, 200, 'and all of it')
  await devpi.json('PATCH', '/alice/prod', ['volatile=True'], alice)
  t.equal((await devpi.json('DELETE', '/alice', undefined, alice)).status, 200)
  t.equal((await devpi.json('GET', '/alice/dev')).status, 404)
})

t.test('of two who make one user at once one wins', async t => {
  const { devpi, serial } = await begin(t)
  const all = await Promise.all(
    ['a', 'b', 'c'].map(password => devpi.json('PUT', '/alice', { password })),
  )
  t.same(
    all.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 409, 409],
  )
  t.equal(serial(), 1)
})

t.test('the journal tells who changed whom, and no secret (fault P29)', async t => {
  const { devpi, served } = await begin(t)
  const alice = await devpi.user('alice', 'tellnobody')
  await devpi.json('PATCH', '/alice', { password: 'norme' }, alice)
  await served.close()
  const { journal } = new Layout(served.directory)
  const days = await Promise.all((await readdir(journal)).map(day => readFile(join(journal, day))))
  const lines = Buffer.concat(days).toString()
  t.match(lines, /"event":"user","change":"user added: alice"/)
  t.match(lines, /"user":"alice".*"event":"user","change":"password changed: alice"/)
  t.notMatch(lines, /tellnobody|norme/)
  t.notMatch(JSON.stringify(served.log.accesses), /tellnobody|norme/)
})
