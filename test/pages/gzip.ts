import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { deferred } from '../http/fixtures/deferred.ts'
import { compress, compressChunks } from '../../src/pages/gzip.ts'

const collect = async (chunks: AsyncIterable<Uint8Array>) => {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

t.test('bytes survive', async t => {
  for (const count of [1, 1000, 100_000])
    t.equal(
      gunzipSync(await compress(Buffer.from('é'.repeat(count)))).toString(),
      'é'.repeat(count),
    )
})

const thousand = async function* () {
  for (let n = 0; n < 1000; n++) yield `chunk ${n} é`.repeat(100)
}

const broken = async function* () {
  yield 'x'
  throw new Error('the list broke off')
}

t.test('chunks survive', async t => {
  const expected: string[] = []
  for await (const chunk of thousand()) expected.push(chunk)
  t.ok(gunzipSync(await collect(compressChunks(thousand()))).toString() === expected.join(''))
})

t.test('a failure is passed on, not an end', async t => {
  await t.rejects(collect(compressChunks(broken())), { message: 'the list broke off' })
})

t.test('who stops reading ends the chunks', async t => {
  const ended = deferred()
  const chunks = async function* () {
    try {
      for (;;) yield 'a chunk '.repeat(1000)
    } finally {
      ended.resolve()
    }
  }
  const iterator = compressChunks(chunks())
  await iterator.next()
  await iterator.return()
  await ended.promise
  t.pass()
})
