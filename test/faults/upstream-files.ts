/** Files that upstream sends wrongly: no client takes them for good ones, and nothing of them stays. */
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { makeWheel, noise } from '../fixtures/dist.ts'
import { fetched, isClean, kept, plain, proxied } from '../fixtures/proxied.ts'
import { gate, type Behaviour } from '../fixtures/upstream.ts'

const wheel = makeWheel({ name: 'demo', version: '1.0', size: 200_000 })
const { bytes, filename } = wheel
const half = bytes.length >> 1
const flipped = Buffer.from(bytes)
flipped[half] = (flipped[half] ?? 0) ^ 1
const html = '<!DOCTYPE html><html><title>Sign in</title><body>Please sign in</body></html>'
const http = (head: string, body: Buffer | string = bytes) =>
  Buffer.concat([Buffer.from(`HTTP/1.1 ${head}\r\n\r\n`), Buffer.from(body)])
const length = bytes.length

const wrong: readonly (readonly [what: string, behaviour: Behaviour])[] = [
  ['status 500 (U03)', { status: 500 }],
  ['status 503 (U03)', { status: 503, headers: { 'retry-after': '60' } }],
  ['status 403 (U04)', { status: 403 }],
  ['half of it, each time (U20)', { cutAfter: half, ranges: false }],
  ['half of it, then a reset (U20)', { cutAfter: half, reset: true, ranges: false }],
  ['all but the last byte (U20)', { cutAfter: length - 1, ranges: false }],
  ['nothing after the headers (U20)', { cutAfter: 0 }],
  ['chunks without the last one (U21)', { cutAfter: half, length: 'chunked', ranges: false }],
  ['half of it, without a length (U22)', { body: bytes.subarray(0, half), length: 'none' }],
  ['too small a length (U24)', { raw: http(`200 OK\r\nContent-Length: ${half}`) }],
  ['too large a length (U24)', { raw: http(`200 OK\r\nContent-Length: ${length + 5}`) }],
  ['a negative length (U24)', { raw: http('200 OK\r\nContent-Length: -5') }],
  ['a length that is no number (U24)', { raw: http('200 OK\r\nContent-Length: many') }],
  [
    'two lengths (U24)',
    { raw: http(`200 OK\r\nContent-Length: ${length}\r\nContent-Length: ${half}`) },
  ],
  [
    'a length beside chunks (U24)',
    {
      raw: http(`200 OK\r\nContent-Length: ${length}\r\nTransfer-Encoding: chunked`, '5\r\nabcde'),
    },
  ],
  ['bytes without any headers (U25)', { raw: bytes.subarray(0, 5000) }],
  ['a wild status line (U25)', { raw: http('99999 Yes') }],
  ['a NUL in a header (U25)', { raw: http(`200 OK\r\nX: \0\r\nContent-Length: ${length}`) }],
  [
    '600 KB of headers (U26)',
    { raw: http(`200 OK\r\n${`X-A: ${'a'.repeat(590)}\r\n`.repeat(1000)}X: y`) },
  ],
  ['one bit wrong (U30)', { body: flipped }],
  ["another file's bytes of the same length (U31)", { body: noise(length) }],
  ['bytes behind it (U31)', { body: Buffer.concat([bytes, Buffer.from('more')]) }],
  [
    'bytes behind it, chunked (U31)',
    { body: Buffer.concat([bytes, Buffer.from('more')]), length: 'chunked' },
  ],
  ['a web page (U32)', { body: html, headers: { 'content-type': 'text/html' } }],
  ['a web page, chunked (U32)', { body: html, length: 'chunked' }],
  ['an empty 200 (U32)', { body: '' }],
  ['an empty 200, chunked (U32)', { body: '', length: 'chunked' }],
  ['204 (U32)', { status: 204 }],
  ['206 unasked (U32)', { status: 206, body: bytes.subarray(0, half) }],
  ['304 unasked (U32)', { status: 304 }],
  ['broken gzip (U34)', { body: bytes, headers: { 'content-encoding': 'gzip' } }],
  [
    'cut gzip (U34)',
    { body: gzipSync(bytes).subarray(0, half), headers: { 'content-encoding': 'gzip' } },
  ],
  ['an unknown coding (U34)', { body: bytes, headers: { 'content-encoding': 'magic' } }],
  ['5 TB announced (U35)', { raw: http('200 OK\r\nContent-Length: 5000000000000') }],
  ['nothing (U15)', { close: true }],
]

