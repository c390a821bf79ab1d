/** Where upstream may send us, and what it may learn from us. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { listing } from '../fixtures/listing.ts'
import { fetched, filesBelow, hasty, isClean, kept, plain, proxied } from '../fixtures/proxied.ts'
import { serve, upstreamAt } from '../fixtures/serve.ts'
import { caFile, startUpstream } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0' })

t.test(
  'good redirects are followed, for pages and files, and end with us (U45, TC-19, P11)',
  async t => {
    const { served, upstream } = await proxied(t)
    upstream.project('demo', [plain(wheel)])
    const path = upstream.path(wheel.filename)
    upstream.behave('/simple/demo/', { redirect: '/simple/elsewhere/deep/' })
    upstream.behave('/simple/elsewhere/deep/', {
      body: `<title>Links for demo</title><a href="../../..${path}">x</a>`,
      headers: { 'content-type': 'text/html' },
    })
    const [file] = (await listing(served.url, 'demo')).files
    t.equal(new URL(file?.url ?? '').pathname, path, 'links are relative to the end of the way')
    upstream.behave(path, { redirect: `${upstream.origin}/blob?token=1`, status: 307 })
    upstream.behave('/blob', { redirect: 'store', status: 301 })
    upstream.behave('/store', { body: wheel.bytes })
    const answer = await fetched(served, path)
    t.equal(answer.status, 200)
    t.ok(answer.body?.equals(wheel.bytes))
  },
)

t.test('bad redirects are 502 (U46-U48)', async t => {
  const inside = await startUpstream(t)
  inside.behave('*', { body: wheel.bytes })
  const { port } = new URL(inside.origin)
  const { served, upstream } = await proxied(t)
  const bad: Record<string, string | undefined> = {
    'a loop': '/loop',
    nowhere: undefined,
    unparsable: 'http://[',
    'file:': 'file:///etc/passwd',
    'ftp:': 'ftp://127.0.0.1/x',
    'data:': 'data:text/html,x',
    'javascript:': 'javascript:alert(1)',
    'gopher:': 'gopher://127.0.0.1/x',
    'another port': `http://127.0.0.1:${port}/x`,
    decimal: `http://2130706433:${port}/x`,
    short: `http://127.1:${port}/x`,
    octal: `http://0177.0.0.1:${port}/x`,
    hexadecimal: `http://0x7f000001:${port}/x`,
    zero: `http://0:${port}/x`,
    'v4 in v6': `http://[::ffff:127.0.0.1]:${port}/x`,
    'v6 loopback': `http://[::1]:${port}/x`,
    'a name': `http://localhost:${port}/x`,
    'a name with a dot': `http://localhost.:${port}/x`,
    'link-local': 'http://169.254.169.254/latest/meta-data/',
    private: 'http://10.0.0.1/x',
    'with credentials': `http://u:p@127.0.0.1:${port}/x`,
  }
  upstream.behave('/loop', { redirect: '/loop' })
  for (const [place, [what, location]] of Object.entries(bad).entries()) {
    const own = makeWheel({ name: `demo${place}`, version: '1.0' })
    upstream.project(`demo${place}`, [plain(own)])
    const redirecting = location === undefined ? { status: 302, body: '' } : { redirect: location }
    const path = upstream.path(own.filename)
    upstream.behave(path, redirecting)
    const file = await fetched(served, path)
    t.equal(file.status, 502, `${what}: a file`)
    upstream.behave(upstream.page(`demo${place}`), redirecting)
    const page = await fetched(served, `simple/demo${place}/`, {
      headers: { 'cache-control': 'no-cache' },
    })
    t.same([page.status, page.headers.get('location')], [200, null], `${what}: a page that is held`)
    upstream.behave(upstream.page(`new${place}`), redirecting)
    t.equal((await fetched(served, `simple/new${place}/`)).status, 502, `${what}: a page`)
  }
  t.equal(inside.count(), 0, 'the host inside was never asked')
  t.same(await kept(served), [])
})

t.test('bad links are not passed on, and not followed (U47, U48, U79)', async t => {
  const inside = await startUpstream(t)
  const { served, upstream } = await proxied(t)
  const { port } = new URL(inside.origin)
  upstream.project('demo', [plain(wheel)])
  const dropped = [
    'file:///etc/demo-0.1.zip',
    'ftp://h/demo-0.2.zip',
    'javascript:demo-0.3.zip',
    'data:,demo-0.4.zip',
    'http://[/demo-0.5.zip',
    'vbscript:x/demo-0.6.zip',
  ]
  const refused = [
    `http://127.0.0.1:${port}/demo-0.7.zip`,
    `http://localhost:${port}/demo-0.8.zip`,
    'http://169.254.169.254/demo-0.9.zip',
    `//[::1]:${port}/demo-0.10.zip`,
    `http://2130706433:${port}/demo-0.11.zip`,
  ]
  const files = [...dropped, ...refused, upstream.path(wheel.filename)].map(url => ({
    filename: url.split('/').at(-1)?.split(/[:,]/).at(-1),
    url,
    hashes: {},
  }))
  for (const form of ['json', 'html']) {
    upstream.behave('/simple/demo/', {
      body:
        form === 'json' ?
          JSON.stringify({ files })
        : `<title>Links for demo</title>${files.map(({ url }) => `<a href="${url}">x</a>`).join('')}`,
      headers: {
        'content-type': form === 'json' ? 'application/vnd.pypi.simple.v1+json' : 'text/html',
      },
    })
    const page = await listing(served.url, 'demo', { headers: { 'cache-control': 'no-cache' } })
    t.equal(page.files.length, refused.length + 1)
    for (const { url, filename } of page.files) {
      t.ok(url.startsWith(served.url), 'every link is ours')
      t.equal(
        (await fetched(served, url)).status,
        filename === wheel.filename ? 200 : 502,
        filename,
      )
      if (filename !== wheel.filename) t.notOk(isClean(await fetched(served, `${url}.metadata`)))
    }
  }
  t.equal(inside.count(), 0)
})

t.test('https is not left, and certificates are checked (U49, U51)', async t => {
  const plainUpstream = await startUpstream(t)
  const secure = await startUpstream(t, { tls: true })
  secure.project('demo', [plain(wheel)])
  const path = secure.path(wheel.filename)
  const trusting = { caFile, fileHosts: [plainUpstream.host] }
  const served = await serve(t, { ...hasty, upstreams: [upstreamAt(secure.url.href, trusting)] })
  t.equal((await listing(served.url, 'demo')).status, 200, 'our own authority is trusted (need 16)')
  secure.behave(path, { redirect: `${plainUpstream.origin}/x` })
  t.equal((await fetched(served, path)).status, 502, 'to http')
  t.equal(plainUpstream.count(), 0)
  secure.behave(path, undefined)
  t.equal((await fetched(served, path)).status, 200)
  const strict = await serve(t, {
    ...hasty,
    directory: directoryOf(t, {}),
    upstreams: [upstreamAt(secure.url.href)],
  })
  const { status, body } = await fetched(strict, 'simple/demo/')
  t.equal(status, 502)
  t.match(String(body), /certificate.*ca-file/)
})

t.test('credentials reach the index alone and appear nowhere (U50, need 15)', async t => {
  const credentials = { username: 'user', password: 's3cret' }
  const elsewhere = await startUpstream(t)
  const upstream = await startUpstream(t, { credentials })
  const other = makeWheel({ name: 'demo', version: '2.0' })
  elsewhere.project('demo', [plain(other)])
  const away = `${elsewhere.origin}${elsewhere.path(other.filename)}`
  const moved = makeWheel({ name: 'demo', version: '3.0' })
  upstream.project('demo', [
    { ...plain(wheel), metadata: wheel.metadata },
    { ...plain(other), url: away.replace('//', '//user:s3cret@') },
    plain(moved),
  ])
  elsewhere.behave('/moved', { body: moved.bytes })
  upstream.behave(upstream.path(moved.filename), {
    redirect: `${elsewhere.origin}/moved?key=s3cret`,
  })
  const source = upstreamAt(upstream.url.href, { credentials, fileHosts: [elsewhere.host] })
  const served = await serve(t, { ...hasty, upstreams: [source] })
  const page = await listing(served.url, 'demo')
  const answers = [
    await fetched(served, 'simple/demo/'),
    ...(await Promise.all(page.files.map(({ url }) => fetched(served, url)))),
    await fetched(served, `${upstream.path(wheel.filename)}.metadata`),
  ]
  t.same(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  )
  t.ok(
    upstream.requests.every(({ headers }) => headers.authorization?.startsWith('Basic ') === true),
  )
  t.ok(elsewhere.count() >= 2)
  t.ok(
    elsewhere.requests.every(({ headers }) => headers.authorization === undefined),
    'no other host gets any',
  )
  // The client's own are not sent anywhere (X07).
  await fetched(served, 'simple/another/', {
    headers: { authorization: 'Basic bWU6bWU=', cookie: 'a=b' },
  })
  t.notOk(
    upstream.requests.some(
      ({ headers }) => headers.cookie !== undefined || headers.authorization === 'Basic bWU6bWU=',
    ),
  )
  upstream.behave('*', { status: 500 })
  elsewhere.behave('*', { status: 500 })
  answers.push(await fetched(served, 'simple/unknown/'))
  upstream.behave('*', { redirect: 'http://user:s3cret@10.0.0.1/?s3cret' })
  answers.push(await fetched(served, 'simple/unknown2/'), await fetched(served, 'simple/'))
  const secret = /s3cret|dXNlcjpzM2NyZXQ/
  for (const { body, headers, status } of answers) {
    t.notMatch(`${body?.toString('latin1')}`, secret, `${status}: body`)
    t.notMatch(JSON.stringify([...headers]), secret, `${status}: headers`)
  }
  t.notMatch(JSON.stringify([served.log.told, served.log.accesses]), secret, 'log')
  for (const path of await filesBelow(served.directory)) {
    t.notMatch(path, secret)
    t.notMatch(await readFile(join(served.directory, path), 'latin1'), secret, path)
  }
})

t.test('without or with wrong credentials it is 502, not absent (SA-106)', async t => {
  const credentials = { username: 'user', password: 's3cret' }
  const { served, upstream } = await proxied(t, { upstream: { credentials } })
  upstream.project('demo', [plain(wheel)])
  const { status, body } = await fetched(served, 'simple/demo/')
  t.equal(status, 502)
  t.match(String(body), '401')
})
