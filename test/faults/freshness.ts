/** What changes upstream: seen in time, at once when asked for, and never at the cost of what is held. */
import { utimes } from 'node:fs/promises'
import t from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { listing } from '../fixtures/listing.ts'
import { complaints, fetched, kept, plain, proxied, restarted } from '../fixtures/proxied.ts'
import type { Upstream } from '../fixtures/upstream.ts'

const first = makeWheel({ name: 'six', version: '1.0' })
const second = makeWheel({ name: 'six', version: '2.0' })
const noCache = { headers: { 'cache-control': 'no-cache' } }
const always = { source: { refresh: 0 } }

const lastOf = ({ requests }: Upstream, path: string) =>
  requests.findLast(asked => asked.path === path)?.headers

t.test(
  'a new release is seen after the lifetime of the page, by a conditional request (need 20, P23, U90)',
  async t => {
    const { served, upstream } = await proxied(t, { source: { refresh: 0.2 } })
    upstream.project('six', [plain(first)])
    t.equal((await listing(served.url, 'six')).source, 'miss')
    t.equal((await listing(served.url, 'six')).source, 'hit')
    t.equal(upstream.count(upstream.page('six')), 1)
    // The lifetime is time itself.
    await new Promise(resolve => setTimeout(resolve, 250))
    t.equal((await listing(served.url, 'six')).source, 'revalidated')
    t.match(lastOf(upstream, upstream.page('six')), { 'if-none-match': /^"/ })
    upstream.project('six', [plain(first), plain(second)])
    await new Promise(resolve => setTimeout(resolve, 250))
    const page = await listing(served.url, 'six')
    t.same([page.source, page.names], ['miss', [first.filename, second.filename]])
  },
)

t.test('no-cache, max-age=0 and Pragma ask at once (need 20, PY-33)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('six', [plain(first)])
  await listing(served.url, 'six')
  for (const [place, headers] of [
    { 'cache-control': 'no-cache' },
    { 'cache-control': 'max-age=0', 'user-agent': 'pip/26.2 {}' },
    { pragma: 'no-cache', 'cache-control': 'no-cache' },
  ].entries()) {
    const added = makeWheel({ name: 'six', version: `3.${place}` })
    upstream.project('six', [plain(first), plain(added)])
    t.same((await listing(served.url, 'six', { headers })).names, [first.filename, added.filename])
  }
  const before = upstream.count()
  await listing(served.url, 'six', {
    headers: { 'cache-control': 'max-age=0', 'user-agent': 'pip/24.0 {}' },
  })
  t.equal(upstream.count(), before, 'but not every request of an older pip')
})

t.test('yanked, un-yanked and deleted files (U90, SA-90, TC-14, TC-15)', async t => {
  const { served, upstream } = await proxied(t, always)
  const yankedBy = async () =>
    Object.fromEntries(
      (await listing(served.url, 'six')).files.map(file => [file.filename, file['yanked']]),
    )
  const reason = 'broken "build" <b>'
  upstream.project('six', [plain(first), { ...plain(second), yanked: reason }])
  t.same(await yankedBy(), { [first.filename]: false, [second.filename]: reason })
  const html = await fetched(served, 'simple/six/')
  t.match(html.body?.toString(), 'data-yanked="broken &quot;build&quot; &lt;b&gt;"')
  upstream.project('six', [{ ...plain(first), yanked: '' }, plain(second)])
  t.same(await yankedBy(), { [first.filename]: true, [second.filename]: false })
  upstream.project('six', [plain(second)])
  t.same(await yankedBy(), { [second.filename]: false }, 'what was never fetched is gone')
})

for (const form of ['json', 'html'] as const)
  t.test(`what was fetched stays, though deleted upstream (${form}; P04, U06, TC-26)`, async t => {
    const all = await proxied(t, { ...always, upstream: { form } })
    const { upstream } = all
    let { served } = all
    upstream.project('six', [plain(first), plain(second)])
    const page = await listing(served.url, 'six')
    t.equal(page.names.length, 2)
    const path = upstream.path(first.filename)
    const lost = upstream.path(second.filename)
    t.equal((await fetched(served, path)).status, 200)
    const check = async (what: string) => {
      for (const headers of [{}, noCache.headers]) {
        const now = await listing(served.url, 'six', { headers })
        t.same([now.status, now.names], [200, [first.filename]], what)
        const file = await fetched(served, now.files[0]?.url ?? '')
        t.ok(file.body?.equals(first.bytes), `${what}: the listed link`)
        t.ok((await fetched(served, path)).body?.equals(first.bytes), `${what}: the old link`)
        t.equal((await fetched(served, `${path}.metadata`)).body?.toString(), first.metadata)
      }
    }
    upstream.remove('six', first.filename)
    upstream.remove('six', second.filename)
    await check('the files deleted')
    upstream.remove('six')
    await check('the project deleted')
    t.not((await fetched(served, lost)).status, 200)
    served = (await restarted(t, all, always)).served
    await check('after a restart')
    await upstream.down()
    served = (await restarted(t, { served, upstream }, always)).served
    await check('after a restart without upstream')
    await upstream.up()
    upstream.project('six', [plain(second)])
    t.same(
      (await listing(served.url, 'six', noCache)).names,
      [first.filename, second.filename],
      'it may come back',
    )
  })

t.test('a deleted project that comes back is seen within a minute (SA-107)', async t => {
  const { served, upstream } = await proxied(t, { source: { refresh: 600 } })
  upstream.project('six', [plain(first)])
  await listing(served.url, 'six')
  upstream.remove('six')
  t.equal((await listing(served.url, 'six', noCache)).status, 404)
  const path = `${served.directory}/.proxypypi/cache/pages/pypi/six.json`
  upstream.project('six', [plain(first)])
  t.equal((await listing(served.url, 'six')).status, 404, 'remembered')
  await utimes(path, new Date(Date.now() - 61_000), new Date(Date.now() - 61_000))
  t.equal((await listing(served.url, 'six')).status, 200)
})

t.test('a file replaced upstream: page and bytes agree, and ours stay (U91)', async t => {
  const { served, upstream } = await proxied(t, always)
  const other = makeWheel({ name: 'six', version: '1.0', extra: 'Summary: other\n' })
  upstream.project('six', [plain(first)])
  const path = upstream.path(first.filename)
  await fetched(served, path)
  upstream.project('six', [plain(other)])
  const { files } = await listing(served.url, 'six')
  t.equal(files.length, 1)
  const { status, body } = await fetched(served, files[0]?.url ?? '')
  t.equal(status, 200)
  t.ok(body?.equals(first.bytes), 'the first bytes stay')
  t.equal(
    files[0]?.hashes['sha256'],
    path.replaceAll('/', '').slice(8, 72),
    'and the page lists them',
  )
  t.ok((await fetched(served, path)).body?.equals(first.bytes))
  t.not(
    (await fetched(served, upstream.path(other.filename))).status,
    200,
    'the others are refused',
  )
  t.ok(
    complaints(served).some(line => line.includes('other bytes')),
    'and the log says so',
  )
})

t.test('a file replaced before it was fetched is the new one (U91)', async t => {
  const { served, upstream } = await proxied(t, always)
  const other = makeWheel({ name: 'six', version: '1.0', extra: 'Summary: other\n' })
  upstream.project('six', [
    { ...plain(first), path: '/files/six.whl/x/six-1.0-py2.py3-none-any.whl' },
  ])
  await listing(served.url, 'six')
  upstream.project('six', [
    { ...plain(other), path: '/files/six.whl/x/six-1.0-py2.py3-none-any.whl' },
  ])
  const [file] = (await listing(served.url, 'six')).files
  t.ok((await fetched(served, file?.url ?? '')).body?.equals(other.bytes))
})

t.test('files moved to other URLs: old links work, new ones too (U92)', async t => {
  const { served, upstream } = await proxied(t, always)
  upstream.project('six', [plain(first)])
  const old = upstream.path(first.filename)
  await fetched(served, old)
  const moved = `/packages/ff/ff/${'f'.repeat(60)}/${first.filename}`
  upstream.project('six', [{ ...plain(first), path: moved }])
  const [file] = (await listing(served.url, 'six')).files
  t.equal(new URL(file?.url ?? '').pathname, moved)
  for (const path of [old, moved]) t.ok((await fetched(served, path)).body?.equals(first.bytes))
  t.equal(upstream.count(moved), 0, 'the same bytes are not fetched twice')
  t.same(await kept(served), [first.filename])
})

t.test(
  'a file published since the page was fetched is found by its path (need 6, PY-38)',
  async t => {
    const { served, upstream } = await proxied(t)
    upstream.project('six', [plain(first)])
    await listing(served.url, 'six')
    upstream.project('six', [plain(first), plain(second)])
    const past = new Date(Date.now() - 10_000)
    await utimes(`${served.directory}/.proxypypi/cache/pages/pypi/six.json`, past, past)
    t.ok((await fetched(served, upstream.path(second.filename))).body?.equals(second.bytes))
    for (let turn = 0; turn < 5; turn += 1)
      t.equal(
        (await fetched(served, `packages/00/00/${'0'.repeat(60)}/six-9.0.tar.gz`)).status,
        404,
      )
    t.ok(upstream.count(upstream.page('six')) <= 3, 'made-up names do not ask upstream each time')
  },
)

t.test('an older page of another node is not believed (SA-108, TC-24)', async t => {
  const { served, upstream } = await proxied(t, always)
  const serial = async () =>
    (
      await fetched(served, 'simple/six/', {
        headers: { accept: 'application/vnd.pypi.simple.v1+json' },
      })
    ).body
  upstream.project('six', [plain(first), plain(second)], { serial: 10 })
  t.match(JSON.parse(String(await serial())), { meta: { '_last-serial': 10 } })
  upstream.project('six', [plain(first)], { serial: 9 })
  t.match(JSON.parse(String(await serial())), {
    meta: { '_last-serial': 10 },
    files: { length: 2 },
  })
  upstream.project('six', [plain(first)], { serial: 11 })
  t.match(JSON.parse(String(await serial())), {
    meta: { '_last-serial': 11 },
    files: { length: 1 },
  })
})

t.test('validators and dates that lie (U82-U85)', async t => {
  const { served, upstream } = await proxied(t)
  const odd: Record<string, Record<string, string>> = {
    hostile: { etag: '"a, b", W/"<script>' },
    ancient: { date: 'Thu, 01 Jan 1970 00:00:00 GMT', expires: '0', age: '99999999' },
    future: {
      date: 'Thu, 31 Dec 2099 00:00:00 GMT',
      'last-modified': 'Thu, 31 Dec 2099 00:00:00 GMT',
    },
    garbage: { date: 'yesterday', 'last-modified': 'x', expires: '-1', age: 'old' },
    forever: { 'cache-control': 'max-age=100000000000000000000' },
    immutable: { 'cache-control': 'public, max-age=31536000, immutable' },
    nostore: { 'cache-control': 'no-store', vary: '*' },
    cookie: {
      'set-cookie': 'session=1',
      'strict-transport-security': 'max-age=1',
      'x-private': 'y',
    },
  }
  for (const [name, headers] of Object.entries(odd)) {
    upstream.project(name, [plain(first)])
    upstream.behave(upstream.page(name), { headers })
    for (const time of [1, 2]) {
      const { status, headers: sent } = await fetched(served, `simple/${name}/`)
      t.equal(status, 200, `${name} ${time}`)
      t.match(sent.get('etag'), /^"[\w-]+"$/, 'our own tag')
      t.equal(sent.get('cache-control'), 'no-cache')
      for (const header of ['set-cookie', 'strict-transport-security', 'x-private', 'age'])
        t.equal(sent.get(header), null)
    }
  }
  t.equal(upstream.count(upstream.page('nostore')), 2, 'what must not be stored is confirmed')
  t.equal(upstream.count(upstream.page('garbage')), 1)
  // Upstream cannot pin a page for longer than our own maximum.
  for (const name of ['forever', 'immutable']) {
    const past = new Date(Date.now() - 601_000)
    await utimes(`${served.directory}/.proxypypi/cache/pages/pypi/${name}.json`, past, past)
    await listing(served.url, name)
    t.equal(upstream.count(upstream.page(name)), 2, name)
  }
})

t.test('a frozen ETag and an unasked 304 do no harm (U82)', async t => {
  const { served, upstream } = await proxied(t, always)
  upstream.project('six', [plain(first)])
  upstream.behave(upstream.page('six'), { validators: false })
  await listing(served.url, 'six')
  upstream.behave(upstream.page('six'), { status: 304 })
  const page = await listing(served.url, 'six')
  t.same([page.status, page.source], [200, 'stale'], 'an unasked 304 confirms nothing')
})

t.test('HTML and JSON clients in turn get their own (U95, TC-20)', async t => {
  for (const form of ['html', 'json', 'both'] as const) {
    const { served, upstream } = await proxied(t, { ...always, upstream: { form } })
    upstream.project('six', [plain(first)])
    for (const accept of ['text/html', 'application/vnd.pypi.simple.v1+json', 'text/html']) {
      const { headers, body } = await fetched(served, 'simple/six/', { headers: { accept } })
      t.match(headers.get('content-type'), accept)
      t.match(body?.toString(), accept === 'text/html' ? /^<!DOCTYPE html>/ : /^\{/)
      t.equal(headers.get('vary'), 'Accept, Accept-Encoding')
    }
  }
})
