/** Test results over HTTP, as `devpi test` sends and reads them (devpi-api 14). */
import t from 'tap'
import { makeSdist } from '../../fixtures/dist.ts'
import { digestOf } from '../../fixtures/publishing.ts'
import { serve, type Served, type Test } from '../../fixtures/serve.ts'
import { as, changeIndex, getJson, makeIndex, releasesOf, submit } from '../../fixtures/stages.ts'
import { ask, raw, request11, statusOf, type Answer } from '../../fixtures/wire.ts'

const sdist = makeSdist({ name: 'hello-dv', version: '1.0' })
const pathFor = (bytes: Buffer, index = 'alice/dev', filename = sdist.filename): string => {
  const digest = digestOf(bytes)
  return `/${index}/+f/${digest.slice(0, 3)}/${digest.slice(3, 16)}/${filename}`
}
const path = pathFor(sdist.bytes)

const body = '{"reportversion": "1",\n "host": "läb", "testenvs": {}}'

const setUp = async (t: Test, config: Readonly<Record<string, unknown>> = {}): Promise<Served> => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev', config)
  const { status, reason } = await submit(served, 'alice/dev', sdist)
  if (status !== 200) throw new Error(reason)
  return served
}

const post = (
  { url }: Served,
  to = path,
  given: string | Buffer = body,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  ask(url, to, { method: 'POST', body: given, headers: { accept: 'application/json', ...headers } })

const messageOf = ({ text }: Answer): unknown => (JSON.parse(text) as { message?: unknown }).message

t.test('anybody may send a result, which is kept as it was sent', async t => {
  const served = await setUp(t)
  const { status, headers, text } = await post(served)
  t.match({ status, headers }, { status: 200, headers: { 'content-type': 'application/json' } })
  const { type, result } = JSON.parse(text) as { type: string; result: string }
  t.equal(type, 'toxresultpath')
  const [place = '', fragment] = result.split('#')
  t.ok(`/${place}`.startsWith(`${path}.toxresult-`))
  t.match(place, /-\d{14}-0$/)
  t.equal(fragment, `sha256=${digestOf(Buffer.from(body))}`)
  const got = await ask(served.url, `/${place}`, { headers: { accept: '*/*' } })
  t.match(got, { status: 200, text: body })
  t.equal(got.headers['x-content-type-options'], 'nosniff')
  t.notMatch(got.headers['content-type'], /html/)
  const head = await ask(served.url, `/${place}`, { method: 'HEAD' })
  t.equal(head.headers['content-length'], String(Buffer.byteLength(body)))
})

t.test('the release lists its results', async t => {
  const served = await setUp(t)
  await post(served)
  await post(served, path, '[]', as('alice'))
  const { '1.0': release } = await releasesOf(served, '/alice/dev/hello-dv')
  const links = release?.['+links']?.filter(({ rel }) => rel === 'toxresult') ?? []
  const forHref = new URL(path, served.url).href
  t.match(links, [
    { for_href: forHref, hash_spec: `sha256=${digestOf(Buffer.from(body))}` },
    { for_href: forHref, href: /-1$/ },
  ])
  t.match(links[0]?.log, [{ what: 'upload', who: null, dst: 'alice/dev' }])
  t.match(links[1]?.log, [{ what: 'upload', who: 'alice' }])
})

t.test('whoever may not is told what to do', async t => {
  const served = await setUp(t, { acl_toxresult_upload: ['alice'] })
  await makeIndex(served, 'bob/dev')
  for (const headers of [{}, as('bob'), as('nobody')]) {
    const answer = await post(served, path, body, headers)
    t.equal(answer.status, 403)
    t.equal(
      messageOf(answer),
      'No permission to upload tox results. You can use the devpi test --no-upload option to skip the upload.',
    )
  }
  t.equal((await post(served, path, body, as('alice'))).status, 200)
})

t.test('who may not read an index does not learn what is on it', async t => {
  const served = await setUp(t, { acl_read: ['alice'] })
  const there = await post(served)
  const absent = await post(served, `${path}.zip`)
  t.equal(there.status, 401)
  t.equal(absent.status, 401)
  t.equal((await post(served, path, body, as('alice'))).status, 200)
})

t.test('a result is of a release file that is there (devpi-api 24.2)', async t => {
  const served = await setUp(t)
  await makeIndex(served, 'alice/other', { bases: 'alice/dev' })
  const result = JSON.parse((await post(served)).text) as { result: string }
  for (const wrong of [
    path.replace('1.0', '1.1'),
    path.replace('alice/dev', 'alice/other'),
    pathFor(Buffer.from('other bytes')),
    '/alice/dev/+f/abc',
    '/alice/dev/+e/abc/hello-dv-1.0.tar.gz',
    `/${result.result.split('#')[0]}`,
    '/alice/none/+f/000/0000000000000/x-1.0.tar.gz',
    path.replace('/+f/', '/+f/../'),
  ]) {
    const { status } = await post(served, wrong)
    t.equal(status, 404, wrong)
  }
})

t.test('a mirror takes none', async t => {
  const served = await setUp(t)
  const answer = await post(served, pathFor(sdist.bytes, 'root/pypi'))
  t.equal(answer.status, 405)
  t.match(messageOf(answer), /mirror/)
})

t.test('only JSON is kept, of a bounded size (P04)', async t => {
  const served = await setUp(t)
  for (const bad of ['', '{', 'text', Buffer.from([0x22, 0xff, 0x22]), '{"a":1}}']) {
    const answer = await post(served, path, bad)
    t.equal(answer.status, 400, String(bad))
    t.equal(messageOf(answer), 'the test result is not JSON')
  }
  for (const odd of [
    'null',
    '"text"',
    '{"__proto__": {"x": 1}}',
    `${'['.repeat(9000)}${']'.repeat(9000)}`,
  ])
    t.equal((await post(served, path, odd)).status, 200, odd.slice(0, 20))
  const length = `Content-Length: ${8 * 1024 * 1024 + 1}`
  const answer = await raw(served.url, request11(`POST ${path}`, length, 'Expect: 100-continue'))
  t.equal(statusOf(answer), 413, 'refused before any of it is sent')
  t.equal((await releasesOf(served, '/alice/dev/hello-dv'))['1.0']?.['+links']?.length, 5)
})

t.test('results go with their file', async t => {
  const served = await setUp(t)
  const { result } = JSON.parse((await post(served)).text) as { result: string }
  const place = `/${result.split('#')[0]}`
  const gone = await ask(served.url, path, { method: 'DELETE', headers: as('alice') })
  t.equal(gone.status, 200)
  t.not((await ask(served.url, place)).status, 200)
  t.equal((await post(served)).status, 404)
  await submit(served, 'alice/dev', sdist)
  t.not((await ask(served.url, place)).status, 200, 'also when the same file comes again')
})

t.test('a result counts as a change, and is in the journal of what was done', async t => {
  const served = await setUp(t)
  const serial = async () =>
    Number((await ask(served.url, '/alice/dev?no_projects=')).headers['x-devpi-serial'])
  const before = await serial()
  await post(served)
  t.equal(await serial(), before + 1)
  await post(served, path, 'no JSON')
  t.equal(await serial(), before + 1, 'but what is refused does not')
  await changeIndex(served, 'alice/dev', { acl_toxresult_upload: [':AUTHENTICATED:'] })
  t.equal((await post(served)).status, 403)
  t.equal((await getJson(served, '/alice/dev')).status, 200)
})
