import t from 'tap'
import { makeWheel } from '../../fixtures/dist.ts'
import { basic } from '../../fixtures/publishing.ts'
import { serve, type Served, type Test } from '../../fixtures/serve.ts'
import {
  as,
  changeIndex,
  makeIndex,
  makeUser,
  pathIn,
  releasesOf,
  submit,
} from '../../fixtures/stages.ts'
import { ask } from '../../fixtures/wire.ts'

const wheel = makeWheel({ name: 'acme-util', version: '1.0' })

/** `alice/dev` only alice and bob may read; `carol/heir` inherits it, `alice/open` is for everybody. */
const setUp = async (t: Test): Promise<{ served: Served; file: string }> => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev')
  await makeUser(served, 'bob')
  await submit(served, 'alice/dev', wheel)
  const release = (await releasesOf(served, '/alice/dev/acme-util'))['1.0']
  await makeIndex(served, 'carol/heir', { bases: 'alice/dev' })
  await changeIndex(served, 'alice/dev', { acl_read: ['bob'] })
  return { served, file: pathIn(release?.['+links']?.[0]?.href ?? '') }
}

const json = { accept: 'application/json' }

t.test('pages, files and JSON are for whom acl_read names', async t => {
  const { served, file } = await setUp(t)
  const paths: readonly (readonly [path: string, headers: Record<string, string>])[] = [
    ['/alice/dev/+simple/', {}],
    ['/alice/dev/+simple/acme-util/', {}],
    ['/alice/dev/+simple/acme-util/', { accept: 'application/vnd.pypi.simple.v1+json' }],
    ['/alice/dev/acme-util/', { 'user-agent': 'pip/24.0' }],
    ['/alice/dev/acme-util', json],
    ['/alice/dev/acme-util?ignore_bases=', json],
    ['/alice/dev/acme-util/1.0', json],
    [file, {}],
    [file, json],
    [`${file}.metadata`, {}],
    ['/carol/heir/+simple/acme-util/', {}],
    ['/carol/heir/+simple/', {}],
    ['/carol/heir/acme-util', json],
  ]
  for (const [path, headers] of paths) {
    const nobody = await ask(served.url, path, { headers })
    t.equal(nobody.status, 401, path)
    t.equal(nobody.headers['www-authenticate'], 'Basic realm="pypi"', 'so that pip asks (CL-60)')
    const wrong = await ask(served.url, path, { headers: { ...headers, ...basic('bob', 'wrong') } })
    t.equal(wrong.status, 401)
    const carol = await ask(served.url, path, { headers: { ...headers, ...as('carol') } })
    t.equal(carol.status, 403, `${path}: also for who inherits it`)
    for (const user of ['alice', 'bob']) {
      const answer = await ask(served.url, path, { headers: { ...headers, ...as(user) } })
      t.equal(answer.status, 200, `${path} ${user}`)
      const control = answer.headers['cache-control'] ?? ''
      t.match(control, /private|no-store/, 'nothing for caches that others use (PY-28)')
      t.notMatch(control, 'public')
    }
  }
})

t.test('what everybody may read stays so', async t => {
  const { served, file } = await setUp(t)
  await makeIndex(served, 'alice/open', {})
  await submit(served, 'alice/open', wheel)
  t.equal((await ask(served.url, '/alice/open/+simple/acme-util/')).status, 200)
  await changeIndex(served, 'alice/dev', { acl_read: [':ANONYMOUS:'] })
  const answer = await ask(served.url, file)
  t.equal(answer.status, 200)
  t.match(answer.headers['cache-control'], 'public')
})

t.test('a right that is taken away is gone with the next request', async t => {
  const { served, file } = await setUp(t)
  t.equal((await ask(served.url, file, { headers: as('bob') })).status, 200)
  await changeIndex(served, 'alice/dev', { acl_read: ['alice'] })
  t.equal((await ask(served.url, file, { headers: as('bob') })).status, 403)
})

t.test('of many who ask at the same moment each gets what he may', async t => {
  const { served } = await setUp(t)
  const users = [undefined, 'alice', 'bob', 'carol'] as const
  const statuses = { alice: 200, bob: 200, carol: 403 }
  const asked = Array.from({ length: 8 }, () => users).flat()
  const answers = await Promise.all(
    asked.map(user =>
      ask(served.url, '/carol/heir/+simple/acme-util/', {
        headers: user === undefined ? {} : as(user),
      }),
    ),
  )
  const expected = asked.map(user => (user === undefined ? 401 : statuses[user]))
  t.same(
    answers.map(({ status }) => status),
    expected,
  )
})
