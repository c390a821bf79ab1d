import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { drop } from '../fixtures/indexes.ts'
import { serve, upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { startUpstream, type Upstream } from '../fixtures/upstream.ts'
import { ask, lasting, type Answer } from '../fixtures/wire.ts'

const html = 'text/html; charset=utf-8'
const v1html = 'application/vnd.pypi.simple.v1+html; charset=utf-8'
const json = 'application/vnd.pypi.simple.v1+json'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.0', requiresPython: '>=3.8' })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.0' })
const mine = makeWheel({ name: 'Acme.Util', version: '2.0' })

const setUp = async (t: Test): Promise<{ served: Served; upstream: Upstream }> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [
    { ...wheel, 'requires-python': '>=3.8' },
    { filename: sdist.filename, bytes: sdist.bytes, yanked: 'a "bad" <idea>' },
  ])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await drop(served.directory, mine.filename, mine.bytes)
  return { served, upstream }
}

const roots = ['/simple/', '/ext/pypi/simple/', '/root/pypi/+simple/', '/root/pypi/simple/']

t.test('the index under all its names, links that lead to the files (contract 2)', async t => {
  const { served } = await setUp(t)
  for (const root of roots)
    for (const [name, dist] of [
      ['leaf-lib', wheel],
      ['acme-util', mine],
    ] as const) {
      const page = await served.get(`${root}${name}/`, { accept: json })
      t.equal(page.status, 200)
      const { files } = (await page.json()) as { files: { filename: string; url: string }[] }
      const file = files.find(({ filename }) => filename === dist.filename)
      const url = new URL(file?.url ?? '', page.url)
      t.equal(url.origin, new URL(served.url).origin)
      t.match(url.pathname, /^\/packages\//)
      const answer = await fetch(url)
      t.ok(Buffer.from(await answer.arrayBuffer()).equals(dist.bytes), url.pathname)
    }
  const local = await served.get('/local/acme-util/', { accept: json })
  t.match(await local.json(), {
    files: [{ filename: mine.filename, url: /^\.\.\/\.\.\/packages/ }],
  })
})

t.test('a missing slash and odd spellings: 301, relative (TC-3, TC-4, TC-5)', async t => {
  const { served, upstream } = await setUp(t)
  const { origin } = new URL(served.url)
  for (const root of [...roots, '/local/'])
    for (const [asked, canonical] of [
      [root.slice(0, -1), root],
      [`${root}leaf-lib`, `${root}leaf-lib/`],
      [`${root}Leaf_Lib/`, `${root}leaf-lib/`],
      [`${root}LEAF.-_lib`, `${root}leaf-lib/`],
      [`${root}%4ceaf%2Dlib`, `${root}leaf-lib/`],
      [
        `${root}leaf--lib?format=${json}&x=1`,
        `${root}leaf-lib/?format=${encodeURIComponent(json)}`,
      ],
      [`${root}leaf--lib?format=%3Cscript%3E`, `${root}leaf-lib/`],
    ] as const) {
      const answer = await ask(served.url, asked, { headers: { host: 'public.example' } })
      t.equal(answer.status, 301, asked)
      const { location = '' } = answer.headers
      t.notMatch(location, /^\/|:/, 'neither a host nor the place of a prefix is told (SA-8)')
      t.equal(new URL(location, origin + asked).href, origin + canonical, asked)
      t.notMatch(answer.text, 'script')
    }
  t.equal(upstream.count(), 0, 'and nobody is asked for that')
})

t.test('which form an Accept header gets (TC-1, SA-30)', async t => {
  const { served } = await setUp(t)
  const latest = 'application/vnd.pypi.simple.latest'
  for (const [accept, type] of [
    [undefined, html],
    ['*/*', html],
    ['text/html', html],
    [json, json],
    ['application/vnd.pypi.simple.v1+html', v1html],
    [`${latest}+json`, json],
    [`${latest}+html`, v1html],
    [`${json}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01`, json],
    [`${json}, */*;q=0.1`, json],
    [`text/html, ${json};q=0.9`, html],
    [`${json};q=0, */*`, html],
    ['application/*', v1html],
    ['application/json', html],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', html],
    [[json, 'text/html;q=0.1'], json],
  ] as const)
    for (const path of ['/simple/leaf-lib/', '/simple/']) {
      const headers = accept === undefined ? {} : { accept: accept as string | string[] }
      const answer = await ask(served.url, path, { headers })
      t.equal(answer.headers['content-type'], type, `${path} ${String(accept)}`)
      t.match(answer.headers.vary, /\bAccept\b/)
      if (type === json) t.doesNotThrow(() => void JSON.parse(answer.text))
      else t.match(answer.text, /^<!DOCTYPE html>/)
    }
})

t.test('the format parameter wins, an unknown one does not count (TC-2)', async t => {
  const { served } = await setUp(t)
  for (const [format, accept, type] of [
    [json, 'text/html', json],
    [json.replace('+', '%2B'), 'text/html', json],
    [json.replace('+', '%20'), 'text/html', json],
    ['text/html', json, html],
    ['nonsense', json, json],
  ] as const) {
    const answer = await ask(served.url, `/simple/leaf-lib/?format=${format}`, {
      headers: { accept },
    })
    t.equal(answer.headers['content-type'], type, format)
  }
})

t.test('unknown projects and impossible names (TC-6, TC-7)', async t => {
  const { served, upstream } = await setUp(t)
  for (const root of [...roots, '/local/']) {
    t.equal((await ask(served.url, `${root}no-such/`)).status, 404)
    const before = upstream.count()
    for (const name of [
      '..',
      '%2e%2e',
      'a%2fb',
      'a%00b',
      '%C3%A9',
      'a'.repeat(300),
      '-a',
      'a.',
      '%0a',
    ])
      t.match(String((await ask(served.url, `${root}${name}/`)).status), /^40[04]$/, name)
    for (const path of [`${root}/leaf-lib/`, `${root}leaf-lib//`, `${root}leaf-lib/x/`])
      t.equal((await ask(served.url, path)).status, 404, path)
    t.equal(upstream.count(), before, 'they are not passed on (fault C33)')
  }
})

for (const path of ['/simple/', '/simple/leaf-lib/', '/simple/Leaf', '/simple/none/', '/local/'])
  t.test(`HEAD ${path} is GET without the body, first or later (TC-8, fault C15)`, async t => {
    const { served } = await setUp(t)
    const first = await ask(served.url, path, { method: 'HEAD' })
    const get = await ask(served.url, path)
    const later = await ask(served.url, path, { method: 'HEAD' })
    t.equal(first.status, get.status)
    t.equal(first.body.length + later.body.length, 0)
    const { 'x-cache': _first, ...firstHeaders } = lasting(first)
    const { 'x-cache': _get, ...headers } = lasting(get)
    t.same(firstHeaders, headers)
    t.same(lasting(later), lasting(await ask(served.url, path)))
    t.ok(first.headers.date, 'with the date (SA-46)')
  })

t.test('only GET and HEAD of pages, and 405 says so (TC-9, fault C17)', async t => {
  const { served } = await setUp(t)
  for (const path of ['/simple/', '/simple/leaf-lib/', '/local/leaf-lib/'])
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
      // Uploads are taken there.
      if (path === '/simple/' && method === 'POST') continue
      const answer = await ask(served.url, path, { method, body: 'x' })
      t.equal(answer.status, 405, method)
      t.match(
        answer.headers.allow,
        path === '/local/leaf-lib/' ? /^GET, HEAD/ : /^GET, (?:POST, )?HEAD/,
      )
    }
})

