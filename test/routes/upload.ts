import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeSdist, makeWheel, noise } from '../fixtures/dist.ts'
import {
  addUser,
  basic,
  digestOf,
  formFor,
  multipart,
  post,
  upload,
} from '../fixtures/publishing.ts'
import { serve, upstreamAt, type Served } from '../fixtures/serve.ts'
import { startUpstream } from '../fixtures/upstream.ts'
import { ask } from '../fixtures/wire.ts'

const wheel = makeWheel({ name: 'acme-util', version: '1.0', requiresPython: '>=3.8' })
const sdist = makeSdist({ name: 'acme-util', version: '1.0' })
const json = { accept: 'application/vnd.pypi.simple.v1+json' }

interface Listed {
  readonly filename: string
  readonly [key: string]: unknown
}

const filesOf = async (served: Served, name = 'acme-util'): Promise<Listed[]> => {
  const { text, status } = await ask(served.url, `/simple/${name}/`, { headers: json })
  return status === 200 ? (JSON.parse(text) as { files: Listed[] }).files : []
}

const left = async ({ directory }: Served): Promise<string[]> =>
  readdir(join(directory, '.proxypypi/work/tmp')).catch(() => [])

/** Nothing of an upload that was refused is left; a server that has just started may still write something of its own. */
const nothingLeft = async (t: Test, served: Served) => {
  while ((await left(served)).length > 0) await setImmediate()
  t.notOk((await readdir(served.directory)).includes('acme-util'), 'no directory of the project')
}

t.test('an upload is listed in the request after the answer (UP-22, UP-23, need 10)', async t => {
  const served = await serve(t)
  const md5 = digestOf(wheel.bytes, 'md5')
  const answer = await upload(served.url, wheel, { md5_digest: md5 })
  t.match(answer, { status: 200, text: 'OK\n' })
  t.equal((await upload(served.url, sdist)).status, 200)
  const files = await filesOf(served)
  t.same(
    files.map(({ filename }) => filename).toSorted(),
    [sdist.filename, wheel.filename].toSorted(),
  )
  const listed = files.find(({ filename }) => filename === wheel.filename)
  t.match(listed, {
    hashes: { sha256: digestOf(wheel.bytes), md5 },
    size: wheel.bytes.length,
    'requires-python': '>=3.8',
    'upload-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
    'core-metadata': { sha256: digestOf(Buffer.from(wheel.metadata)) },
  })
  const path = `/packages/acme-util/${wheel.filename}`
  const file = await ask(served.url, path)
  t.ok(file.body.equals(wheel.bytes))
  t.match(file.headers, { 'cache-control': /immutable/, etag: `"${digestOf(wheel.bytes)}"` })
  t.equal((await ask(served.url, `${path}.metadata`)).text, wheel.metadata)
})

t.test('BLAKE2b of 64 bytes, as Python 3.9 to 3.11 send it, is checked (promises 5.2)', async t => {
  const served = await serve(t)
  const blake2_256_digest = digestOf(wheel.bytes, 'blake2b512')
  t.match(await upload(served.url, wheel, { blake2_256_digest }), { status: 200, text: 'OK\n' })
  t.match(await filesOf(served), [{ hashes: { blake2b: blake2_256_digest } }])
})

for (const path of ['/', '/legacy/', '/legacy', '/simple/', '/simple', '/pypi/', '/pypi'])
  t.test(`POST ${path} takes it without a redirect (UP-1, UP-2, UP-40)`, async t => {
    const served = await serve(t)
    t.equal((await post(served.url, path, formFor(wheel))).status, 200)
    t.equal((await filesOf(served)).length, 1)
  })

t.test('the same bytes again are fine, other bytes are not (UP-30, UP-31, fault P14)', async t => {
  const served = await serve(t)
  const other = makeWheel({ name: 'acme-util', version: '1.0', files: { 'x.txt': 'other' } })
  await upload(served.url, wheel)
  const before = await filesOf(served)
  t.equal((await upload(served.url, wheel)).status, 200)
  const refused = await upload(served.url, other)
  t.equal(refused.status, 409)
  t.match(refused.text, /^File already exists/)
  t.match(refused.text, digestOf(wheel.bytes))
  t.same(await filesOf(served), before)
})

t.test('the reason stands in the phrase, since old clients show nothing else (UP-43)', async t => {
  const served = await serve(t)
  const { body, headers } = multipart(formFor(wheel, { version: '2.0' }))
  const answer = await fetch(new URL('/legacy/', served.url), { method: 'POST', body, headers })
  t.equal(answer.status, 400)
  t.match(answer.statusText, /named for version 1\.0/)
  t.equal((await answer.text()).trim(), answer.statusText)
})

