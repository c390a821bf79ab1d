/** Offline: nobody is asked, and only what can be installed is listed (need 48). */
import { cp, rm } from 'node:fs/promises'
import t from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { listing, projects } from '../fixtures/listing.ts'
import { fetched, hasty, plain, proxied } from '../fixtures/proxied.ts'
import { serve, upstreamAt } from '../fixtures/serve.ts'

const held = makeWheel({ name: 'demo', version: '1.0' })
const missing = makeWheel({ name: 'demo', version: '2.0' })
const unseen = makeWheel({ name: 'other', version: '1.0' })

t.test('pages list what is held, and 404 says why (need 48, P02)', async t => {
  const { served: online, upstream } = await proxied(t)
  upstream.project('demo', [
    { ...plain(held), yanked: 'why', 'requires-python': '>=3', metadata: held.metadata },
    plain(missing),
  ])
  upstream.project('other', [plain(unseen)])
  await listing(online.url, 'demo')
  await listing(online.url, 'other')
  const path = upstream.path(held.filename)
  await fetched(online, path)
  await fetched(online, `${path}.metadata`)
  await online.close()
  const before = upstream.count()
  const served = await serve(t, {
    ...hasty,
    offline: true,
    directory: online.directory,
    upstreams: [upstreamAt(upstream.url.href, { refresh: 0 })],
  })
  for (const headers of [{}, { 'cache-control': 'no-cache' }]) {
    const page = await listing(served.url, 'demo', { headers })
    t.same(page.names, [held.filename])
    t.match(page.files[0], { yanked: 'why', 'requires-python': '>=3' })
  }
  t.ok((await fetched(served, path)).body?.equals(held.bytes))
  t.equal(String((await fetched(served, `${path}.metadata`)).body), held.metadata)
  t.same(await projects(served.url), ['demo'])
  for (const absent of [
    'simple/other/',
    'simple/never/',
    upstream.path(missing.filename),
    `${upstream.path(missing.filename)}.metadata`,
  ])
    for (const method of ['GET', 'HEAD']) {
      const { status, body } = await fetched(served, absent, { method })
      t.equal(status, 404, `${method} ${absent}`)
      if (method === 'GET') t.match(String(body), 'offline', absent)
    }
  t.equal(upstream.count(), before, 'upstream was not asked')
})

t.test('a copy of the directory serves the same elsewhere (P12)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(held)])
  await listing(served.url, 'demo')
  const path = upstream.path(held.filename)
  await fetched(served, path)
  await upstream.down()
  const directory = `${served.directory}-copy`
  await cp(served.directory, directory, { recursive: true, preserveTimestamps: true })
  t.teardown(async () => {
    await rm(directory, { recursive: true, force: true, maxRetries: 10 })
  })
  const copy = await serve(t, {
    ...hasty,
    directory,
    upstreams: [upstreamAt(upstream.url.href, { refresh: 0 })],
  })
  t.same((await listing(copy.url, 'demo')).names, [held.filename])
  t.ok((await fetched(copy, path)).body?.equals(held.bytes))
})
