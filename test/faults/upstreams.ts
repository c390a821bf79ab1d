/** Several upstreams in order, and ones that break the rules. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { listing, projects, sha256 } from '../fixtures/listing.ts'
import { fetched, hasty, kept, plain } from '../fixtures/proxied.ts'
import { serve, upstreamAt, type Test } from '../fixtures/serve.ts'
import { startUpstream, type Upstream } from '../fixtures/upstream.ts'
import type { UpstreamSettings } from '../../src/settings.ts'

const one = makeWheel({ name: 'shared', version: '1.0' })
const two = makeWheel({ name: 'shared', version: '2.0' })
const only = makeWheel({ name: 'lonely', version: '1.0' })
const torch = makeWheel({ name: 'torch', version: '2.9.0+cu128', requires: ['lonely'] })

const several = async (
  t: Test,
  first: Partial<UpstreamSettings> = {},
  second: Partial<UpstreamSettings> = {},
) => {
  const company = await startUpstream(t)
  const pypi = await startUpstream(t)
  company.project('shared', [plain(one)])
  pypi.project('shared', [plain(two)])
  pypi.project('lonely', [plain(only)])
  const served = await serve(t, {
    ...hasty,
    upstreams: [
      upstreamAt(company.url.href, { name: 'company', ...first }),
      upstreamAt(pypi.url.href, { name: 'pypi', ...second }),
    ],
  })
  return { company, pypi, served }
}

t.test(
  'the first upstream that has a project owns it; versions are not mixed (need 14, SA-104)',
  async t => {
    const { company, pypi, served } = await several(t)
    const page = await listing(served.url, 'shared')
    t.same(page.names, [one.filename])
    t.equal(pypi.count(pypi.page('shared')), 0, 'the second is not even asked')
    t.ok((await fetched(served, page.files[0]?.url ?? '')).body?.equals(one.bytes))
    t.equal(
      (await fetched(served, pypi.path(two.filename))).status,
      404,
      'nor are its files served',
    )
    t.same((await listing(served.url, 'lonely')).names, [only.filename])
    t.equal(company.count(company.page('lonely')), 1)
    t.ok((await fetched(served, pypi.path(only.filename))).body?.equals(only.bytes))
    t.same(await projects(served.url), ['lonely', 'shared'])
  },
)

t.test('one that fails is not skipped in silence (SA-106), what is held is served', async t => {
  const { company, pypi, served } = await several(t, { refresh: 0 }, { refresh: 0 })
  await listing(served.url, 'lonely')
  company.behave('*', { status: 503 })
  t.equal((await fetched(served, 'simple/shared/')).status, 502, 'pypi has it, but is it theirs?')
  const held = await listing(served.url, 'lonely')
  t.same([held.status, held.names], [200, [only.filename]], 'it was served from the second before')
  company.behave('*', undefined)
  pypi.behave('*', { status: 503 })
  t.equal((await listing(served.url, 'shared')).status, 200, 'a later one does not matter')
  await company.down()
  await pypi.down()
  for (const name of ['shared', 'lonely']) t.equal((await listing(served.url, name)).status, 200)
  const began = performance.now()
  t.equal((await fetched(served, 'simple/unknown/')).status, 502)
  t.ok(performance.now() - began < 3000)
})

t.test('a first one that hangs holds nobody up for long (contract 2)', async t => {
  const { company, served } = await several(t, { refresh: 0 }, { refresh: 0 })
  await listing(served.url, 'lonely')
  company.behave('*', { before: new Promise(() => {}) })
  const began = performance.now()
  t.equal((await listing(served.url, 'lonely')).status, 200)
  t.ok(performance.now() - began < 2000)
})

t.test('only = [...] keeps names from an upstream', async t => {
  const { company, served } = await several(t, { only: ['sha*'] })
  await listing(served.url, 'lonely')
  await listing(served.url, 'shared')
  t.same([...new Set(company.requests.map(({ path }) => path))], [company.page('shared')])
})

t.test('a project moves to the first upstream: what was fetched stays with its links', async t => {
  const { company, pypi, served } = await several(t, { refresh: 0 }, { refresh: 0 })
  const path = pypi.path(only.filename)
  t.equal((await fetched(served, path)).status, 200)
  const own = makeWheel({ name: 'lonely', version: '7.0' })
  company.project('lonely', [plain(own)])
  t.same((await listing(served.url, 'lonely')).names, [own.filename], 'no mixing')
  t.ok((await fetched(served, path)).body?.equals(only.bytes), 'the old link works (SA-75)')
})

// PyTorch's: absolute paths, `%2B`, no hashes, another content type, no root page, HTML without a doctype.
const pytorch = (upstream: Upstream) => {
  const path = `/whl/cu128/${torch.filename.replace('+', '%2B')}`
  upstream.behave('/whl/cu128/torch/', {
    body: `<h1>Links for torch</h1>\n<a href="${path}">${torch.filename}</a><br/>\n`,
    headers: { 'content-type': 'text/html' },
  })
  upstream.behave('/whl/cu128/', {
    status: 403,
    body: '<?xml version="1.0"?><Error>AccessDenied</Error>',
  })
  upstream.behave(path, { body: torch.bytes, headers: { 'content-type': 'binary/octet-stream' } })
  return path
}

t.test('an index like that of PyTorch (need 14)', async t => {
  const company = await startUpstream(t)
  const wheels = await startUpstream(t, { root: '/whl/cu128/' })
  const pypi = await startUpstream(t)
  const path = pytorch(wheels)
  pypi.project('lonely', [plain(only)])
  pypi.project('torch', [plain(makeWheel({ name: 'torch', version: '3.0' }))])
  const served = await serve(t, {
    ...hasty,
    upstreams: [
      upstreamAt(company.url.href, { name: 'company' }),
      upstreamAt(wheels.url.href, { name: 'torch', only: ['torch*'] }),
      upstreamAt(pypi.url.href),
    ],
  })
  const page = await listing(served.url, 'torch')
  t.same(page.names, [torch.filename], 'no version of another index')
  const url = page.files[0]?.url ?? ''
  t.ok(url.startsWith(served.url) && url.endsWith('%2Bcu128-py2.py3-none-any.whl'), url)
  t.same(page.files[0]?.hashes, {})
  t.equal((await fetched(served, `${url}.metadata`)).body?.toString(), torch.metadata)
  const { body, headers } = await fetched(served, url)
  t.ok(body?.equals(torch.bytes))
  t.equal(headers.get('content-type'), 'application/octet-stream')
  t.ok((await fetched(served, url.replace('%2B', '+'))).body?.equals(torch.bytes))
  t.same(await kept(served), [torch.filename])
  t.equal(wheels.requests.filter(asked => asked.path === path && asked.method === 'GET').length, 1)
  const [now] = (await listing(served.url, 'torch')).files
  t.match(
    now,
    { hashes: { sha256: sha256(torch.bytes) }, size: torch.bytes.length },
    'its hash is added once known',
  )
  t.same(
    (await listing(served.url, 'lonely')).names,
    [only.filename],
    'dependencies come from the last',
  )
  t.same(await projects(served.url), ['lonely', 'torch'], 'a list that is refused is no failure')
  const asked = wheels.count()
  await projects(served.url)
  t.equal(wheels.count(), asked, 'and is not asked for each time')
})

t.test("PyTorch's own page", async t => {
  const wheels = await startUpstream(t, { root: '/whl/' })
  const html = readFileSync(new URL('../fixtures/pages/torch.html', import.meta.url))
  wheels.behave('/whl/torch/', { body: html, headers: { 'content-type': 'text/html' } })
  const served = await serve(t, {
    ...hasty,
    upstreams: [upstreamAt(wheels.url.href, { name: 'torch' })],
  })
  const { files } = await listing(served.url, 'torch')
  t.ok(files.length > 400)
  const urls = new Set(files.map(({ url }) => url))
  t.equal(urls.size, files.length, 'each at a path of its own')
  t.ok([...urls].every(url => url.startsWith(`${served.url}packages/-/torch/`)))
})

t.test('a quarantined project has no files, until it is lifted (SA-92, SA-93, TC-16)', async t => {
  for (const form of ['json', 'html'] as const) {
    const upstream = await startUpstream(t, { form })
    upstream.project('shared', [plain(one)])
    const served = await serve(t, {
      ...hasty,
      directory: directoryOf(t, {}),
      upstreams: [upstreamAt(upstream.url.href, { refresh: 0 })],
    })
    const path = upstream.path(one.filename)
    t.equal((await fetched(served, path)).status, 200)
    upstream.project('shared', [], { status: 'quarantined', reason: 'malware' })
    t.same((await listing(served.url, 'shared')).names, [])
    const html = String((await fetched(served, 'simple/shared/')).body)
    t.match(html, 'content="quarantined"')
    t.notMatch(html, '<a ')
    const refused = await fetched(served, path)
    t.equal(refused.status, 403)
    t.match(String(refused.body), 'quarantined')
    upstream.project('shared', [plain(one)])
    t.equal((await fetched(served, path)).status, 200, 'lifted')
    await served.close()
  }
})

t.test('an upstream that redirects to another spelling of a name', async t => {
  const upstream = await startUpstream(t, { root: '/api/pypi/simple/' })
  upstream.project('zope-interface', [plain(makeWheel({ name: 'zope-interface', version: '1.0' }))])
  upstream.behave('/api/pypi/simple/zope-interface/', {
    redirect: '/api/pypi/simple/Zope.Interface/',
    status: 301,
  })
  upstream.behave('/api/pypi/simple/Zope.Interface/', {
    status: 200,
    body: '<title>Links for Zope.Interface</title><a href="zope_interface-1.0.zip">x</a>',
    headers: { 'content-type': 'text/html' },
  })
  const served = await serve(t, { ...hasty, upstreams: [upstreamAt(upstream.url.href)] })
  t.same((await listing(served.url, 'zope-interface')).names, ['zope_interface-1.0.zip'])
})
