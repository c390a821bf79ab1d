import { request as ask, type IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import type { Resource } from '../../src/disk/resource.ts'
import { HttpError } from '../../src/http/error.ts'
import { file, octetsOf, text, type Reply } from '../../src/http/reply.ts'
import { listening, raw, request, resource } from './fixtures/listening.ts'

const etag = '"tag"'
const modified = 'Fri, 02 Jan 2026 03:04:05 GMT'

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const fetchFrom = (url: string, headers = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    ask(url, { headers, method, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
      response.on('error', reject)
    })
      .on('error', reject)
      .end()
  })

t.test('bodies in memory', async t => {
  const replies: Record<string, Reply> = {
    '/text': text(200, 'é'),
    '/buffer': { status: 200, headers: ['X-A', 'b'], body: Buffer.from('é'), cache: 'stale' },
    '/none': { status: 301, headers: ['Location', 'x'] },
    '/204': { status: 204, headers: [] },
    '/304': { status: 304, headers: ['ETag', etag], cache: 'hit' },
  }
  const { url, accesses } = await listening(t, exchange => replies[exchange.path] as Reply)
  t.match(await fetchFrom(`${url}text`), {
    status: 200,
    body: 'é\n',
    headers: { 'content-length': '3' },
  })
  t.match(await fetchFrom(`${url}buffer`), {
    status: 200,
    body: 'é',
    headers: {
      'content-length': '2',
      'x-cache': 'stale',
      'x-a': 'b',
      'x-content-type-options': 'nosniff',
    },
  })
  const head = await fetchFrom(`${url}buffer`, {}, 'HEAD')
  t.match(head, { status: 200, body: '', headers: { 'content-length': '2', 'x-a': 'b' } }, 'SA-13')
  t.match(await fetchFrom(`${url}none`), {
    status: 301,
    body: '',
    headers: { 'content-length': '0' },
  })
  t.equal((await fetchFrom(`${url}204`)).headers['content-length'], undefined)
  t.match(await fetchFrom(`${url}304`), { status: 304, headers: { etag } })
  t.strictSame(
    accesses.map(({ method, path, status, cache, bytes }) => [method, path, status, cache, bytes]),
    [
      ['GET', '/text', 200, '-', 3],
      ['GET', '/buffer', 200, 'stale', 2],
      ['HEAD', '/buffer', 200, 'stale', 0],
      ['GET', '/none', 301, '-', 0],
      ['GET', '/204', 204, '-', 0],
      ['GET', '/304', 304, 'hit', 0],
    ],
  )
})

const content = '0123456789'
const kinds: Record<string, Resource> = {
  'on disk': resource(content),
  'in memory': resource(content, { bytes: Buffer.from(content) }),
}

