import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test as TapTest } from 'tap'
import { makeSdist, makeWheel, noise } from '../fixtures/dist.ts'
import { drop } from '../fixtures/indexes.ts'
import { serve, upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { startUpstream, usualPath, type Upstream } from '../fixtures/upstream.ts'
import { ask, lasting, type Answer } from '../fixtures/wire.ts'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.0', size: 20_000 })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.0' })
const mine = makeWheel({ name: 'Acme.Util', version: '2.0' })

const setUp = async (t: Test): Promise<{ served: Served; upstream: Upstream }> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...wheel }, { filename: sdist.filename, bytes: sdist.bytes }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await drop(served.directory, mine.filename, mine.bytes)
  return { served, upstream }
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
const exact = usualPath(wheel)

/** Every way to write the place of a file of `leaf-lib` or `acme-util`. */
const places = (filename: string, project: string): string[] => [
  `/packages/${project}/${filename}`,
  `/packages/source/${project[0]}/${project}/${filename}`,
  `/packages/2.7/${project[0]}/${project}/${filename}`,
  `/package/${filename}`,
  `/package/${project}/${filename}`,
  `/package/${project.replace('-', '_').toUpperCase()}/${filename}`,
]

for (const state of ['cold', 'warm'])
  for (const path of [exact, ...places(wheel.filename, 'leaf-lib')])
    t.test(`${state}: ${path} (contract 2, needs 6)`, async t => {
      const { served, upstream } = await setUp(t)
      if (state === 'warm') await ask(served.url, exact)
      const head = await ask(served.url, path, { method: 'HEAD' })
      const answer = await ask(served.url, path)
      t.equal(answer.status, 200)
      t.ok(answer.body.equals(wheel.bytes))
      t.match(answer.headers, {
        'content-length': String(wheel.bytes.length),
        'content-type': 'application/octet-stream',
        'accept-ranges': 'bytes',
        etag: `"${sha256(wheel.bytes)}"`,
        'last-modified': / GMT$/,
        'cache-control': path === exact ? 'public, max-age=31536000, immutable' : 'no-cache',
        'x-content-type-options': 'nosniff',
        'x-cache': state === 'warm' ? 'hit' : 'miss',
        date: / GMT$/,
      })
      t.equal(head.status, 200, 'HEAD, too (CL-36, TC-44)')
      t.equal(head.body.length, 0)
      const { 'last-modified': _head, ...headHeaders } = lasting(head)
      const { 'last-modified': _get, ...headers } = lasting(answer)
      t.same(headHeaders, headers)
      const metadata = await ask(served.url, `${path}.metadata`)
      t.equal(metadata.text, wheel.metadata)
      t.equal(metadata.headers.etag, `"${sha256(wheel.metadata)}"`)
      const metadataHead = await ask(served.url, `${path}.metadata`, { method: 'HEAD' })
      t.same(lasting(metadataHead), { ...lasting(metadata), 'x-cache': 'hit' })
      t.same(
        upstream.requests.map(asked => asked.path).filter(asked => asked.startsWith('/simple/')),
        ['/simple/leaf-lib/'],
        'no other project was asked for',
      )
      t.equal(upstream.count(exact), 1, 'and the file once')
    })

t.test('a dropped file is at all its places', async t => {
  const { served } = await setUp(t)
  for (const path of places(mine.filename, 'acme-util')) {
    const answer = await ask(served.url, path)
    t.ok(answer.body.equals(mine.bytes), path)
    t.match(answer.headers, { 'cache-control': 'no-cache', 'x-cache': 'hit' })
    t.equal((await ask(served.url, `${path}.metadata`)).text, mine.metadata)
  }
  t.equal((await ask(served.url, exact.replace(wheel.filename, mine.filename))).status, 404)
})

