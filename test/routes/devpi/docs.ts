/** Documentation over HTTP: where devpi has it, and unable to do harm (devpi-api 19.1, fault P30). */
import t from 'tap'
import { docZip } from '../../fixtures/beside.ts'
import { makeWheel, noise } from '../../fixtures/dist.ts'
import { craftZip } from '../../fixtures/hostile.ts'
import { serve, type Served, type Test } from '../../fixtures/serve.ts'
import {
  as,
  getJson,
  makeIndex,
  releasesOf,
  sendForm,
  submit,
  type Told,
} from '../../fixtures/stages.ts'
import { ask, type Answer } from '../../fixtures/wire.ts'

const large = noise(500_000)
const pages = {
  'api/index.html': '<h1>api</h1>',
  'api/über uns.html': 'unusual',
  '_static/basic.css': 'h1 {}',
  'objects.inv': '<script>not a page</script>',
  'large.bin': large,
}

const upload = (
  served: Served,
  bytes: Buffer,
  version = '1.0',
  index = 'alice/dev',
): Promise<Told> =>
  sendForm(served, index, [
    [':action', 'doc_upload'],
    ['name', 'Hello-Dv'],
    ['version', version],
    ['content', ['docs.zip', bytes]],
  ])

const setUp = async (t: Test): Promise<Served> => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev')
  const { status, reason } = await upload(served, docZip(pages))
  if (status !== 200) throw new Error(reason)
  return served
}

const docs = (
  { url }: Served,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> => ask(url, `/alice/dev/hello-dv/${path}`, { headers, method })

t.test('a page is served out of its archive', async t => {
  const served = await setUp(t)
  const front = await docs(served, '1.0/+doc/index.html')
  t.match(front, { status: 200, text: '<h1>front</h1>' })
  t.match(front.headers, {
    'content-type': 'text/html',
    'content-length': '14',
    'cache-control': 'public, max-age=60',
    etag: /^"[0-9a-f]{64}"$/,
    'x-devpi-api-version': '2',
  })
  t.match(await docs(served, '1.0/+doc/_static/basic.css'), {
    text: 'h1 {}',
    headers: { 'content-type': 'text/css; charset=utf-8' },
  })
  t.equal((await docs(served, '1.0/+doc/api/%C3%BCber%20uns.html')).text, 'unusual')
  t.equal((await docs(served, '1.0/%2Bdoc/index.html')).status, 200)
})

t.test('it can run scripts, but not as ours (P30)', async t => {
  const served = await setUp(t)
  for (const path of ['index.html', 'objects.inv', '_static/basic.css', 'large.bin']) {
    const { headers } = await docs(served, `1.0/+doc/${path}`)
    const policy = String(headers['content-security-policy'])
    t.match(policy, /^sandbox /, path)
    t.notMatch(policy, /allow-same-origin|allow-top-navigation|allow-modals/, path)
    t.match(policy, /frame-ancestors 'self'/)
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['set-cookie'], undefined)
    t.equal(headers['access-control-allow-credentials'], undefined, 'X21')
  }
  const { headers } = await docs(served, '1.0/+doc/objects.inv')
  t.equal(headers['content-type'], 'application/octet-stream', 'no page where the name tells none')
})

t.test('what its scripts send to us changes nothing (P25)', async t => {
  const served = await setUp(t)
  const headers = { ...as('alice'), origin: 'null', 'sec-fetch-site': 'cross-site' }
  for (const method of ['DELETE', 'PATCH', 'PUT', 'POST']) {
    const { status } = await ask(served.url, '/alice/dev', { method, headers, body: '{}' })
    t.ok(status === 403 || status === 404, `${method}: ${status}`)
  }
  t.equal((await docs(served, '1.0/+doc/index.html')).status, 200)
  t.equal((await getJson(served, '/alice/dev')).status, 200)
})

t.test('unchanged pages are not sent again, and parts are', async t => {
  const served = await setUp(t)
  const { headers, body } = await docs(served, '1.0/+doc/large.bin')
  t.equal(body.equals(large), true)
  const etag = String(headers.etag)
  t.match(await docs(served, '1.0/+doc/large.bin', { 'if-none-match': etag }), {
    status: 304,
    text: '',
    headers: { 'content-security-policy': /^sandbox/ },
  })
  const part = await docs(served, '1.0/+doc/large.bin', { range: 'bytes=300000-300099' })
  t.equal(part.status, 206)
  t.equal(part.body.equals(large.subarray(300_000, 300_100)), true)
  const head = await docs(served, '1.0/+doc/large.bin', {}, 'HEAD')
  t.match(head, { status: 200, text: '', headers: { 'content-length': '500000' } })
  await upload(served, docZip({ 'large.bin': 'other' }))
  t.match(await docs(served, '1.0/+doc/large.bin', { 'if-none-match': etag }), {
    status: 200,
    text: 'other',
  })
})

const at = (path: string) => `/alice/dev/hello-dv/${path}`