t.test(
  'no wrong transfer reaches a client as a whole file, or the disk (TC-41, need 2)',
  async t => {
    const { served, upstream } = await proxied(t)
    // Each fault has a project of its own, so that they can be met side by side.
    const cases = wrong.map(([what, behaviour], place) => {
      const name = `demo${place}`
      const path = `/packages/00/${String(place).padStart(2, '0')}/${'0'.repeat(60)}/${filename.replace('demo', name)}`
      upstream.project(name, [{ filename: path.split('/').at(-1) ?? '', bytes, path }])
      upstream.behave(path, behaviour)
      return { what, path }
    })
    await Promise.all(
      cases.map(async ({ what, path }) => {
        const first = await fetched(served, path)
        t.notOk(isClean(first), `${what}: ${first.status}`)
        t.not(first.status, 404, `${what}: not said to be absent`)
        const second = await fetched(served, path)
        t.notOk(isClean(second), `${what}, again: ${second.status}`)
      }),
    )
    t.same(await kept(served), [], 'nothing stays, neither files nor parts')
    for (const { path } of cases) upstream.behave(path, undefined)
    await Promise.all(
      cases.map(async ({ what, path }) => {
        const { status, body } = await fetched(served, path)
        t.equal(status, 200, `${what}: healed`)
        t.ok(body?.equals(bytes), `${what}: right bytes`)
      }),
    )
  },
)

t.test('a small wrong file is refused with 502 (need 2, U30)', async t => {
  const { served, upstream } = await proxied(t)
  const small = makeWheel({ name: 'small', version: '1.0' })
  upstream.project('small', [plain(small)])
  const path = upstream.path(small.filename)
  upstream.behave(path, { body: noise(small.bytes.length) })
  const { status, body } = await fetched(served, path)
  t.equal(status, 502)
  t.match(body?.toString(), /small-1\.0.* has sha256 .*its page says/)
  t.same(await kept(served), [])
})

t.test('odd but right transfers are files like others', async t => {
  const odd: [string, Behaviour][] = [
    ['without a length (U23)', { length: 'none' }],
    ['chunked (U23)', { length: 'chunked', chunk: 1000 }],
    [
      'chunked with extensions and trailers (U23)',
      {
        raw: Buffer.concat([
          Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n'),
          Buffer.from(`${length.toString(16)};name=value\r\n`),
          bytes,
          Buffer.from('\r\n0\r\nX-End: yes\r\n\r\n'),
        ]),
      },
    ],
    ['compressed though unasked (U33)', { encoding: 'gzip' }],
    [
      'a second answer behind it (U27)',
      {
        raw: http(
          `200 OK\r\nContent-Length: ${length}`,
          Buffer.concat([bytes, http('200 OK\r\nContent-Length: 4', 'evil')]),
        ),
      },
    ],
    ['cut once and taken up again', { cutAfter: half, times: 1 }],
    [
      'cut, and sent from the start again',
      { cutAfter: half, times: 1, ranges: false, validators: false },
    ],
    ['503 twice (U16, need 3)', { status: 503, times: 2 }],
    ['closed without an answer, once (U15)', { close: true, times: 1 }],
    [
      'with private headers (U86)',
      { headers: { 'set-cookie': 'a=b', server: 'secret', 'x-private': '1' } },
    ],
  ]
  const { served, upstream } = await proxied(t)
  await Promise.all(
    odd.map(async ([what, behaviour], place) => {
      const name = `demo${place}`
      const path = `/packages/00/${String(place).padStart(2, '0')}/${'0'.repeat(60)}/${filename.replace('demo', name)}`
      upstream.project(name, [{ filename: path.split('/').at(-1) ?? '', bytes, path }])
      upstream.behave(path, behaviour)
      for (const time of ['first', 'second']) {
        const { status, body, headers } = await fetched(served, path)
        t.equal(status, 200, `${what}, ${time} ${status === 502 ? body?.toString() : ''}`)
        t.ok(body?.equals(bytes), `${what}, ${time}: right bytes`)
        t.equal(headers.get('content-encoding'), null)
        t.equal(headers.get('content-length'), String(length), `${what}: length`)
        for (const header of ['set-cookie', 'server', 'x-private'])
          t.equal(headers.get(header), null, `${what}: no ${header}`)
      }
    }),
  )
})

