import t from 'tap'
import type { Reply } from '../../src/http/reply.ts'
import { JsonCache, type Rendering } from '../../src/pages/json-cache.ts'

const wanting = {
  root: 'http://here.example/',
  coding: 'identity',
  ifNoneMatch: undefined,
} as const

/** An answer with 12,000 files that counts how often it is made. */
const counted = (more: Partial<Rendering> = {}) => {
  const counts = { made: 0 }
  const rendering: Rendering = {
    key: 'leaf-lib',
    revision: 'one',
    source: 'hit',
    make: async root => {
      counts.made += 1
      const urls = Array.from({ length: 12_000 }, (_, count) => `${root}packages/${count}`)
      return { value: { urls, last_serial: 7 }, isLasting: true }
    },
    ...more,
  }
  return { rendering, counts }
}

const textOf = async (answer: Promise<Reply | undefined>): Promise<string> => {
  const body = (await answer)?.body
  return Buffer.isBuffer(body) ? body.toString() : ''
}

const urlsOf = async (answer: Promise<Reply | undefined>): Promise<string[]> =>
  (JSON.parse(await textOf(answer)) as { urls: string[] }).urls

t.test('made once for each revision, whoever asks and under whatever name (fault X03)', async t => {
  const cache = new JsonCache()
  const { rendering, counts } = counted()
  const [here, evil] = await Promise.all([
    urlsOf(cache.answer(rendering, wanting)),
    urlsOf(cache.answer(rendering, { ...wanting, root: 'http://evil.example/' })),
  ])
  t.equal(here[11_999], 'http://here.example/packages/11999')
  t.equal(evil[0], 'http://evil.example/packages/0')
  t.same(await urlsOf(cache.answer(rendering, wanting)), here)
  await cache.answer(rendering, { ...wanting, coding: 'gzip' })
  t.equal(counts.made, 1)
  await cache.answer({ ...rendering, revision: 'two' }, wanting)
  t.equal(counts.made, 2)
})

t.test('a tag belongs to the bytes', async t => {
  const cache = new JsonCache()
  const { rendering } = counted()
  const answers = await Promise.all([
    cache.answer(rendering, wanting),
    cache.answer(rendering, { ...wanting, coding: 'gzip' }),
    cache.answer(rendering, { ...wanting, root: 'https://here.example/' }),
    new JsonCache().answer(rendering, wanting),
  ])
  const tags = answers.map(answer => answer?.headers[answer.headers.indexOf('ETag') + 1])
  t.equal(new Set(tags).size, 3)
  t.equal(tags[0], tags[3], 'the same in every process')
  const again = await cache.answer(rendering, { ...wanting, ifNoneMatch: tags[0] ?? '' })
  t.match(again, { status: 304, headers: ['ETag', tags[0]] })
  t.notOk(again?.headers.includes('Content-Type'))
  t.equal((await cache.answer(rendering, { ...wanting, ifNoneMatch: tags[1] ?? '' }))?.status, 200)
})

t.test('what is not there is remembered, too', async t => {
  let made = 0
  const make = async () => {
    made += 1
    return { value: undefined, isLasting: true }
  }
  const { rendering } = counted({ make })
  const cache = new JsonCache()
  t.equal(await cache.answer(rendering, wanting), undefined)
  t.equal(await cache.answer(rendering, wanting), undefined)
  t.equal(made, 1)
})

t.test('what lacks something for the moment is made again', async t => {
  let made = 0
  const make = async () => ({ value: { made: (made += 1) }, isLasting: made > 1 })
  const { rendering } = counted({ make })
  const cache = new JsonCache()
  const bodies: string[] = []
  for (let count = 0; count < 3; count++)
    bodies.push(await textOf(cache.answer(rendering, wanting)))
  t.same(bodies, ['{"made":1}', '{"made":2}', '{"made":2}'])
})
