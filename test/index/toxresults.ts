/** Test results: kept as they were sent, numbered, with their file (devpi-api 14). */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { placeAt, type Place } from '../fixtures/beside.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { bytesOf, filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { interrupted } from '../fixtures/interrupted.ts'

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
const hello = nameOf('hello')
const tested = { name: hello, filename: filenameOf('hello-1.0.tar.gz'), sha256: sha256('file') }
const at = new Date('2026-11-20T14:24:28Z')

const body = (text: string) => Buffer.from(`{ "host": "${text}" }`)

const textsOf = async ({ toxResults }: Place, of = tested): Promise<string[]> => {
  const texts: string[] = []
  for (const result of await toxResults.of(of))
    texts.push(String(await bytesOf(await toxResults.open(result))))
  return texts
}

t.test('a result has the name and the place that devpi gives it', async t => {
  const place = placeAt(directoryOf(t))
  t.same(await place.toxResults.of(tested), [])
  const first = await place.toxResults.add(tested, body('a'), undefined, { at })
  const digest = `${tested.sha256.slice(0, 3)}/${tested.sha256.slice(3, 16)}`
  t.match(first, {
    about: 'hello-1.0.tar.gz',
    filename: 'hello-1.0.tar.gz.toxresult-20261120142428-0',
    url: `alice/dev/+f/${digest}/hello-1.0.tar.gz.toxresult-20261120142428-0`,
    sha256: sha256(body('a')),
    size: body('a').length,
    at: at.toISOString(),
    by: undefined,
    history: [{ what: 'upload', when: at.toISOString(), dst: 'alice/dev' }],
  })
  const second = await place.toxResults.add(tested, body('b'), 'bob', { at })
  t.match(second, { filename: /-20261120142428-1$/, by: 'bob', history: [{ who: 'bob' }] })
  t.same(await readFile(first.path), body('a'), 'the bytes as they were sent')
  const elsewhere = placeAt(join(place.layout.root, '..', '..'))
  t.same(await elsewhere.toxResults.of(tested), [first, second])
  t.same(await textsOf(elsewhere), [String(body('a')), String(body('b'))])
})

t.test('a result is found by its path, and nothing else is', async t => {
  const { toxResults } = placeAt(directoryOf(t))
  const result = await toxResults.add(tested, body('a'), 'bob', { at })
  const digest = tested.sha256.slice(0, 16)
  t.same(await toxResults.find(digest, result.filename), {
    name: hello,
    result: { ...result },
  })
  const others = [
    'hello-1.0.tar.gz',
    'hello-1.0.tar.gz.toxresult-20261120142428-1',
    'hello-1.0.tar.gz.toxresult-20261120142428-0.json',
    'hello-1.1.tar.gz.toxresult-20261120142428-0',
    '.toxresult-20261120142428-0',
    '../hello-1.0.tar.gz.toxresult-20261120142428-0',
    `${'a'.repeat(220)}-1.0.tar.gz.toxresult-20261120142428-0`,
  ]
  for (const name of others) t.equal(await toxResults.find(digest, name), undefined, name)
  for (const wrong of ['0'.repeat(16), '..', '', digest.toUpperCase()])
    t.equal(await toxResults.find(wrong, result.filename), undefined, wrong)
})

t.test('of many in one moment each gets a number of its own', async t => {
  const directory = directoryOf(t)
  const texts = Array.from({ length: 12 }, (_, number) => `${number}`)
  const results = await Promise.all(
    texts.map(text => placeAt(directory).toxResults.add(tested, body(text), `user${text}`, { at })),
  )
  t.equal(new Set(results.map(({ filename }) => filename)).size, 12)
  const place = placeAt(directory)
  for (const { sha256: digest, by, path } of await place.toxResults.of(tested)) {
    const { host } = JSON.parse(await readFile(path, 'utf8')) as { host: string }
    t.equal(digest, sha256(body(host)))
    t.equal(by, `user${host}`, 'and stays with whoever sent it')
  }
  const numbers = (await place.toxResults.of(tested)).map(({ number }) => number)
  t.same(
    numbers,
    numbers.toSorted((a, b) => a - b),
    'the oldest first',
  )
})

t.test('the results of other bytes under the same name are others', async t => {
  const place = placeAt(directoryOf(t))
  const other = { ...tested, sha256: sha256('replaced') }
  await place.toxResults.add(tested, body('a'), 'bob')
  t.same(await place.toxResults.of(other), [])
  await place.toxResults.add(other, body('b'), 'bob')
  t.equal((await place.toxResults.of(tested)).length, 1)
  await place.toxResults.remove(hello, tested.filename, tested.sha256)
  await place.toxResults.remove(hello, tested.filename, tested.sha256)
  t.same(await textsOf(place), [])
  t.same(await textsOf(place, other), [String(body('b'))])
  await place.toxResults.remove(hello, tested.filename)
  t.same(await textsOf(place, other), [])
  await place.toxResults.remove(hello, tested.filename)
})