t.test('what hangs ends within the idle timeout, and the next request starts afresh', async t => {
  const { served, upstream } = await proxied(t)
  const cases: [string, Behaviour][] = [
    ['after the headers (U11)', { cutAfter: 0, open: true, ranges: false }],
    ['in the middle (U12)', { cutAfter: half, open: true, ranges: false }],
    ['before the headers (U09)', { before: new Promise(() => {}) }],
  ]
  await Promise.all(
    cases.map(async ([what, behaviour], place) => {
      const name = `demo${place}`
      const path = `/packages/00/0${place}/${'0'.repeat(60)}/${filename.replace('demo', name)}`
      upstream.project(name, [{ filename: path.split('/').at(-1) ?? '', bytes, path }])
      upstream.behave(path, behaviour)
      const began = performance.now()
      const all = await Promise.all([fetched(served, path), fetched(served, path)])
      for (const one of all) t.notOk(isClean(one), `${what}: ${one.status}`)
      t.ok(performance.now() - began < 5000, `${what}: told in time`)
      upstream.behave(path, undefined)
      const after = await fetched(served, path)
      t.ok(
        after.body?.equals(bytes),
        `${what}: healed ${after.status}  ${after.body?.toString('latin1').slice(0, 200)}`,
      )
    }),
  )
})

t.test(
  'a slow file flows as long as it takes, first bytes first (U13, U17, P10, TC-40)',
  async t => {
    const { served, upstream } = await proxied(t, { settings: { idleTimeout: 0.5 } })
    upstream.project('demo', [plain(wheel)])
    const path = upstream.path(filename)
    const [rest, held] = [gate(), gate()]
    upstream.behave(path, {
      length: 'chunked',
      before: sleep(300),
      chunk: 20_000,
      between: sent => (sent === 20_000 ? rest.then(() => sleep(200)) : sleep(100)),
    })
    const response = await fetch(new URL(path, served.url))
    t.equal(response.headers.get('content-length'), String(length), 'the true length at once')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    let received = (await reader.read()).value?.length ?? 0
    t.ok(received > 0, 'bytes arrive while upstream still has the rest')
    rest.open()
    held.open()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      received += value.length
    }
    t.equal(received, length)
  },
)

t.test('an endless body is cut off (U35)', async t => {
  const { served, upstream } = await proxied(t)
  upstream.project('demo', [plain(wheel)])
  const path = upstream.path(filename)
  let sent = 0
  upstream.behave(path, {
    length: 'chunked',
    body: Buffer.alloc(64 * 1024 * 1024),
    chunk: 65_536,
    between: at => void (sent = at),
  })
  t.notOk(isClean(await fetched(served, path)))
  t.ok(sent < 16 * 1024 * 1024, `cut off after ${sent} bytes`)
  t.same(await kept(served), [])
})

t.test('a file that upstream has lost is 404 each time, and comes back (P25, U93)', async t => {
  const { served, upstream } = await proxied(t)
  const other = makeWheel({ name: 'demo', version: '0.9' })
  upstream.project('demo', [plain(wheel), plain(other)])
  const path = upstream.path(filename)
  upstream.behave(path, { status: 404 })
  for (const time of [1, 2, 3]) {
    const { status, body } = await fetched(served, path)
    t.equal(status, 404, `time ${time}`)
    t.match(body?.toString(), filename)
  }
  t.ok((await fetched(served, upstream.path(other.filename))).body?.equals(other.bytes))
  t.same(await kept(served), [other.filename])
  upstream.behave(path, undefined)
  t.ok((await fetched(served, path)).body?.equals(bytes), 'recovers')
})
