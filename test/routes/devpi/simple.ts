import t from 'tap'
import { makeSdist, makeWheel } from '../../fixtures/dist.ts'
import { serve, upstreamAt, type Served, type Test } from '../../fixtures/serve.ts'
import { changeIndex, makeIndex, sendForm, submit } from '../../fixtures/stages.ts'
import { startUpstream, type Upstream } from '../../fixtures/upstream.ts'
import { ask } from '../../fixtures/wire.ts'

const mine = makeWheel({ name: 'acme-util', version: '1.0' })
const base = makeWheel({ name: 'acme-base', version: '2.0' })
const public1 = makeSdist({ name: 'leaf-lib', version: '1.0' })
const taken = makeWheel({ name: 'acme-util', version: '9.0' })
const json = { accept: 'application/vnd.pypi.simple.v1+json' }
const pip = { 'user-agent': 'pip/24.0 {"ci":null}' }

/** `alice/dev` inherits `alice/base`, which inherits `root/pypi`. */
const setUp = async (t: Test): Promise<{ served: Served; upstream: Upstream }> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...public1 }], { serial: 7 })
  upstream.project('acme-util', [{ ...taken }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await makeIndex(served, 'alice/base', { bases: 'root/pypi' })
  await makeIndex(served, 'alice/dev', { bases: 'alice/base' })
  await submit(served, 'alice/dev', mine)
  await submit(served, 'alice/base', base)
  return { served, upstream }
}

interface Page {
  readonly name: string
  readonly files: readonly { readonly filename: string; readonly url: string }[]
}

const pageOf = async ({ url }: Served, path: string, headers = {}): Promise<Page> => {
  const { text, status } = await ask(url, path, { headers: { ...json, ...headers } })
  if (status !== 200) throw new Error(`status ${status}: ${text}`)
  return JSON.parse(text) as Page
}

t.test('every link of an inherited page leads to its file (devpi-api 8, 10.5)', async t => {
  const { served } = await setUp(t)
  for (const [project, bytes] of [
    ['acme-util', mine.bytes],
    ['acme-base', base.bytes],
    ['leaf-lib', public1.bytes],
  ] as const)
    for (const path of [
      `/alice/dev/+simple/${project}/`,
      `/alice/dev/+simple/${project}`,
      `/alice/dev/%2Bsimple/${project}/`,
    ]) {
      const { files } = await pageOf(served, path)
      t.equal(files.length, 1, path)
      const [file] = files
      t.match(file?.url, /^\.\.\//)
      const place = new URL(file?.url ?? '', new URL(path, served.url))
      t.ok((await ask(served.url, place.pathname)).body.equals(bytes), place.pathname)
    }
})

t.test('absolute links for who asks for them (devpi-api 10.5)', async t => {
  const { served } = await setUp(t)
  for (const value of ['', 'yes']) {
    const headers = { 'x-devpi-absolute-urls': value }
    const { files } = await pageOf(served, '/alice/dev/+simple/acme-util/', headers)
    t.match(files[0]?.url, new RegExp(`^${served.url}alice/dev/(?:\\+|%2B)f/`))
  }
})

t.test('no cache hands the URLs that one client has for us to another (fault X03)', async t => {
  const { served } = await setUp(t)
  const path = '/alice/dev/+simple/acme-util/'
  const told = async (headers: Readonly<Record<string, string>>) => {
    const answer = await ask(served.url, path, { headers })
    return { status: answer.status, ...answer.headers }
  }
  const absolute = { 'x-devpi-absolute-urls': '', host: 'one.example' }
  const one = await told(absolute)
  t.match(one, { status: 200, 'cache-control': 'private, no-cache' })
  const validator = { 'if-none-match': String(one.etag) }
  t.match(await told({ ...absolute, ...validator }), { status: 304 })
  t.match(await told({ ...absolute, ...validator, host: 'two.example' }), { status: 200 })
  t.match(await told(validator), { status: 200, 'cache-control': 'no-cache' })
  t.match(await told({ ...absolute, 'x-outside-url': 'https://x/y' }), {
    'cache-control': 'private, no-cache',
  })
  for (const json of [
    '/',
    '/+api',
    '/alice/dev',
    '/alice/dev/acme-util',
    '/alice/dev/acme-util/1.0',
  ]) {
    const headers = { accept: 'application/json' }
    const answer = await ask(served.url, json, { headers })
    t.match(answer, { status: 200, headers: { 'cache-control': 'no-store' } }, json)
  }
})

t.test('a private project is not mixed with a public one of its name (devpi-api 8)', async t => {
  const { served } = await setUp(t)
  const names = async () =>
    (await pageOf(served, '/alice/dev/+simple/acme-util/')).files.map(({ filename }) => filename)
  t.same(await names(), [mine.filename])
  await changeIndex(served, 'alice/dev', { mirror_whitelist: ['acme-util'] })
  t.same((await names()).toSorted(), [mine.filename, taken.filename].toSorted())
})

t.test('installers need no +simple (devpi-api 1.7)', async t => {
  const { served } = await setUp(t)
  for (const agent of [
    'pip/24.0',
    'uv/0.4.1',
    'Python-urllib/3.7 setuptools/40.1',
    'x distribute/0.6',
  ]) {
    const headers = { 'user-agent': agent }
    for (const path of ['/alice/dev/acme-util/', '/alice/dev/acme-util']) {
      const page = await ask(served.url, path, { headers })
      t.equal(page.status, 200)
      const href = /href="([^"#]+)/.exec(page.text)?.[1] ?? ''
      const place = new URL(href, new URL(path, served.url))
      t.ok((await ask(served.url, place.pathname)).body.equals(mine.bytes), path)
    }
    const list = await ask(served.url, '/alice/dev/', { headers })
    for (const name of ['acme-base', 'acme-util', 'leaf-lib'])
      t.match(list.text, `<a href="${name}/">`)
  }
})

t.test('spellings and slashes (devpi-api 10.2, 10.3, 1.8)', async t => {
  const { served } = await setUp(t)
  const locationOf = async (path: string, headers = {}) => {
    const answer = await ask(served.url, path, { headers })
    t.equal(answer.status, 302, path)
    return new URL(answer.headers.location ?? '', new URL(path, served.url)).pathname
  }
  const simple = '/alice/dev/+simple'
  t.equal(await locationOf(simple), `${simple}/`)
  t.equal(await locationOf(`${simple}/acme-util`), `${simple}/acme-util/`)
  t.equal(await locationOf(`${simple}/Acme_Util/`), `${simple}/acme-util/`)
  t.equal(await locationOf(`${simple}/Acme_Util/`, pip), `${simple}/acme-util/`)
  t.equal(await locationOf(`${simple}/Acme.Util`, pip), `${simple}/acme-util`)
  for (const headers of [pip, json]) {
    t.equal((await ask(served.url, simple, { headers })).status, 200)
    t.equal((await ask(served.url, `${simple}/acme-util`, { headers })).status, 200)
  }
})

t.test('what there is not (devpi-api 10.3)', async t => {
  const { served } = await setUp(t)
  const headers = { accept: 'application/json' }
  const missing = await ask(served.url, '/alice/dev/+simple/nothing/', { headers })
  t.equal(missing.status, 404)
  t.same(JSON.parse(missing.text), { message: 'The project nothing does not exist.' })
  t.equal((await ask(served.url, '/alice/dev/+simple/nothing/')).status, 404)
  t.equal((await ask(served.url, '/alice/dev/+simple/%C3%A4/')).status, 400)
  t.equal((await ask(served.url, '/alice/dev/+simple/acme-util/1.0/')).status, 404)
  t.equal((await ask(served.url, '/alice/none/+simple/')).status, 404)
  t.equal((await ask(served.url, `/alice/dev/+simple/${'a'.repeat(1000)}/`)).status, 404)
  t.equal((await ask(served.url, '/alice/dev/+simple/..%2f..%2fetc/')).status, 404)
})

t.test('the list is of everything that is inherited, each name once (devpi-api 10.2)', async t => {
  const { served } = await setUp(t)
  const { text } = await ask(served.url, '/alice/dev/+simple/', { headers: json })
  const { projects } = JSON.parse(text) as { projects: { name: string }[] }
  t.same(projects.map(({ name }) => name).toSorted(), ['acme-base', 'acme-util', 'leaf-lib'])
})

t.test('pages have tags, are compressed, and are asked for again (unlike devpi)', async t => {
  const { served } = await setUp(t)
  const path = '/alice/dev/+simple/leaf-lib/'
  const first = await ask(served.url, path, { headers: { ...json, 'accept-encoding': 'gzip' } })
  t.match(first.headers, { 'content-encoding': 'gzip', 'cache-control': 'no-cache', etag: /^"/ })
  const headers = { ...json, 'accept-encoding': 'gzip', 'if-none-match': first.headers.etag ?? '' }
  t.equal((await ask(served.url, path, { headers })).status, 304)
  const own = await ask(served.url, '/root/pypi/+simple/leaf-lib/')
  t.equal(own.headers['x-pypi-last-serial'], '7')
})

t.test('a base that fails is named, and never left out in silence (devpi-api 24.3)', async t => {
  const { served, upstream } = await setUp(t)
  upstream.behave('*', { status: 500 })
  const headers = { accept: 'application/json' }
  const answer = await ask(served.url, '/alice/dev/+simple/leaf-lib/', { headers })
  t.equal(answer.status, 502)
  t.match(answer.text, 'root/pypi')
  t.equal((await ask(served.url, '/alice/dev/+simple/acme-util/')).status, 200)
})

t.test('a project that is registered only has an empty page (devpi-api 10.3)', async t => {
  const { served } = await setUp(t)
  await sendForm(served, 'alice/dev', [
    [':action', 'submit'],
    ['name', 'leaf-lib'],
    ['version', '5.0'],
  ])
  t.same(
    (await pageOf(served, '/alice/dev/+simple/leaf-lib/')).files,
    [],
    'and hides the public one',
  )
})