for (const [kind, whole] of Object.entries(kinds)) {
  t.test(`a file ${kind}: whole, head, conditions (TC-56, C15, C26)`, async t => {
    const { url } = await listening(t, () => file(whole, 'hit'))
    const headers = {
      'content-length': '10',
      'accept-ranges': 'bytes',
      etag,
      'last-modified': modified,
      'cache-control': /immutable/,
      'x-cache': 'hit',
      'content-type': 'application/octet-stream',
    }
    t.match(await fetchFrom(url), { status: 200, body: content, headers })
    t.match(await fetchFrom(url, {}, 'HEAD'), { status: 200, body: '', headers })
    t.match(
      await fetchFrom(url, { range: 'bytes=1-2' }, 'HEAD'),
      { status: 200, headers },
      'no range for HEAD',
    )
    for (const condition of [
      { 'if-none-match': etag },
      { 'if-none-match': '*' },
      { 'if-modified-since': modified },
    ]) {
      const answer = await fetchFrom(url, { ...condition, range: 'bytes=1-2' })
      t.match(
        answer,
        {
          status: 304,
          body: '',
          headers: { etag, 'last-modified': modified, 'cache-control': /immutable/ },
        },
        'SA-44',
      )
      t.equal(answer.headers['content-length'], undefined)
    }
    t.match(await fetchFrom(url, { 'if-none-match': '"x"', 'if-modified-since': modified }), {
      status: 200,
    })
    const coded = await fetchFrom(url, { 'accept-encoding': 'gzip, br' })
    t.equal(coded.headers['content-encoding'], undefined, 'TC-47')
  })

  t.test(`a file ${kind}: ranges (TC-45, C24, C25)`, async t => {
    const { url } = await listening(t, () => file(whole, 'hit'))
    for (const [range, body] of [
      ['0-0', '0'],
      ['5-9', '56789'],
      ['5-', '56789'],
      ['-3', '789'],
      ['-100', content],
      ['2-99', '23456789'],
    ]) {
      const answer = await fetchFrom(url, { range: `bytes=${range}` })
      const start = content.indexOf(body ?? '')
      t.match(answer, {
        status: 206,
        body,
        headers: {
          'content-range': `bytes ${start}-${start + (body?.length ?? 0) - 1}/10`,
          'content-length': String(body?.length),
          etag,
          'cache-control': /immutable/,
        },
      })
    }
    for (const range of ['bytes=10-', 'bytes=99-100', 'bytes=-0'])
      t.match(
        await fetchFrom(url, { range }),
        {
          status: 416,
          body: '',
          headers: { 'content-range': 'bytes */10', 'cache-control': 'no-store' },
        },
        range,
      )
    for (const range of [
      'bytes=9-5',
      'bytes=abc',
      'bytes=0-1,3-4',
      'items=0-1',
      `bytes=${'0-9,'.repeat(1000)}0-9`,
    ]) {
      const answer = await fetchFrom(url, { range })
      t.match(answer, { status: 200, body: content })
      t.equal(answer.headers['content-range'], undefined)
    }
  })

  t.test(`a file ${kind}: If-Range (TC-46)`, async t => {
    const { url } = await listening(t, () => file(whole, 'hit'))
    for (const [ifRange, status] of [
      [etag, 206],
      [modified, 206],
      ['"other"', 200],
      [`W/${etag}`, 200],
      ['Fri, 02 Jan 2026 03:04:06 GMT', 200],
    ] as const)
      t.equal(
        (await fetchFrom(url, { range: 'bytes=1-2', 'if-range': ifRange })).status,
        status,
        ifRange,
      )
  })
}

t.test('an empty file', async t => {
  const { url } = await listening(t, () => file(resource(''), 'hit'))
  t.match(await fetchFrom(url), { status: 200, body: '', headers: { 'content-length': '0' } })
  t.match(await fetchFrom(url, { range: 'bytes=0-' }), { status: 416 })
})

t.test('a file that still arrives has the same headers and ranges (CL-36)', async t => {
  const { url } = await listening(t, () => file(resource(content, { whole: false }), 'miss'))
  const headers = { 'content-length': '10', etag, 'accept-ranges': 'bytes' }
  t.match(await fetchFrom(url), { status: 200, body: content, headers })
  t.match(await fetchFrom(url, {}, 'HEAD'), { status: 200, headers })
  for (const [range, body, shown] of [
    ['7-', '789', '7-9'],
    ['-3', '789', '7-9'],
    ['1-2', '12', '1-2'],
  ])
    t.match(await fetchFrom(url, { range: `bytes=${range}` }), {
      status: 206,
      body,
      headers: { 'content-range': `bytes ${shown}/10`, 'content-length': String(body?.length) },
    })
  t.match(await fetchFrom(url, { range: 'bytes=10-' }), { status: 416 })
  t.match(await fetchFrom(url, { range: 'bytes=0-1,5-' }), { status: 200, body: content })
})

t.test('a part that leaves out the end is sent when all is verified, or never', async t => {
  const asked: number[] = []
  const good = resource(content, { whole: false })
  let bad = false
  const watched = resource(content, {
    whole: false,
    read(start, end) {
      asked.push(start)
      if (bad) throw Object.assign(new Error('wrong hash'), { status: 502 })
      return good.read(start, end)
    },
  })
  const { url } = await listening(t, () => file(watched, 'miss'))
  t.match(await fetchFrom(url, { range: 'bytes=1-2' }), { status: 206, body: '12' })
  t.strictSame(asked, [9, 1], 'the last byte, which is withheld until then, is waited for')
  bad = true
  t.match(await fetchFrom(url, { range: 'bytes=1-2' }), { status: 502, body: 'wrong hash\n' })
})