t.test('a JSON page has the keys and types that strict clients want (TC-10)', async t => {
  const { served } = await setUp(t)
  for (const name of ['leaf-lib', 'acme-util']) {
    const { text } = await ask(served.url, `/simple/${name}/`, { headers: { accept: json } })
    const page = JSON.parse(text) as Record<string, unknown>
    t.match(page, { meta: { 'api-version': /^1\.\d$/ }, name, versions: Array })
    for (const file of page['files'] as Record<string, unknown>[]) {
      t.match(file, { filename: String, url: /^\.\.\/\.\.\/packages\//, size: Number })
      t.match(file['hashes'], { sha256: /^[0-9a-f]{64}$/ })
      t.match(file['upload-time'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      t.notOk('dist-info-metadata' in file)
      for (const value of Object.values(file)) t.not(value, null)
    }
  }
})

t.test(
  'HTML has both names of the metadata, equal (TC-33); old clients find links (TC-34)',
  async t => {
    const { served } = await setUp(t)
    const moved = await ask(served.url, '/simple/Leaf_Lib/')
    const path = new URL(moved.headers.location ?? '', `${served.url}simple/Leaf_Lib/`).pathname
    const { text } = await ask(served.url, path)
    const [, core = 'a'] = /data-core-metadata="([^"]+)"/.exec(text) ?? []
    const [, older = 'b'] = /data-dist-info-metadata="([^"]+)"/.exec(text) ?? []
    t.equal(core, older)
    t.match(core, /^sha256=/)
    const links = [...text.matchAll(/href\s*=\s*['"]?([^'"> ]+)/gi)].map(found => found[1] ?? '')
    t.equal(links.length, 2)
    for (const link of links) {
      const url = new URL(link, new URL(path, served.url))
      t.equal((await ask(served.url, url.pathname)).status, 200)
      t.match(url.hash, /^#sha256=[0-9a-f]{64}$/)
    }
    t.match(text, 'data-yanked="a &quot;bad&quot; &lt;idea&gt;"')
    t.equal([...text.matchAll(/<a [^>]+>([^<]+)<\/a>/g)].length, 2, 'as hatch reads it (SA-64)')
  },
)

for (const path of ['/simple/leaf-lib/', '/simple/acme-util/', '/simple/', '/local/'])
  t.test(`${path}: tags, 304 and codings (TC-20, TC-21, TC-23)`, async t => {
    const { served } = await setUp(t)
    const get = (headers: Record<string, string>) => ask(served.url, path, { headers })
    const tags = new Set<string>()
    for (const accept of ['text/html', 'application/vnd.pypi.simple.v1+html', json])
      for (const coding of ['identity', 'gzip;q=0', 'gzip, deflate']) {
        const headers = { accept, 'accept-encoding': coding }
        const answer = await get(headers)
        const gzipped = coding === 'gzip, deflate'
        t.equal(answer.headers['content-encoding'], gzipped ? 'gzip' : undefined)
        t.equal(answer.headers.vary, 'Accept, Accept-Encoding')
        t.equal(answer.headers['cache-control'], 'no-cache')
        t.equal(answer.headers['x-content-type-options'], 'nosniff')
        t.equal(Number(answer.headers['content-length']), answer.body.length)
        const etag = answer.headers.etag ?? ''
        t.match(etag, /^"[^"]+"$/, 'strong (SA-43)')
        if (coding !== 'gzip;q=0') t.notOk(tags.has(etag), 'one for each form and coding (SA-45)')
        for (const other of tags)
          if (other !== etag)
            t.equal((await get({ ...headers, 'if-none-match': other })).status, 200)
        tags.add(etag)
        for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
          const same = await get({ ...headers, 'if-none-match': known })
          t.equal(same.status, 304, known)
          t.equal(same.body.length, 0)
          t.match(same.headers, { etag, vary: /Accept/, 'cache-control': 'no-cache' }, 'SA-44')
          t.equal(same.headers['content-length'], undefined)
        }
        const plain = gzipped ? gunzipSync(answer.body).toString() : answer.text
        t.equal(plain, (await get({ accept })).text)
      }
  })

const ifOther = ({ headers }: Answer) => ({ headers: { 'if-none-match': headers.etag ?? '' } })

t.test('what is dropped is on the page and in the list at once (TC-23)', async t => {
  const { served } = await setUp(t)
  const page = await ask(served.url, '/simple/acme-util/')
  const list = await ask(served.url, '/simple/')
  const later = makeWheel({ name: 'Acme.Util', version: '2.1' })
  await drop(served.directory, later.filename, later.bytes)
  const other = makeWheel({ name: 'other', version: '1.0' })
  await drop(served.directory, other.filename, other.bytes)
  const again = await ask(served.url, '/simple/acme-util/', ifOther(page))
  t.equal(again.status, 200)
  t.match(again.text, later.filename)
  const names = await ask(served.url, '/simple/', ifOther(list))
  t.equal(names.status, 200)
  t.match(names.text, '<a href="other/">other</a>')
})

t.test('a project with 12,000 files, in each form', async t => {
  const upstream = await startUpstream(t)
  const bytes = Buffer.from('x')
  const files = Array.from({ length: 12_000 }, (_, n) => ({ filename: `many-${n}.tar.gz`, bytes }))
  upstream.project(
    'many',
    files.map(file => ({ ...file, path: `/files/${file.filename}` })),
  )
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  for (const coding of ['identity', 'gzip']) {
    const headers = { 'accept-encoding': coding }
    const jsonPage = await ask(served.url, '/simple/many/', {
      headers: { ...headers, accept: json },
    })
    const htmlPage = await ask(served.url, '/simple/many/', { headers })
    const plain = (body: Buffer) => (coding === 'gzip' ? gunzipSync(body) : body).toString()
    const page = JSON.parse(plain(jsonPage.body)) as {
      files: { url: string }[]
      versions: string[]
    }
    t.equal(page.files.length, 12_000)
    t.equal(page.versions.length, 12_000)
    t.equal(plain(htmlPage.body).split('<a href=').length - 1, 12_000)
    const last = new URL(page.files.at(-1)?.url ?? '', `${served.url}simple/many/`)
    t.ok((await ask(served.url, last.pathname)).body.equals(bytes))
  }
})

for (const count of [3000, 60_000])
  t.test(`a list of ${count} projects, in each form and coding (SA-51, SA-61)`, async t => {
    const upstream = await startUpstream(t)
    const names = Array.from({ length: count }, (_, n) => `project-${n}`)
    const body = names.map(name => `<a href="/simple/${name}/">${name}</a>`).join('\n')
    upstream.behave('/simple/', { body, headers: { 'content-type': 'text/html' } })
    const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
    for (const coding of ['identity', 'gzip']) {
      const headers = { 'accept-encoding': coding }
      const plain = (bytes: Buffer) => (coding === 'gzip' ? gunzipSync(bytes) : bytes).toString()
      const asJson = await ask(served.url, '/simple/', { headers: { ...headers, accept: json } })
      const { projects } = JSON.parse(plain(asJson.body)) as { projects: { name: string }[] }
      t.same(
        projects.map(({ name }) => name),
        names,
      )
      const asHtml = plain((await ask(served.url, '/simple/', { headers })).body)
      const found = [...asHtml.matchAll(/<a href="([^"]+)\/">([^<]+)<\/a>/g)]
      t.ok(found.every(([, link, name]) => link === name))
      t.equal(found.length, count)
      // A longer one is streamed: it has neither a tag nor a length.
      t.equal(asJson.headers.etag !== undefined, count < 10_000)
    }
    t.equal(upstream.count('/simple/'), 1)
    t.equal((await ask(served.url, '/simple/', { method: 'HEAD' })).status, 200)
  })

t.test('no upstream asked for /local/, and nothing but what is held listed', async t => {
  const { served, upstream } = await setUp(t)
  t.equal((await ask(served.url, '/local/leaf-lib/')).status, 404)
  t.notMatch((await ask(served.url, '/local/')).text, 'leaf-lib')
  t.equal(upstream.count(), 0)
  await (await served.get(`/packages/leaf-lib/${wheel.filename}`)).arrayBuffer()
  const { text } = await ask(served.url, '/local/leaf-lib/')
  t.match(text, wheel.filename)
  t.notMatch(text, sdist.filename)
  t.match((await ask(served.url, '/local/')).text, '<a href="leaf-lib/">leaf-lib</a>')
})
