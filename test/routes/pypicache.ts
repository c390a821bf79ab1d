import t from 'tap'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { addUser, basic, multipart, post } from '../fixtures/publishing.ts'
import { serve, upstreamAt } from '../fixtures/serve.ts'
import { startUpstream } from '../fixtures/upstream.ts'
import { ask } from '../fixtures/wire.ts'

const sdist = makeSdist({ name: 'mypackage', version: '1.0' })
const changed = makeSdist({ name: 'mypackage', version: '1.0', requires: ['six'] })
const place = '/packages/source/m/mypackage/mypackage-1.0.tar.gz'

const put = (base: string, path: string, body: Buffer, headers = {}) =>
  ask(base, path, {
    method: 'PUT',
    body,
    headers: { 'content-length': String(body.length), ...headers },
  })

t.test('POST /uploadpackage/ stores, and cannot overwrite (C20, C26)', async t => {
  const served = await serve(t)
  const form = [['sdist', [sdist.filename, sdist.bytes]]] as const
  const answer = await post(served.url, '/uploadpackage/', form)
  t.match(answer, { status: 200, headers: { 'content-type': 'application/json' } })
  t.same(JSON.parse(answer.text), { uploaded: 'ok' })
  t.ok((await ask(served.url, place)).body.equals(sdist.bytes), 'at its place (C27)')
  for (const bytes of [sdist.bytes, changed.bytes]) {
    const again = await post(served.url, '/uploadpackage/', [['sdist', [sdist.filename, bytes]]])
    t.equal(again.status, 409)
    t.match(JSON.parse(again.text), { error: true, message: /^File already exists/ })
  }
  t.ok((await ask(served.url, place)).body.equals(sdist.bytes))
  t.match((await ask(served.url, '/local/MyPackage/')).headers, { location: '../mypackage/' })
  t.match((await ask(served.url, '/local/mypackage/')).text, /mypackage-1\.0\.tar\.gz#sha256=/)
})

t.test('forms without a package, and names that are none (C25, promises 2.2)', async t => {
  const served = await serve(t)
  const missing = await post(served.url, '/uploadpackage/', [['sdist', 'text']])
  t.equal(missing.status, 400)
  t.same(JSON.parse(missing.text), { error: true, message: 'Missing package data.' })
  for (const name of ['thing-dev.tar.gz', 'weird.tar.gz', '..', 'x-1.0.html', '-1.0.tar.gz']) {
    const answer = await post(served.url, '/uploadpackage/', [['sdist', [name, sdist.bytes]]])
    t.match(JSON.parse(answer.text), { error: true }, name)
    t.equal(answer.status, 400, name)
  }
  t.equal((await ask(served.url, '/uploadpackage/')).status, 405)
})

t.test('a development build may be uploaded again and again (promises 2.2)', async t => {
  const served = await serve(t)
  const filename = 'mypackage-1.0-dev.tar.gz'
  const path = `/packages/mypackage/${filename}`
  for (const requires of [['one'], ['two'], ['two']]) {
    const { bytes } = makeSdist({ name: 'mypackage', version: '1.0.dev0', requires })
    const answer = await post(served.url, '/uploadpackage/', [['sdist', [filename, bytes]]])
    t.equal(answer.status, 200, answer.text)
    t.ok((await ask(served.url, path)).body.equals(bytes))
  }
})

t.test('its first version took the bytes themselves', async t => {
  const served = await serve(t)
  const headers = { 'content-length': String(sdist.bytes.length) }
  const asking = { method: 'POST', body: sdist.bytes, headers }
  t.equal((await ask(served.url, `/uploadpackage/${sdist.filename}`, asking)).status, 200)
  t.equal((await ask(served.url, place)).status, 200)
})

t.test('PUT to the place of a package (C29, C31)', async t => {
  const served = await serve(t)
  const answer = await put(served.url, place, sdist.bytes)
  t.same([answer.status, JSON.parse(answer.text)], [200, { uploaded: 'ok' }])
  t.equal((await put(served.url, place, changed.bytes)).status, 409)
  const foreign = '/packages/source/o/other/mypackage-1.0.tar.gz'
  t.equal((await put(served.url, foreign, sdist.bytes)).status, 400)
  t.equal((await put(served.url, '/packages/mypackage-1.0.tar.gz', sdist.bytes)).status, 404)
  const egg = {
    filename: 'mypackage-1.1-py2.7.egg',
    bytes: makeWheel({ name: 'x', version: '1' }).bytes,
  }
  const eggs = `/packages/2.7/m/mypackage/${egg.filename}`
  t.equal((await put(served.url, eggs, egg.bytes)).status, 200)
  t.ok((await ask(served.url, eggs)).body.equals(egg.bytes), 'C30')
})

t.test('from the first user on writing needs credentials', async t => {
  const served = await serve(t)
  await addUser(served.directory, 'ci', ['mypackage'])
  const answer = await put(served.url, place, sdist.bytes)
  t.match(answer, { status: 401, headers: { 'www-authenticate': 'Basic realm="pypi"' } })
  const { body, headers } = multipart([['sdist', [sdist.filename, sdist.bytes]]])
  const length = { 'content-length': String(body.length) }
  const asking = { method: 'POST', body, headers: { ...headers, ...length, ...basic('ci', 'ci') } }
  t.equal((await ask(served.url, '/uploadpackage/', asking)).status, 200)
})

t.test('POST /requirements.txt (C17 to C19, C24, promises 2.4)', async t => {
  const upstream = await startUpstream(t)
  const one = makeWheel({ name: 'one', version: '1.0' })
  const source = makeSdist({ name: 'one', version: '1.0' })
  const newer = makeWheel({ name: 'one', version: '2.0' })
  const two = makeWheel({ name: 'two', version: '1.5' })
  upstream.project(
    'one',
    [one, source, newer].map(({ filename, bytes }) => ({ filename, bytes })),
  )
  upstream.project('two', [{ filename: two.filename, bytes: two.bytes }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  const text = '# tools\n\none==1.0\ntwo>1\none==9.9\nnope==1\n-e git+https://x.example/y#egg=y\n'
  const answer = await post(served.url, '/requirements.txt', [
    ['requirements', ['requirements.txt', Buffer.from(text)]],
  ])
  t.match(answer, { status: 200, headers: { 'content-type': 'application/json' } })
  const { cached, ...others } = JSON.parse(answer.text) as { cached: string[] }
  t.same(cached.toSorted(), [one.filename, source.filename, two.filename].toSorted())
  t.same(others, {
    failed: ['one==9.9', 'nope==1'],
    unparseable: ['# tools', '', '-e git+https://x.example/y#egg=y'],
  })
  for (const filename of cached)
    t.match((await ask(served.url, `/local/${filename.split('-')[0]}/`)).text, filename)
  const missing = await post(served.url, '/requirements.txt', [['requirements', 'six==1.0']])
  t.equal(missing.status, 400)
  t.same(JSON.parse(missing.text), { error: true, message: 'Missing requirements data.' })
  const body = 'two==1.5\n'
  const asking = { method: 'POST', body, headers: { 'content-length': String(body.length) } }
  const plain = await ask(served.url, '/requirements.txt', asking)
  t.same(JSON.parse(plain.text), { cached: [two.filename], failed: [], unparseable: [] })
})
