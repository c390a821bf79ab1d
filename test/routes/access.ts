import t, { type Test } from 'tap'
import { Access } from '../../src/accounts/access.ts'
import type { Exchange } from '../../src/http/exchange.ts'
import { file, text, type Reply } from '../../src/http/reply.ts'
import { router } from '../../src/http/router.ts'
import { guard, ownReply } from '../../src/routes/access.ts'
import { openAccounts, putUser, TestClock } from '../accounts/fixtures/accounts.ts'
import { listening, resource } from '../http/fixtures/listening.ts'
import { nameOf } from '../fixtures/index-contract.ts'

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

const owner = basic('owner', 'secret')

/** A server with one guarded route for `acme-x`, and with what its handlers were told. */
const setUp = async (t: Test, read: 'anyone' | 'users' = 'anyone') => {
  const directory = t.testdir()
  const clock = new TestClock()
  const accounts = openAccounts(directory, clock)
  const access = new Access(accounts, { read, bind: '127.0.0.1' })
  const seen: (string | undefined)[] = []
  const page = (exchange: Exchange): Reply => {
    seen.push(exchange.user)
    return file(resource('content'), 'hit')
  }
  const change = (exchange: Exchange) => {
    seen.push(exchange.user)
    return text(200, 'changed')
  }
  const handle = router({
    '': guard(access, { GET: () => text(200, 'home') }, { GET: 'open' }),
    simple: guard(
      access,
      {
        GET: page,
        POST: (exchange, _rest, visitor) => {
          access.requirePublish(visitor, nameOf('acme-x'))
          return change(exchange)
        },
        DELETE: change,
      },
      { GET: 'read', POST: 'publish', DELETE: 'publish' },
    ),
  })
  const { url } = await listening(t, handle)
  const ask = async (method: string, headers: Record<string, string> = {}, path = 'simple/x/') => {
    const response = await fetch(new URL(path, url), { method, headers })
    return { status: response.status, headers: response.headers, body: await response.text() }
  }
  const status = async (...args: Parameters<typeof ask>) => (await ask(...args)).status
  return { directory, accounts, clock, access, seen, ask, status }
}

t.test('who may read, publish and manage (needs 17, faults P01, P02, P26, TC-69)', async t => {
  const { directory, accounts, clock, status, ask } = await setUp(t, 'users')
  const user = await putUser(directory, 'owner', 'secret', ['acme-*'])
  await putUser(directory, 'other', 'secret', ['foo'])
  await putUser(directory, 'reader', 'secret')
  const token = async (expires: number) =>
    (await accounts.tokens.create(user, { expires: clock.now() + expires })).text
  const good = await token(60_000)
  const callers: Record<
    string,
    [string | undefined, read: number, publish: number, manage: number]
  > = {
    anonymous: [undefined, 401, 401, 401],
    'wrong password': [basic('owner', 'wrong'), 401, 401, 401],
    'unknown user': [basic('nobody', 'secret'), 401, 401, 401],
    'expired token': [basic('__token__', await token(-1)), 401, 401, 401],
    unreadable: ['Digest x', 401, 401, 401],
    reader: [basic('reader', 'secret'), 200, 403, 403],
    'other user': [basic('other', 'secret'), 200, 403, 200],
    owner: [owner, 200, 200, 200],
    'token of the owner': [basic('__token__', good), 200, 200, 200],
    'token alone': [`Bearer ${good}`, 200, 200, 200],
  }
  for (const [who, [authorization, ...expected]] of Object.entries(callers)) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const got = [
      await status('GET', headers),
      await status('POST', headers),
      await status('DELETE', headers),
    ]
    t.same(got, expected, who)
    t.equal(await status('HEAD', headers), expected[0], who)
    t.equal(await status('GET', headers, '/'), 200, 'what is open is open')
  }
  const challenged = await ask('GET')
  t.equal(challenged.headers.get('www-authenticate'), 'Basic realm="pypi"', 'CL-60')
  t.match(challenged.body, /^a user name and a password are needed[^\n]*\n$/)
})

t.test('the answer to a wrong password and to an unknown user is the same (fault P02)', async t => {
  const { directory, ask } = await setUp(t)
  await putUser(directory, 'owner', 'secret')
  const answer = async (user: string) => {
    const { headers, ...rest } = await ask('GET', { authorization: basic(user, 'wrong') })
    return { ...rest, headers: [...headers].filter(([name]) => name !== 'date') }
  }
  const wrong = await answer('owner')
  t.equal(wrong.status, 401)
  t.same(await answer('nobody'), wrong)
})