t.test('all of a project go at once', async t => {
  const place = placeAt(directoryOf(t))
  const wheel = { ...tested, filename: filenameOf('hello-1.0-py3-none-any.whl') }
  await place.toxResults.add(tested, body('a'), 'bob')
  await place.toxResults.add(wheel, body('b'), 'bob')
  await place.toxResults.remove(hello)
  t.same([...(await place.toxResults.of(tested)), ...(await place.toxResults.of(wheel))], [])
  t.equal(existsSync(place.layout.toxResults(hello)), false)
})

t.test('a file has no more than a thousand', async t => {
  const place = placeAt(directoryOf(t))
  const { path } = await place.toxResults.add(tested, body('a'), 'bob', { at })
  await Promise.all(
    Array.from({ length: 999 }, (_, number) =>
      writeFile(path.replace(/0$/, `${number + 1}`), '{}'),
    ),
  )
  await t.rejects(place.toxResults.add(tested, body('b'), 'bob'), { message: /1000 test results/ })
  t.equal((await place.toxResults.of(tested)).length, 1000)
})

t.test(
  'what lies there without its record, or with a broken one, is served all the same (S20)',
  async t => {
    const directory = directoryOf(t)
    const place = placeAt(directory)
    const { path } = await place.toxResults.add(tested, body('a'), 'bob', { at })
    const home = place.layout.toxResults(hello, tested.filename, tested.sha256)
    const [record = ''] = (await readdir(home)).filter(entry => entry.endsWith('.json'))
    for (const text of ['{', '{"size":1}', '{"sha256":1,"size":15}', '[]', '']) {
      await writeFile(join(home, record), text)
      const [result] = await placeAt(directory).toxResults.of(tested)
      t.match(result, { sha256: sha256(body('a')), history: [] }, text)
    }
    await writeFile(path, body('changed by hand'))
    t.match(await placeAt(directory).toxResults.of(tested), [
      { sha256: sha256(body('changed by hand')) },
    ])
  },
)

t.test('another index gets them, their names and the same bytes', async t => {
  const directory = directoryOf(t)
  const [dev, prod] = [placeAt(directory, 'alice/dev'), placeAt(directory, 'bob/prod')]
  t.same(await dev.toxResults.copyTo(tested, prod.toxResults, 'bob'), [])
  const sent = [
    await dev.toxResults.add(tested, body('a'), 'alice', { at }),
    await dev.toxResults.add(tested, body('b'), undefined, { at }),
  ]
  const copied = await dev.toxResults.copyTo(tested, prod.toxResults, 'bob')
  t.same(
    copied.map(({ filename, sha256: digest, by }) => ({ filename, digest, by })),
    sent.map(({ filename, sha256: digest, by }) => ({ filename, digest, by })),
  )
  t.match(copied[0]?.history, [
    { what: 'upload', who: 'alice', dst: 'alice/dev' },
    { what: 'push', who: 'bob', src: 'alice/dev', dst: 'bob/prod' },
  ])
  t.equal((await stat(sent[0]?.path ?? '')).ino, (await stat(copied[0]?.path ?? '')).ino)
  t.same(await dev.toxResults.copyTo(tested, prod.toxResults, 'bob'), [], 'once is enough')
  t.same(await textsOf(prod), await textsOf(dev))
  await dev.toxResults.remove(hello)
  t.equal((await textsOf(prod)).length, 2, 'what becomes of the one does not touch the other')
  t.same(await readdir(prod.layout.temporary), [])
})

t.test('whoever is killed leaves a result with all that is known of it, or none (P17)', async t => {
  const root = directoryOf(t)
  const seen = new Set<number>()
  for (let step = 0, isDone = false; !isDone; step++) {
    const directory = join(root, `${step}`)
    isDone = await interrupted(step, () =>
      placeAt(directory).toxResults.add(tested, body('a'), 'bob', { at }),
    )
    const place = placeAt(directory)
    const results = await place.toxResults.of(tested)
    seen.add(results.length)
    for (const result of results)
      t.match(result, { sha256: sha256(body('a')), by: 'bob', history: [{ who: 'bob' }] })
    await place.toxResults.add(tested, body('b'), 'carol', { at })
    const all = await place.toxResults.of(tested)
    t.match(all.at(-1), { sha256: sha256(body('b')), by: 'carol' }, `after ${step} steps`)
  }
  t.same(seen, new Set([0, 1]), 'both were met')
})