t.test('metadata before anything else was asked, held or not (needs 7)', async t => {
  const { served, upstream } = await setUp(t)
  const head = await ask(served.url, `${exact}.metadata`, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(head.headers['content-length'], String(wheel.metadata.length))
  t.equal((await ask(served.url, `${exact}.metadata`)).text, wheel.metadata)
  t.equal(upstream.count(exact), 0, 'the wheel is not fetched for that')
  const none = usualPath(sdist)
  t.equal((await ask(served.url, `${none}.metadata`)).status, 404, 'an sdist has none')
})

t.test('a HEAD of an uncached file fetches nothing and stores nothing (fault X06)', async t => {
  const { served, upstream } = await setUp(t)
  const first = await ask(served.url, exact, { method: 'HEAD' })
  t.match(first.headers, { 'content-length': String(wheel.bytes.length), 'x-cache': 'miss' })
  t.equal(upstream.count(exact), 0)
  t.ok((await ask(served.url, exact)).body.equals(wheel.bytes))
})

t.test(
  'a lock file works though its pages were never asked, and after cache loss (TC-51)',
  async t => {
    const { served, upstream } = await setUp(t)
    t.ok((await ask(served.url, exact)).body.equals(wheel.bytes))
    await rm(join(served.directory, '.proxypypi'), { recursive: true, maxRetries: 10 })
    await rm(join(served.directory, 'leaf-lib'), { recursive: true, maxRetries: 10 })
    await served.close()
    const again = await serve(t, {
      directory: served.directory,
      upstreams: [upstreamAt(upstream.url.href)],
    })
    t.ok((await ask(again.url, exact)).body.equals(wheel.bytes))
  },
)

const partsOf = async (
  t: TapTest,
  get: (headers: Record<string, string>) => Promise<Answer>,
): Promise<void> => {
  const size = wheel.bytes.length
  for (const [range, start, end] of [
    ['0-0', 0, 1],
    ['5-9', 5, 10],
    ['5-', 5, size],
    ['-10000', size - 10_000, size],
    ['-1', size - 1, size],
    [`-${size + 5}`, 0, size],
    [`${size - 1}-${size + 9}`, size - 1, size],
  ] as const) {
    const answer = await get({ range: `bytes=${range}` })
    t.match(answer, {
      status: 206,
      headers: { 'content-range': `bytes ${start}-${end - 1}/${size}` },
    })
    t.ok(answer.body.equals(wheel.bytes.subarray(start, end)), range)
  }
  for (const range of [`bytes=${size}-`, 'bytes=-0'])
    t.match(await get({ range }), { status: 416, headers: { 'content-range': `bytes */${size}` } })
  for (const range of ['bytes=9-5', 'bytes=abc', 'bytes=0-1,3-4', 'items=0-1']) {
    const answer = await get({ range })
    t.match(answer, { status: 200, headers: { 'content-length': String(size) } }, range)
  }
}

t.test('ranges of a held file (TC-45)', async t => {
  const { served } = await setUp(t)
  await ask(served.url, exact)
  await partsOf(t, headers => ask(served.url, exact, { headers }))
})

t.test('ranges of a file that nobody had yet (TC-45, CL-36)', async t => {
  const upstream = await startUpstream(t)
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  let turn = 0
  await partsOf(t, async headers => {
    turn += 1
    const cold = { filename: `cold${turn}-1.0.tar.gz`, bytes: wheel.bytes }
    upstream.project(`cold${turn}`, [cold])
    const path = `/packages/cold${turn}/${cold.filename}`
    const answer = await ask(served.url, path, { headers })
    const [asked] = upstream.requests.filter(request => request.path === usualPath(cold))
    t.equal(asked?.headers.range, undefined, 'the range is not passed on')
    const whole = await ask(served.url, path)
    t.ok(whole.body.equals(wheel.bytes), 'nor its part kept for the whole (fault X06)')
    return answer
  })
})

t.test('If-Range (TC-46)', async t => {
  const { served } = await setUp(t)
  await ask(served.url, exact)
  const { headers } = await ask(served.url, exact)
  for (const [condition, status] of [
    [headers.etag, 206],
    [headers['last-modified'], 206],
    ['"other"', 200],
    [`W/${headers.etag}`, 200],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 200],
  ] as const) {
    const asked = { range: 'bytes=5-9', 'if-range': condition ?? '' }
    t.equal((await ask(served.url, exact, { headers: asked })).status, status, String(condition))
  }
})

