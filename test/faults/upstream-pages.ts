/** Pages as upstreams really write them, and as they should not. */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { listing, sha256 } from '../fixtures/listing.ts'
import { fetched, plain, proxied } from '../fixtures/proxied.ts'
import type { Behaviour } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0' })
const hash = sha256(wheel.bytes)
const html = { 'content-type': 'text/html' }
const json = { 'content-type': 'application/vnd.pypi.simple.v1+json' }
const good = (path: string) => `<a href="${path}#sha256=${hash}">${wheel.filename}</a>`

const simple = (body: string, head = '') =>
  `<!DOCTYPE html><html><head><title>Links for demo</title>${head}</head><body>${body}</body></html>`

/** What upstream says as a page of `demo`, and what is listed then; `path` is the good file's. */
const pages: [string, (path: string) => Behaviour, number][] = [
  ['valid and empty, HTML (U70)', () => ({ body: simple(''), headers: html }), 0],
  [
    'valid and empty, JSON (U70)',
    () => ({ body: '{"meta":{"api-version":"1.0"},"name":"demo","files":[]}', headers: json }),
    0,
  ],
  [
    'upper case, no quotes, unclosed (U58)',
    path => ({ body: `<TITLE>Links for demo</TITLE><A HREF=${path}>x<BR><P>`, headers: html }),
    1,
  ],
  [
    'entities (U58)',
    path => ({ body: simple(good(path.replaceAll('/', '&#47;'))), headers: html }),
    1,
  ],
  [
    'links in comments and scripts (U58)',
    path => ({
      body: simple(
        `<!-- <a href="/evil-1.0.zip">evil</a> --><script>'<a href="/demo-6.6.zip">'</script>${good(path)}`,
      ),
      headers: html,
    }),
    1,
  ],
  [
    'NULs and invalid UTF-8 (U59)',
    path => ({
      body: Buffer.concat([
        Buffer.from(simple(good(path))),
        Buffer.from([0, 0xff, 0xfe, 0xc0, 0x80]),
      ]),
      headers: html,
    }),
    1,
  ],
  [
    'UTF-16 (U59)',
    path => ({ body: Buffer.from(`\ufeff${simple(good(path))}`, 'utf16le'), headers: html }),
    1,
  ],
  [
    'a byte order mark before JSON (U67)',
    path => ({
      body: `\ufeff{"files":[{"filename":"${wheel.filename}","url":"${path}","hashes":{"sha256":"${hash}"}}]}`,
      headers: json,
    }),
    1,
  ],
  [
    'version 1.99 (U61)',
    path => ({
      body: simple(good(path), '<meta name="pypi:repository-version" content="1.99">'),
      headers: html,
    }),
    1,
  ],
  [
    'no content type (U68, PY-46)',
    path => ({ body: simple(good(path)), headers: { 'content-type': '' } }),
    1,
  ],
  [
    'JSON called octets (U68)',
    path => ({
      body: `{"files":[{"filename":"${wheel.filename}","url":"${path}","hashes":{}}]}`,
      headers: { 'content-type': 'application/octet-stream' },
    }),
    1,
  ],
  ['HTML called JSON (U68)', path => ({ body: simple(good(path)), headers: json }), 1],
  [
    'JSON called HTML (U68)',
    path => ({
      body: `{"files":[{"filename":"${wheel.filename}","url":"${path}","hashes":{}}]}`,
      headers: html,
    }),
    1,
  ],
  [
    'charset utf-7 (U68)',
    path => ({ body: simple(good(path)), headers: { 'content-type': 'text/html; charset=utf-7' } }),
    1,
  ],
  [
    'gzip',
    path => ({
      body: gzipSync(simple(good(path))),
      headers: { ...html, 'content-encoding': 'gzip' },
    }),
    1,
  ],
  [
    'brotli',
    path => ({
      body: brotliCompressSync(simple(good(path))),
      headers: { ...html, 'content-encoding': 'br' },
    }),
    1,
  ],
  [
    'bare words and relative paths (TC-18)',
    path => ({ body: simple(`<a href="../..${path}?a=b#main">x</a>`), headers: html }),
    1,
  ],
  [
    'a base (U60, TC-18)',
    path => ({
      body: simple(
        `<a href="${path.slice(path.lastIndexOf('/') + 1)}">x</a>`,
        `<base href="${path.slice(0, path.lastIndexOf('/') + 1)}">`,
      ),
      headers: html,
    }),
    1,
  ],
  [
    'sha1, egg and both fragments (TC-17, SA-65)',
    path => ({
      body: simple(
        `<a href="${path}#sha256=${hash}&amp;egg=demo">x</a><a href="/x/demo-0.1.zip#sha1=${'a'.repeat(40)}">y</a><a href="/x/demo-0.2.zip#egg=demo">z</a>`,
      ),
      headers: html,
    }),
    3,
  ],
  [
    '__proto__ and constructor keys (U65)',
    path => ({
      body: `{"__proto__":{"files":1},"constructor":{},"files":[{"__proto__":{"url":"x"},"constructor":1,"filename":"${wheel.filename}","url":"${path}","hashes":{"__proto__":"a"}}]}`,
      headers: json,
    }),
    1,
  ],
  [
    'two files of one name (U41, SA-105)',
    path => ({
      body: simple(
        `${good(path)}<a href="/other/${wheel.filename}#sha256=${'b'.repeat(64)}">x</a>`,
      ),
      headers: html,
    }),
    1,
  ],
]

t.test('odd pages have the files that they list (SA-103, U58-U70)', async t => {
  const { served, upstream } = await proxied(t, { source: { refresh: 0 } })
  upstream.project('demo', [plain(wheel)])
  const path = upstream.path(wheel.filename)
  for (const [what, behaviour, count] of pages) {
    upstream.behave(upstream.page('demo'), behaviour(path))
    const { status, files, source } = await listing(served.url, 'demo')
    t.same([status, source, files.length], [200, 'miss', count], what)
    const file = files.find(({ filename }) => filename === wheel.filename)
    if (count > 0)
      t.ok((await fetched(served, file?.url ?? '')).body?.equals(wheel.bytes), `${what}: its bytes`)
    const text =
      (
        await fetched(served, 'simple/demo/', { headers: { accept: 'text/html' } })
      ).body?.toString() ?? ''
    t.equal(text.match(/<a /g)?.length ?? 0, count, `${what}: as HTML`)
    t.notMatch(text, /#(?:sha1|egg)=|&amp;egg|evil|6\.6/, `${what}: no fragment that uv refuses`)
  }
  t.equal(({} as Record<string, unknown>)['files'], undefined, 'no prototype was polluted')
})