t.test('ways that lead to a page (devpi-api 1.8, 19.1)', async t => {
  const served = await setUp(t)
  for (const [path, target] of [
    [at('1.0/+doc'), at('1.0/+doc/index.html')],
    [at('1.0/+doc/'), at('1.0/+doc/index.html')],
    [at('1.0/+d/'), at('1.0/+doc/index.html')],
    [at('1.0/+d/api/index.html'), at('1.0/+doc/api/index.html')],
    [at('latest/+d/'), at('latest/+doc/index.html')],
    [at('1.0/+doc/api'), at('1.0/+doc/api/')],
    ['/alice/dev/Hello_Dv/1.0/+doc/api/index.html', at('1.0/+doc/api/index.html')],
  ] as const) {
    const { status, headers } = await ask(served.url, path)
    t.equal(status, 302, path)
    t.equal(new URL(String(headers.location), new URL(path, served.url)).pathname, target, path)
  }
  t.equal((await docs(served, '1.0/+doc/api/')).text, '<h1>api</h1>')
})

t.test('latest and stable are the newest that have documentation', async t => {
  const served = await setUp(t)
  await upload(served, docZip({ which: '1.1' }), '1.1')
  await upload(served, docZip({ which: '2.0rc1' }), '2.0rc1')
  await submit(served, 'alice/dev', makeWheel({ name: 'hello-dv', version: '3.0' }))
  t.equal((await docs(served, 'latest/+doc/which')).text, '2.0rc1')
  t.equal((await docs(served, 'stable/+doc/which')).text, '1.1')
})

t.test('what is not there is 404, in words or JSON', async t => {
  const served = await setUp(t)
  await upload(served, craftZip([{ name: 'page.html', data: 'no front page' }]), '4.0')
  for (const path of [
    '1.0/+doc/none.html',
    '1.0/+doc/index.html/',
    '1.0/+doc/api/index.html/x',
    '2.0/+doc/index.html',
    '1.0.0/+doc/index.html',
    '4.0/+doc/page.html',
    '1.0/+doc/constructor',
  ]) {
    t.equal((await docs(served, path)).status, 404, path)
    const { status, headers } = await docs(served, path, { accept: 'application/json' })
    t.match({ status, headers }, { status: 404, headers: { 'content-type': 'application/json' } })
  }
  for (const path of [
    '/alice/none/hello-dv',
    '/bob/dev/hello-dv',
    '/root/pypi/hello-dv',
    '/alice/dev/none',
  ])
    t.equal((await ask(served.url, `${path}/1.0/+doc/index.html`)).status, 404, path)
})

t.test('no path leads out of the archive (X01)', async t => {
  const served = await setUp(t)
  for (const path of [
    '1.0/+doc/../index.html',
    '1.0/+doc/%2e%2e/%2e%2e/hello-dv-1.0.doc.zip',
    '1.0/+doc/..%2f..%2fhello-dv-1.0.doc.zip',
    '1.0/+doc/..%5cindex.html',
    '1.0/+doc//etc/passwd',
    '1.0/+doc/%00',
    '..%2f1.0/+doc/index.html',
    '%2e%2e/+doc/index.html',
  ]) {
    const { status, text } = await docs(served, path)
    t.ok(status === 404 || status === 400, `${path}: ${status}`)
    t.notMatch(text, /PK|root:/)
  }
})

t.test('hostile archives are refused, and say why (P10, P11)', async t => {
  const served = await setUp(t)
  for (const [name, why] of [
    ['../index.html', /leads out/],
    ['/index.html', /leads out/],
    ['a\\b', /portable/],
  ] as const) {
    const { status, reason } = await upload(served, craftZip([{ name, data: 'x' }]))
    t.equal(status, 400, name)
    t.match(reason, why)
  }
  t.equal((await upload(served, Buffer.from('no archive'))).status, 400)
  t.equal((await docs(served, '1.0/+doc/index.html')).status, 200, 'the former is still there')
})

t.test('a damaged page is 404, and nothing of it is sent', async t => {
  const served = await setUp(t)
  const members = [{ name: 'index.html', data: 'x'.repeat(100), claims: { crc: 1 } }]
  await upload(served, craftZip(members), '5.0')
  const { status, text } = await docs(served, '5.0/+doc/index.html')
  t.equal(status, 404)
  t.match(text, /damaged/)
})

t.test('only who may read an index sees its documentation', async t => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev', { acl_read: ['alice'] })
  await makeIndex(served, 'bob/dev')
  await upload(served, docZip(pages))
  t.equal((await docs(served, '1.0/+doc/index.html')).status, 401)
  t.equal((await docs(served, '1.0/+doc/index.html', as('bob'))).status, 403)
  const own = await docs(served, '1.0/+doc/index.html', as('alice'))
  t.match(own, { status: 200, headers: { 'cache-control': 'private, max-age=60' } })
})

t.test('the archive itself is a file of the index (devpi-api 11, 15)', async t => {
  const served = await setUp(t)
  const { '1.0': release } = await releasesOf(served, '/alice/dev/hello-dv')
  const link = release?.['+links']?.find(({ rel }) => rel === 'doczip')
  t.match(link?.href, /\/alice\/dev\/\+f\/[0-9a-f]{3}\/[0-9a-f]{13}\/hello-dv-1\.0\.doc\.zip$/)
  t.match(link?.log, [{ what: 'upload', who: 'alice', dst: 'alice/dev' }])
  const { status, headers } = await ask(served.url, new URL(link?.href ?? '').pathname)
  t.match(
    { status, headers },
    { status: 200, headers: { 'content-type': 'application/octet-stream' } },
  )
  const list = await served.get('/alice/dev/+simple/hello-dv/')
  t.notMatch(await list.text(), /doc\.zip/, 'but no distribution')
})
