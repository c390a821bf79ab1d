/** The list of all projects, which is long, and upstreams that fail to give it. */
import { utimes } from 'node:fs/promises'
import t from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { listing, projects } from '../fixtures/listing.ts'
import { complaints, fetched, plain, proxied } from '../fixtures/proxied.ts'
import type { Served } from '../fixtures/serve.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0' })
const html = { 'content-type': 'text/html' }

// As after an hour and more.
const age = ({ directory }: Served) => {
  const past = new Date(Date.now() - 4_000_000)
  return utimes(`${directory}/.proxypypi/cache/names/pypi.txt`, past, past)
}

t.test(
  'it is asked for once an hour, and the old one serves while upstream fails (SA-106, PY-39)',
  async t => {
    const { served, upstream } = await proxied(t)
    upstream.project('demo', [plain(wheel)])
    t.same(await projects(served.url), ['demo'])
    upstream.project('other', [plain(wheel)])
    t.same(await projects(served.url), ['demo'], 'for an hour')
    t.equal(upstream.count('/simple/'), 1)
    await age(served)
    upstream.behave('/simple/', { status: 500 })
    for (let turn = 0; turn < 5; turn += 1) t.same(await projects(served.url), ['demo'])
    t.equal(upstream.count('/simple/'), 4, 'three tries, and then a pause')
    t.equal(complaints(served).length, 1)
  },
)

t.test('an upstream that hangs holds it up for a second at most (contract 2)', async t => {
  const { served, upstream } = await proxied(t, { settings: { firstByteTimeout: 3 } })
  upstream.project('demo', [plain(wheel)])
  await projects(served.url)
  await age(served)
  upstream.behave('/simple/', { before: new Promise(() => {}) })
  const began = performance.now()
  t.same(await projects(served.url), ['demo'])
  t.ok(performance.now() - began < 2500)
})

t.test('without any it is 502 when upstream fails, never an empty list (SA-106)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(wheel)])
  for (const behaviour of [
    { status: 500 },
    { body: '<html><title>Sign in</title><form></form></html>', headers: html },
    { body: '{"projects": 5}', headers: { 'content-type': 'application/json' } },
    { cutAfter: 20 },
    { body: '' },
  ]) {
    upstream.behave('/simple/', behaviour)
    t.equal((await fetched(served, 'simple/')).status, 502, JSON.stringify(behaviour))
  }
  upstream.behave('/simple/', undefined)
  t.same(await projects(served.url), ['demo'])
})

t.test('300,000 names, and a project of 20,000 files (TC-28, CL-11, SA-109)', async t => {
  const { served, upstream } = await proxied(t, { settings: { pageTimeout: 10 } })
  const names = Array.from({ length: 300_000 }, (_, place) => `project-${place}`)
  const links = names.map(name => `<a href="/simple/${name}/">${name}</a><br>\n`).join('')
  upstream.behave('/simple/', {
    body: `<!DOCTYPE html><title>Simple index</title>${links}`,
    headers: html,
  })
  let began = performance.now()
  const response = await fetch(new URL('simple/', served.url))
  const began200 = performance.now() - began
  const text = await response.text()
  t.equal(text.match(/<a /g)?.length, names.length)
  t.ok(began200 < 10_000, `first byte after ${Math.round(began200)} ms`)
  const files = Array.from({ length: 20_000 }, (_, place) => ({
    filename: `demo-1.${place}-py3-none-any.whl`,
    url: `/packages/aa/bb/${String(place).padStart(60, '0')}/demo-1.${place}-py3-none-any.whl`,
    hashes: { sha256: String(place).padStart(64, '0') },
    size: 1000,
    'upload-time': '2024-05-06T07:08:09.123456Z',
    'requires-python': '>=3.8',
    yanked: false,
  }))
  upstream.behave('/simple/demo/', {
    body: JSON.stringify({ meta: { 'api-version': '1.4' }, name: 'demo', files }),
    headers: { 'content-type': 'application/vnd.pypi.simple.v1+json' },
  })
  began = performance.now()
  t.equal((await listing(served.url, 'demo')).files.length, files.length)
  t.ok(performance.now() - began < 10_000)
})
