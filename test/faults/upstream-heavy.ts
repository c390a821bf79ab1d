/** Pages that are too much for any reader, and how soon they are refused. */
import { rm } from 'node:fs/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { fetched, plain, proxied } from '../fixtures/proxied.ts'
import type { Behaviour } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0' })
const html = { 'content-type': 'text/html' }
const json = { 'content-type': 'application/vnd.pypi.simple.v1+json' }
const simple = (body: string, head = '') =>
  `<!DOCTYPE html><html><head><title>Links for demo</title>${head}</head><body>${body}</body></html>`

t.test(
  'pages that are too much are refused soon, and others are served (U14, U55-U57, U62-U66)',
  async t => {
    const { served, upstream } = await proxied(t, { settings: { maxPageSize: 8 * 1024 * 1024 } })
    const zeros = Buffer.alloc(64 * 1024 * 1024, ' ')
    const heavy: [string, Behaviour, readonly number[]][] = [
      [
        'a gzip bomb (U55)',
        { body: gzipSync(zeros), headers: { ...html, 'content-encoding': 'gzip' } },
        [502],
      ],
      [
        'a brotli bomb (U55)',
        { body: brotliCompressSync(zeros), headers: { ...html, 'content-encoding': 'br' } },
        [502],
      ],
      [
        'gzip in gzip (U55)',
        { body: gzipSync(gzipSync(zeros)), headers: { ...html, 'content-encoding': 'gzip, gzip' } },
        [502],
      ],
      ['a huge page (U56)', { body: zeros, length: 'chunked' }, [502]],
      ['a huge page by its length (U56)', { body: zeros }, [502]],
      [
        '100,000 links (U57)',
        { body: simple('<a href="/x/demo-1.0.zip">x</a>'.repeat(100_000)), headers: html },
        [200],
      ],
      [
        '100,000 nested elements (U62)',
        { body: simple('<div>'.repeat(100_000)), headers: html },
        [200, 502],
      ],
      [
        'a 7 MB attribute (U62)',
        { body: simple(`<a href="${'a'.repeat(7e6)}">`), headers: html },
        [200, 502],
      ],
      [
        'text against regular expressions (U63)',
        {
          body: simple(
            `<a href="/demo-${'1.'.repeat(200_000)}zip">${'<'.repeat(200_000)}${'&'.repeat(200_000)}${'- '.repeat(200_000)}`,
          ),
          headers: html,
        },
        [200, 502],
      ],
      [
        'JSON 200,000 deep (U66)',
        { body: `{"files":[],"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, headers: json },
        [200, 502],
      ],
      [
        'a page that drips (U14)',
        {
          body: simple(' '.repeat(500)),
          headers: html,
          chunk: 1,
          length: 'chunked',
          between: () => new Promise(resolve => setTimeout(resolve, 100).unref()),
        },
        [504],
      ],
    ]
    for (const [what, behaviour, allowed] of heavy) {
      upstream.project('demo', [plain(wheel)])
      upstream.behave(upstream.page('demo'), behaviour)
      const began = performance.now()
      const [page, health] = await Promise.all([
        fetched(served, 'simple/demo/', { headers: { 'cache-control': 'no-cache' } }),
        fetched(served, '-/health'),
      ])
      t.ok(allowed.includes(page.status), `${what}: ${page.status}`)
      t.equal(health.status, 200)
      t.ok(performance.now() - began < 5000, `${what}: ${Math.round(performance.now() - began)} ms`)
      if (page.status === 200) {
        await rm(`${served.directory}/.proxypypi/cache/pages`, { recursive: true, maxRetries: 10 })
      }
    }
  },
)