t.test('of a large file that still arrives nobody waits for a part', async t => {
  const size = 33 << 20
  const large = resource('', {
    size,
    whole: false,
    async *read(start, end = size) {
      yield Buffer.alloc(end - start)
    },
  })
  const { url } = await listening(t, () => file(large, 'miss'))
  t.match(await fetchFrom(url, { range: 'bytes=1-2' }), {
    status: 200,
    headers: { 'content-length': String(size) },
  })
  t.match(await fetchFrom(url, { range: `bytes=${size - 2}-` }), { status: 206, body: '\0\0' })
})

t.test('a file of unknown size is sent in chunks, and to HTTP/1.0 until the end (C18)', async t => {
  const { size: _size, ...unknown } = resource(content, { whole: false })
  const { url, port } = await listening(t, () => file(unknown, 'miss'))
  const answer = await fetchFrom(url, { range: 'bytes=7-' })
  t.match(answer, { status: 200, body: content, headers: { 'transfer-encoding': 'chunked' } })
  t.match(await fetchFrom(url, {}, 'HEAD'), { status: 200, body: '' })
  const old = await raw(port, 'GET / HTTP/1.0\r\n\r\n')
  t.notMatch(old.text, /transfer-encoding/i)
  t.match(old.text, /Connection: close[^]*\r\n\r\n0123456789$/)
})

t.test('text that is made while it is sent', async t => {
  const { url, accesses } = await listening(t, () => ({
    status: 200,
    headers: ['Content-Type', 'text/html'],
    body: (async function* () {
      yield 'é'
      yield ''
      yield Buffer.from('!')
    })(),
  }))
  t.match(await fetchFrom(url), {
    status: 200,
    body: 'é!',
    headers: { 'content-type': 'text/html' },
  })
  t.match(await fetchFrom(url, {}, 'HEAD'), { status: 200, body: '' })
  t.match(accesses, [{ bytes: 3 }, { bytes: 0 }])
})

t.test('HTTP/1.0: complete, and kept open only when asked (C18)', async t => {
  const { port } = await listening(t, () => text(200, 'yes'))
  const once = await raw(port, 'GET / HTTP/1.0\r\n\r\n')
  t.match(once.text, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n[^]*yes\n$/)
  const kept = await raw(
    port,
    'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n',
  )
  t.equal(kept.text.split('yes\n').length, 3)
  t.match(kept.text, /Connection: keep-alive/)
})

t.test('a reply that cannot be written is an internal error', async t => {
  const { url, lines } = await listening(t, exchange =>
    exchange.path === '/' ?
      { status: 200, headers: ['X-Bad', 'a\r\nb'], body: octetsOf('x') }
    : { ...file(resource('x'), 'hit'), status: 201 },
  )
  t.match(await fetchFrom(url), { status: 500, body: 'internal error\n' })
  t.match(await fetchFrom(`${url}x`), { status: 500, body: 'internal error\n' })
  t.equal(lines.length, 2)
})

t.test('the connection is left clean for the next request', async t => {
  const { port } = await listening(t, exchange =>
    exchange.path === '/file' ? file(resource(content), 'hit') : text(200, 'page'),
  )
  const { text: all } = await raw(
    port,
    `GET /file HTTP/1.1\r\nHost: a\r\n\r\nHEAD /file HTTP/1.1\r\nHost: a\r\n\r\n${request('GET /page')}`,
  )
  t.equal(all.split('HTTP/1.1 200 OK').length, 4)
  t.ok(all.endsWith('page\n'))
})

t.test('a reason is told in the status line (UP-43)', async t => {
  const { port } = await listening(t, exchange => {
    if (exchange.path === '/thrown') throw new HttpError(409, 'File already exists\r\nX: naïve €')
    return { ...text(409, 'x'), reason: 'said' }
  })
  for (const [line, status] of [
    ['POST /', '409 said'],
    ['GET /', '409 said'],
    ['POST /thrown', '409 File already exists X: naïve ?'],
    ['DELETE /thrown', '409 File already exists X: naïve ?'],
    ['GET /thrown', '409 Conflict'],
    ['HEAD /thrown', '409 Conflict'],
  ] as const)
    t.equal((await raw(port, request(line))).text.split('\r\n', 1)[0], `HTTP/1.1 ${status}`)
})
