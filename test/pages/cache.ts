import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { Reply } from '../../src/http/reply.ts'
import type { Project } from '../../src/index/index.ts'
import { PageCache, type Variant } from '../../src/pages/cache.ts'
import { renderPage } from '../../src/pages/simple.ts'
import type { Filename } from '../../src/spec/filename.ts'
import type { Page } from '../../src/spec/page.ts'
import type { Name } from '../../src/spec/project-name.ts'

const pageOf = (url: string, more: Partial<Page> = {}): Page => ({
  meta: { 'api-version': '1.4' },
  name: 'six' as Name,
  files: [{ filename: 'six-1.0.tar.gz' as Filename, url, hashes: {} }],
  ...more,
})

/** A project that counts how often its page is asked for. */
const projectOf = (page: Page, revision = '1', more: Partial<Project> = {}) => {
  const state = { pages: 0 }
  const project: Project = {
    name: page.name,
    revision,
    source: 'hit',
    page: async () => {
      state.pages++
      return page
    },
    ...more,
  }
  return { project, state }
}

const plain: Variant = { index: 'root', format: 'html', coding: 'identity', prefix: '../../' }
const bytesOf = ({ body }: Reply): Buffer =>
  typeof body === 'string' ? Buffer.from(body, 'latin1') : (body as Buffer)
const headerOf = ({ headers }: Reply, name: string) => headers[headers.indexOf(name) + 1] ?? ''

t.test('a page is rendered once for each revision', async t => {
  const cache = new PageCache()
  const { project, state } = projectOf(pageOf('a'))
  const first = await cache.answer(project, plain)
  t.match(first, { status: 200, cache: 'hit' })
  t.equal(bytesOf(first).toString(), renderPage(pageOf('a'), 'html', '../../'))
  const second = cache.answer({ ...project, source: 'stale' }, plain)
  t.notOk(second instanceof Promise, 'at once')
  t.strictSame(second, { ...first, cache: 'stale' })
  t.equal(state.pages, 1)
  const newer = projectOf(pageOf('b'), '2')
  const third = await cache.answer(newer.project, plain)
  t.match(bytesOf(third).toString(), '../../b')
  t.not(headerOf(third, 'ETag'), headerOf(first, 'ETag'))
})

t.test('many who ask together cost one rendering', async t => {
  const cache = new PageCache()
  const { project, state } = projectOf(pageOf('a'))
  const replies = await Promise.all(
    Array.from({ length: 20 }, async () => cache.answer(project, plain)),
  )
  t.equal(state.pages, 1)
  for (const reply of replies) t.strictSame(reply, replies[0])
})

t.test('each form and coding has bytes and a strong tag of its own (SA-43, SA-45)', async t => {
  const cache = new PageCache()
  const { project } = projectOf(pageOf('a'))
  const tags = new Set<string>()
  for (const format of ['html', 'v1html', 'json'] as const)
    for (const coding of ['identity', 'gzip'] as const) {
      const reply = await cache.answer(project, { ...plain, format, coding })
      const body = bytesOf(reply)
      t.equal(
        (coding === 'gzip' ? gunzipSync(body) : body).toString(),
        renderPage(pageOf('a'), format, '../../'),
      )
      t.equal(reply.headers.includes('Content-Encoding'), coding === 'gzip')
      tags.add(headerOf(reply, 'ETag'))
    }
  t.equal(tags.size, 6)
  for (const tag of tags) t.match(tag, /^"[\w-]+"$/)
})

t.test('prefix, index and project keep pages apart', async t => {
  const cache = new PageCache()
  const { project } = projectOf(pageOf('a'))
  await cache.answer(project, plain)
  t.match(
    bytesOf(await cache.answer(project, { ...plain, prefix: '../../../../' })).toString(),
    '"../../../../a"',
  )
  const other = projectOf(pageOf('b')).project
  t.match(bytesOf(await cache.answer(other, { ...plain, index: 'local' })).toString(), '../../b')
  const named = projectOf(pageOf('c', { name: 'seven' as Name })).project
  t.match(bytesOf(await cache.answer(named, plain)).toString(), 'seven')
})

const tag = async () =>
  headerOf(await new PageCache().answer(projectOf(pageOf('a')).project, plain), 'ETag')

t.test('another process makes the same tag of the same page', async t => {
  t.equal(await tag(), await tag())
})

t.test('a client that has the page gets 304, though the body is no longer kept', async t => {
  const cache = new PageCache(1)
  const { project, state } = projectOf(
    pageOf('a', { meta: { 'api-version': '1.4', '_last-serial': 7 } }),
  )
  const etag = headerOf(await cache.answer(project, plain), 'ETag')
  const again = cache.answer({ ...project, source: 'revalidated' }, plain, `"x", W/${etag}`)
  t.notOk(again instanceof Promise)
  t.match(again, { status: 304, cache: 'revalidated', body: undefined })
  for (const name of ['ETag', 'Vary', 'Cache-Control', 'X-PyPI-Last-Serial'])
    t.ok((again as Reply).headers.includes(name), `${name} (SA-44, SA-48)`)
  t.equal(state.pages, 1)
  t.match(
    await cache.answer(project, { ...plain, format: 'v1html' }, etag),
    { status: 200 },
    'TC-20',
  )
  t.match(await cache.answer(project, plain, '"other"'), { status: 200 })
})

t.test('a new revision of the same bytes is still 304', async t => {
  const cache = new PageCache()
  const etag = headerOf(await cache.answer(projectOf(pageOf('a')).project, plain), 'ETag')
  t.match(await cache.answer(projectOf(pageOf('a'), '2').project, plain, etag), { status: 304 })
  t.match(await cache.answer(projectOf(pageOf('b'), '3').project, plain, etag), { status: 200 })
})

t.test('large bodies are buffers, and memory is bounded', async t => {
  const files = Array.from({ length: 1000 }, (_, n) => ({
    filename: `six-1.${n}.tar.gz` as Filename,
    url: `packages/${n}`,
    hashes: {},
  }))
  const cache = new PageCache(150_000)
  const projects = Array.from({ length: 4 }, (_, n) =>
    projectOf(pageOf('', { files, name: `p${n}` as Name })),
  )
  for (const { project } of projects)
    t.ok(Buffer.isBuffer((await cache.answer(project, plain)).body))
  for (const { project } of projects) await cache.answer(project, plain)
  t.ok(projects.reduce((sum, { state }) => sum + state.pages, 0) > 4, 'some were dropped')
})

t.test('a failing page fails for those who asked, and is tried again', async t => {
  const cache = new PageCache()
  let failing = true
  const { project } = projectOf(pageOf('a'), '1', {
    page: () =>
      failing ? Promise.reject(new Error('cannot find out')) : Promise.resolve(pageOf('a')),
  })
  await t.rejects(Promise.resolve(cache.answer(project, plain)), { message: 'cannot find out' })
  failing = false
  t.match(await cache.answer(project, plain), { status: 200 })
})