t.test('from the first upload on upstream is never asked (contract 3, C02, C03)', async t => {
  const upstream = await startUpstream(t)
  upstream.project(
    'acme-util',
    [makeWheel({ name: 'acme-util', version: '9.0' })].map(file => ({ ...file })),
  )
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  t.same(
    (await filesOf(served)).map(({ filename }) => filename.includes('9.0')),
    [true],
  )
  await upload(served.url, wheel)
  const asked = upstream.requests.length
  t.same(
    (await filesOf(served)).map(({ filename }) => filename),
    [wheel.filename],
  )
  t.equal(upstream.requests.length, asked)
})

const refusals: Readonly<Record<string, readonly [Record<string, string | undefined>, RegExp]>> = {
  'no name': [{ name: undefined }, /has no name/],
  'no version (UNKNOWN is none)': [{ version: 'UNKNOWN' }, /has no version/],
  'another version than in the file name (fault P08)': [{ version: '1.1' }, /form says 1\.1/],
  'another name': [{ name: 'other' }, /not named like a file of other/],
  'a name with a path (fault P21)': [{ name: '../acme-util' }, /no project name/],
  'a wrong sha256 (fault P09)': [{ sha256_digest: '0'.repeat(64) }, /arrived with sha256/],
  'a wrong md5': [{ md5_digest: '0'.repeat(32) }, /arrived with md5/],
  'a wrong blake2': [{ blake2_256_digest: '0'.repeat(64) }, /arrived with blake2b_256/],
  'a wrong blake2 of 64 bytes': [{ blake2_256_digest: '0'.repeat(128) }, /arrived with blake2b /],
  'no digest': [{ sha256_digest: undefined }, /no digest/],
  'an unknown protocol': [{ protocol_version: '2' }, /must be 1/],
  'another file type': [{ filetype: 'sdist' }, /is bdist_wheel/],
  'an unknown action': [{ ':action': 'nonsense' }, /:action is unknown/],
}

for (const [title, [fields, says]] of Object.entries(refusals))
  t.test(`refused: ${title}`, async t => {
    const served = await serve(t)
    const answer = await upload(served.url, wheel, fields)
    t.equal(answer.status, 400)
    t.match(answer.text, says)
    t.equal(answer.text.split('\n').length, 2, 'one line')
    await nothingLeft(t, served)
  })

const wrongFiles: Readonly<Record<string, Buffer>> = {
  'no archive at all (fault P13)': noise(5000),
  'half an archive': wheel.bytes.subarray(0, 300),
  'the wheel of another project (fault P08)': makeWheel({ name: 'other', version: '1.0' }).bytes,
  'the wheel of another version': makeWheel({ name: 'acme-util', version: '2.0' }).bytes,
  'an sdist under the name of a wheel': sdist.bytes,
  nothing: Buffer.alloc(0),
}

for (const [title, bytes] of Object.entries(wrongFiles))
  t.test(`refused: ${title}`, async t => {
    const served = await serve(t)
    const answer = await upload(served.url, { filename: wheel.filename, bytes })
    t.equal(answer.status, 400, answer.text)
    t.match(answer.text, /^acme_util-1\.0-\S+ is refused: /)
    await nothingLeft(t, served)
  })

t.test('forms that are none (fault P07)', async t => {
  const served = await serve(t)
  const whole = formFor(wheel)
  t.equal((await post(served.url, '/', whole.slice(0, -1))).status, 400, 'no file')
  t.equal((await post(served.url, '/', [...whole, whole.at(-1) as never])).status, 400, 'two files')
  const plain = { method: 'POST', body: 'x=1', headers: { 'content-length': '3' } }
  t.equal((await ask(served.url, '/legacy/', plain)).status, 415)
  const bare = { ...plain, headers: { ...plain.headers, 'content-type': 'multipart/form-data' } }
  t.equal((await ask(served.url, '/legacy/', bare)).status, 400)
  const hostile = [['content', ['../../acme_util-1.0-py3-none-any.whl', wheel.bytes]]] as const
  const named = await post(served.url, '/', [...whole.slice(0, -1), ...hostile])
  t.equal(named.status, 200, 'only the base name of a path counts (UP-7)')
  t.equal((await post(served.url, '/simple/acme-util/', whole)).status, 405)
  t.equal((await ask(served.url, '/legacy/')).status, 405, 'GET')
})