t.test('guessing ends in 429 with a time in whole seconds (fault P03)', async t => {
  const { directory, ask } = await setUp(t)
  await putUser(directory, 'owner', 'secret')
  const answers = []
  for (let count = 0; count < 50; count += 1)
    answers.push(await ask('GET', { authorization: basic('owner', `guess ${count}`) }))
  t.equal(answers[0]?.status, 401)
  const last = answers.at(-1)
  t.equal(last?.status, 429)
  t.match(last?.headers.get('retry-after'), /^[1-9]\d?$/)
  t.equal(answers.filter(({ status }) => status === 401).length, 5)
})

t.test('where anyone may read, nothing stands before the handler', async t => {
  const { access } = await setUp(t)
  const reply = text(200, 'page')
  const { GET } = guard(access, { GET: () => reply }, { GET: 'read' })
  const exchange = { method: 'GET', request: { headers: {} } } as unknown as Exchange
  t.equal(GET?.(exchange, []), reply, 'no promise, no copy')
})

t.test('credentials say who reads also where anyone may (needs 42)', async t => {
  const { directory, ask, seen } = await setUp(t)
  await putUser(directory, 'owner', 'secret', ['acme-*'])
  const page = await ask('GET', { authorization: owner })
  await ask('GET')
  await ask('POST', { authorization: owner })
  t.same(seen, ['owner', undefined, 'owner'])
  t.match(page.headers.get('cache-control'), /^public, /)
})

const control = (value: string) => ownReply({ status: 200, headers: ['Cache-Control', value] })

t.test('what not everybody may read is for no shared cache (PY-28)', async t => {
  const { directory, ask } = await setUp(t, 'users')
  await putUser(directory, 'owner', 'secret')
  for (let count = 0; count < 2; count += 1) {
    const { headers } = await ask('GET', { authorization: owner })
    t.equal(headers.get('cache-control'), 'private, max-age=31536000, immutable')
  }
  t.strictSame(control('no-cache').headers, ['Cache-Control', 'private, no-cache'])
  t.strictSame(control('no-store').headers, ['Cache-Control', 'no-store'])
  t.strictSame(control('public').headers, ['Cache-Control', 'private'])
  t.strictSame(control('private, max-age=5').headers, ['Cache-Control', 'private, max-age=5'])
  t.strictSame(ownReply({ status: 200, headers: ['X', 'public, x'] }).headers, ['X', 'public, x'])
})

t.test(
  'until the first user exists, programs on this machine may write, and no page may',
  async t => {
    const { directory, status } = await setUp(t)
    t.equal(await status('POST'), 200)
    t.equal(await status('POST', { authorization: basic('any', 'thing') }), 200)
    for (const header of ['via', 'forwarded', 'x-forwarded-for', 'x-forwarded-proto'])
      t.equal(await status('POST', { [header]: '1.1 proxy' }), 401, header)
    t.equal(await status('POST', { origin: 'https://evil.example' }), 403)
    await putUser(directory, 'owner', 'secret', ['acme-*'])
    t.equal(await status('POST'), 401, 'without a restart')
    t.equal(await status('POST', { authorization: owner }), 200)
  },
)

t.test(
  'a page of another site changes nothing with the credentials of its visitor (fault P25)',
  async t => {
    const { directory, status, seen } = await setUp(t)
    await putUser(directory, 'owner', 'secret', ['acme-*'])
    for (const method of ['POST', 'DELETE'])
      for (const header of [{ origin: 'https://evil.example' }, { origin: 'null' }])
        t.equal(await status(method, { authorization: owner, ...header }), 403)
    t.same(seen, [])
    t.equal(await status('GET', { authorization: owner, origin: 'https://evil.example' }), 200)
  },
)

t.test('a revoked token is refused by the next request (fault P22)', async t => {
  const { directory, accounts, status } = await setUp(t)
  const user = await putUser(directory, 'owner', 'secret', ['acme-*'])
  const { text: token, change } = await accounts.tokens.create(user, {})
  const authorization = basic('__token__', token)
  t.equal(await status('POST', { authorization }), 200)
  const [made] = await openAccounts(directory).tokens.list()
  t.equal(made?.id, change.token)
  if (made !== undefined) await openAccounts(directory).tokens.revoke(made.id)
  t.equal(await status('POST', { authorization }), 401)
})