t.test('conditions: 304 for files, cold and held', async t => {
  const { served } = await setUp(t)
  const etag = `"${sha256(wheel.bytes)}"`
  for (const _ of ['cold', 'warm']) {
    const same = await ask(served.url, exact, { headers: { 'if-none-match': etag } })
    t.match(same, { status: 304, headers: { etag, 'cache-control': /immutable/ } })
    t.equal(same.body.length, 0)
  }
  t.equal((await ask(served.url, exact, { headers: { 'if-none-match': '"x"' } })).status, 200)
})

t.test('no coding, no name, one type for all kinds (TC-47, TC-48, fault X11)', async t => {
  const upstream = await startUpstream(t)
  const names = ['.tar.gz', '.tgz', '.tar.bz2', '.zip', '.win32.exe'].map(end => `kind-1.0${end}`)
  const files = [...names, 'kind-1.0-py2.7.egg'].map((filename, n) => ({
    filename,
    bytes: Buffer.concat([Buffer.from('<html><script>'), noise(100 + n)]),
  }))
  upstream.project('kind', files)
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  for (const file of files)
    for (const _ of ['cold', 'warm']) {
      const answer = await ask(served.url, usualPath(file), {
        headers: { 'accept-encoding': 'gzip, br' },
      })
      t.ok(answer.body.equals(file.bytes), file.filename)
      t.equal(answer.headers['content-type'], 'application/octet-stream')
      t.equal(answer.headers['content-encoding'], undefined)
      t.equal(answer.headers['content-disposition'], undefined)
    }
})

t.test('file names with +, !, ~ and capitals, raw and encoded (TC-52)', async t => {
  const upstream = await startUpstream(t)
  const files = ['Odd-1.0+cu128.tar.gz', 'Odd-1!2.0.tar.gz', 'Odd-1.0~rc1.zip'].map(
    (filename, n) => ({ filename, bytes: noise(50 + n) }),
  )
  upstream.project('odd', files)
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  for (const file of files) {
    const directory = usualPath(file).slice(0, usualPath(file).lastIndexOf('/'))
    const hex = Buffer.from(file.filename).toString('hex').replaceAll(/../g, '%$&')
    for (const name of [file.filename, encodeURIComponent(file.filename), hex])
      for (const path of [directory, '/packages/odd', '/package', '/packages/source/O/Odd']) {
        const answer = await ask(served.url, `${path}/${name}`)
        t.ok(answer.body.equals(file.bytes), `${path}/${name}`)
      }
  }
})

t.test('what is not there is 404, and no other host is asked (TC-55)', async t => {
  const { served, upstream } = await setUp(t)
  const { filename } = wheel
  const other = usualPath({ filename, bytes: Buffer.from('other') })
  for (const path of [
    '/packages/',
    '/package/',
    '/packages',
    '/packages/leaf-lib/',
    '/packages/leaf-lib/leaf_lib-9.9.tar.gz',
    '/packages/leaf-lib/leaf_lib-9.9.tar.gz.metadata',
    '/packages/leaf-lib/README.txt',
    '/packages/leaf-lib/.metadata',
    other,
    `${other}.metadata`,
    `/packages/-/pypi/evil.example/${filename}`,
    `/packages/-/pypi/~evil.example/${filename}`,
    `/packages/-/evil/${filename}`,
    `/packages/http://evil.example/${filename}`,
    `/packages/http:%2f%2fevil.example/${filename}`,
    `/packages/-/pypi/~127.0.0.1:1/${filename}`,
    `/packages/-/pypi/@leaf-lib/${filename}`,
    `${exact}/x.whl`,
    exact.toUpperCase().replace('/PACKAGES', '/packages'),
  ]) {
    const answer = await ask(served.url, path)
    t.equal(answer.status, 404, path)
    t.match(answer.text, /^not found: [^\n]*\n$/)
    t.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
  }
  t.equal(upstream.count(exact), 0)
})
