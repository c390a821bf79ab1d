import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeSdist, makeWheel, makeZip } from '../../fixtures/dist.ts'
import { digestOf } from '../../fixtures/publishing.ts'
import { serve, upstreamAt, type Served, type Test } from '../../fixtures/serve.ts'
import {
  changeIndex,
  getJson,
  makeIndex,
  pathIn,
  releasesOf,
  sendForm,
  submit,
} from '../../fixtures/stages.ts'
import { startUpstream, usualPath, type Upstream } from '../../fixtures/upstream.ts'
import { ask } from '../../fixtures/wire.ts'

const wheel = makeWheel({ name: 'acme-util', version: '1.0', size: 5000 })
const leaf = makeWheel({ name: 'leaf-lib', version: '1.0' })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.0' })

const setUp = async (t: Test): Promise<{ served: Served; upstream: Upstream }> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...leaf }, { ...sdist }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await makeIndex(served, 'alice/dev', { bases: 'root/pypi' })
  await submit(served, 'alice/dev', wheel)
  return { served, upstream }
}

const hashed = (
  index: string,
  { bytes, filename }: { bytes: Buffer; filename: string },
): string => {
  const sha256 = digestOf(bytes)
  return `/${index}/+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${filename}`
}

t.test('files have ranges, tags and metadata (unlike devpi, devpi-api 11)', async t => {
  const { served } = await setUp(t)
  const path = hashed('alice/dev', wheel)
  const whole = await ask(served.url, path)
  t.ok(whole.body.equals(wheel.bytes))
  t.match(whole.headers, {
    'content-length': String(wheel.bytes.length),
    'cache-control': /immutable/,
    etag: `"${digestOf(wheel.bytes)}"`,
    'accept-ranges': 'bytes',
  })
  const part = await ask(served.url, path, { headers: { range: 'bytes=10-19' } })
  t.equal(part.status, 206)
  t.ok(part.body.equals(wheel.bytes.subarray(10, 20)))
  const same = await ask(served.url, path, {
    headers: { 'if-none-match': whole.headers.etag ?? '' },
  })
  t.equal(same.status, 304)
  const head = await ask(served.url, path, { method: 'HEAD' })
  t.match(head, { status: 200, headers: { 'content-length': String(wheel.bytes.length) } })
  t.equal((await ask(served.url, path.replace('+f', '%2Bf'))).status, 200)
  t.equal((await ask(served.url, `${path}.metadata`)).text, wheel.metadata)
})

t.test('what is inherited lies below the index that has it', async t => {
  const { served } = await setUp(t)
  t.equal((await ask(served.url, hashed('alice/dev', leaf))).status, 404)
  t.ok((await ask(served.url, hashed('root/pypi', leaf))).body.equals(leaf.bytes))
  t.ok((await ask(served.url, hashed('root/pypi', sdist))).body.equals(sdist.bytes))
})

t.test('files whose digest upstream does not tell have a place of their own', async t => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...leaf, hashes: {} }])
  const served = await serve(t)
  await makeIndex(served, 'alice/mirr', {
    type: 'mirror',
    mirror_url: upstream.url.href,
  })
  const { '1.0': release } = await releasesOf(served, '/alice/mirr/leaf-lib')
  const [link] = release?.['+links'] ?? []
  t.match(link?.href, `${served.url}alice/mirr/+e/http_127.0.0.1_`)
  t.ok((await ask(served.url, pathIn(link?.href ?? ''))).body.equals(leaf.bytes))
})

t.test('what is known of a file, for who wants JSON (devpi-api 11)', async t => {
  const { served } = await setUp(t)
  const sha256 = digestOf(wheel.bytes)
  t.match(await getJson(served, hashed('alice/dev', wheel)), {
    status: 200,
    type: 'releasefilemeta',
    result: {
      hash_spec: `sha256=${sha256}`,
      hashes: { sha256 },
      project: 'acme-util',
      version: '1.0',
      last_modified: / GMT$/,
    },
  })
  const path = hashed('root/pypi', leaf)
  const before = (await getJson(served, path)).result as object
  t.notOk(Object.hasOwn(before, 'last_modified'), 'it is not here yet')
  await ask(served.url, path)
  t.match((await getJson(served, path)).result, {
    project: 'leaf-lib',
    last_modified: / GMT$/,
    url: /\/packages\//,
  })
})