t.test('a file that is too large: 413, and nothing left (fault P04)', async t => {
  const served = await serve(t, { maxUpload: 100 })
  const answer = await upload(served.url, wheel)
  t.equal(answer.status, 413)
  t.match(answer.text, /100 bytes/)
  await nothingLeft(t, served)
})

t.test('a client that goes away in the middle leaves nothing (fault P05)', async t => {
  const served = await serve(t)
  const { body, headers } = multipart(formFor(wheel))
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
  socket.write(
    `POST /legacy/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\nContent-Type: ${headers['content-type']}\r\n\r\n`,
  )
  socket.write(body.subarray(0, body.length - 100))
  while ((await left(served)).length === 0) await setImmediate()
  socket.destroy()
  await once(socket, 'close')
  await nothingLeft(t, served)
  t.same(await filesOf(served), [])
})

t.test('register, and what is not taken (UP-34, promises 5.2)', async t => {
  const served = await serve(t)
  const fields = [
    ['name', 'acme-util'],
    ['version', '1.0'],
  ] as const
  for (const action of ['submit', 'verify'])
    t.equal((await post(served.url, '/pypi', [[':action', action], ...fields])).status, 200, action)
  const docs = await post(served.url, '/pypi', [[':action', 'doc_upload'], ...fields])
  t.equal(docs.status, 410)
})

t.test('who may upload (faults P01, P02, P22, need 17)', async t => {
  const served = await serve(t)
  t.equal((await upload(served.url, wheel, {}, { 'x-forwarded-for': '192.0.2.1' })).status, 401)
  t.equal((await upload(served.url, wheel, {}, { host: 'evil.example' })).status, 401)
  t.equal((await upload(served.url, wheel, {}, { origin: 'http://evil.example' })).status, 403)
  await nothingLeft(t, served)
  await addUser(served.directory, 'publisher', ['acme-*'])
  await addUser(served.directory, 'reader', [])
  const anonymous = await upload(served.url, wheel)
  t.match(anonymous, { status: 401, headers: { 'www-authenticate': 'Basic realm="pypi"' } })
  t.equal((await upload(served.url, wheel, {}, basic('publisher', 'wrong'))).status, 401)
  t.equal((await upload(served.url, wheel, {}, basic('reader', 'reader'))).status, 403)
  const rights = basic('publisher', 'publisher')
  const foreign = makeWheel({ name: 'other', version: '1.0' })
  t.equal((await upload(served.url, foreign, {}, rights)).status, 403)
  await nothingLeft(t, served)
  t.equal((await upload(served.url, wheel, {}, rights)).status, 200)
})

t.test('hatch finds what is there already (UP-36)', async t => {
  const served = await serve(t)
  await upload(served.url, wheel)
  for (const path of ['/+simple/', '/legacy/+simple/', '/simple/+simple/', '/pypi/+simple/'])
    t.match((await ask(served.url, `${path}acme-util/`)).text, `>${wheel.filename}</a>`, path)
})

t.test('an upload is in the journal (need 42, fault P29)', async t => {
  const served = await serve(t)
  await addUser(served.directory, 'publisher', ['*'])
  await upload(served.url, wheel, {}, basic('publisher', 'publisher'))
  const { readJournal } = await import('../../src/journal/read.ts')
  const { Layout } = await import('../../src/disk/layout.ts')
  const entries = []
  for await (const entry of readJournal(new Layout(served.directory))) entries.push(entry)
  t.match(entries, [{ event: 'upload', user: 'publisher', file: wheel.filename, version: '1.0' }])
})

t.test('attestations come back as provenance (need 45, UP-24)', async t => {
  const served = await serve(t)
  const attestations = JSON.stringify([
    { version: 1, envelope: { statement: 'x', signature: 'y' } },
  ])
  t.equal((await upload(served.url, wheel, { attestations })).status, 200)
  const [listed] = await filesOf(served)
  const place = new URL(String(listed?.['provenance']), `${served.url}simple/acme-util/`)
  const { text, status } = await ask(served.url, place.pathname)
  t.equal(status, 200)
  t.match(JSON.parse(text), {
    version: 1,
    attestation_bundles: [{ attestations: [{ envelope: { statement: 'x' } }] }],
  })
  const wrong = makeWheel({ name: 'acme-util', version: '1.1' })
  t.equal((await upload(served.url, wrong, { attestations: '{"no":"list"}' })).status, 400)
})