t.test('what there is not (devpi-api 11)', async t => {
  const { served } = await setUp(t)
  const path = hashed('alice/dev', wheel)
  t.match(await getJson(served, path.replace('1.0', '2.0')), {
    status: 404,
    message: 'no such file',
  })
  for (const wrong of [
    path.slice(0, -2),
    path.replace(/\/\+f\/.../, '/+f/000'),
    '/alice/dev/+f/abc/def/x-1.0.zip',
    '/alice/dev/+f/abc/x-1.0.zip',
    '/alice/dev/+e/x/y/x-1.0.zip',
    '/alice/dev/+f/../../root/pypi/x-1.0.zip',
    '/alice/dev/+f/abc/0123456789abc/..%2f..%2fx-1.0.zip',
    `/alice/dev/+f/abc/0123456789abc/${'a'.repeat(1000)}-1.0.zip`,
  ])
    t.ok([400, 404].includes((await ask(served.url, wrong)).status), wrong)
})

t.test('what upstream lists and has lost (devpi-api 11)', async t => {
  const { served, upstream } = await setUp(t)
  await ask(served.url, '/root/pypi/+simple/leaf-lib/')
  upstream.behave(usualPath(sdist), { status: 404 })
  const answer = await ask(served.url, hashed('root/pypi', sdist))
  t.equal(answer.status, 404)
  t.match((JSON.parse(answer.text) as { message: string }).message, /^error 404 getting /)
})

t.test('a download is in the journal, with its index', async t => {
  const { served } = await setUp(t)
  await ask(served.url, hashed('alice/dev', wheel))
  await served.close()
  const directory = join(served.directory, '.proxypypi/keep/journal')
  const [day = ''] = await readdir(directory)
  const lines = await readFile(join(directory, day), 'utf8')
  t.match(lines, /"event":"upload","index":"alice\/dev","project":"acme-util"/)
  t.match(lines, /"event":"download","index":"alice\/dev","project":"acme-util"/)
})

t.test('documentation is a file, too', async t => {
  const { served } = await setUp(t)
  const bytes = makeZip([{ name: 'index.html', data: '<html></html>' }])
  const answer = await sendForm(served, 'alice/dev', [
    [':action', 'doc_upload'],
    ['name', 'acme-util'],
    ['version', '1.0'],
    ['content', ['docs.zip', bytes]],
  ])
  t.equal(answer.status, 200)
  const { '1.0': release } = await releasesOf(served, '/alice/dev/acme-util')
  const link = release?.['+links']?.find(({ rel }) => rel === 'doczip')
  t.match(link?.href, /\/acme-util-1\.0\.doc\.zip$/)
  t.match(link?.log, [{ what: 'upload', who: 'alice', dst: 'alice/dev' }])
  const path = pathIn(link?.href ?? '')
  t.ok((await ask(served.url, path)).body.equals(bytes))
  t.match(await getJson(served, path), {
    type: 'releasefilemeta',
    result: { project: 'acme-util', version: '1.0', hashes: { sha256: digestOf(bytes) } },
  })
})

t.test('a mirror may send its clients to its upstream (devpi-api 9, 24.6)', async t => {
  const credentials = { username: 'me', password: 'secret' }
  const upstream = await startUpstream(t, { credentials })
  upstream.project('leaf-lib', [{ ...leaf }, { ...sdist }])
  const served = await serve(t)
  const url = new URL(upstream.url)
  Object.assign(url, credentials)
  const mirror_url = url.href
  await makeIndex(served, 'alice/mirr', { type: 'mirror', mirror_url })
  const held = hashed('alice/mirr', sdist)
  t.equal((await ask(served.url, held)).status, 200)
  await changeIndex(served, 'alice/mirr', { mirror_use_external_urls: true })
  const path = hashed('alice/mirr', leaf)
  for (const method of ['GET', 'HEAD']) {
    const answer = await ask(served.url, path, { method })
    t.equal(answer.status, 302)
    t.equal(answer.headers.location, new URL(usualPath(leaf), upstream.url).href)
  }
  t.equal(upstream.count(usualPath(leaf)), 0)
  t.ok((await ask(served.url, held)).body.equals(sdist.bytes), 'what is held is served')
  t.equal((await ask(served.url, `${path}.metadata`)).text, leaf.metadata)
})
