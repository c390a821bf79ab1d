/** Documentation: replaced whole, found by version, served out of its archive, carried along. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { docFilename } from '../../src/spec/doc-filename.ts'
import { releaseVersion, type ReleaseVersion } from '../../src/spec/release-version.ts'
import { docsOf, docZip, placeAt, type Place } from '../fixtures/beside.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { noise } from '../fixtures/dist.ts'
import { craftZip } from '../fixtures/hostile.ts'
import { bytesOf, nameOf } from '../fixtures/index-contract.ts'
import { interrupted } from '../fixtures/interrupted.ts'

const hello = nameOf('hello')
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const zip = docZip({ 'a/b.html': 'b' })
const other = docZip({ 'a/b.html': 'other' })

const put = async (place: Place, bytes: Buffer, version = '1.0') =>
  place.docs.put(await docsOf(place, bytes, { version }))

/** The text of a file of documentation. */
const page = async ({ docs }: Place, version: string, path = 'a/b.html') => {
  const found = await docs.member(hello, version, path)
  return found && String(await bytesOf(found))
}

const pathOf = ({ layout }: Place, text: string): string => {
  const version = releaseVersion(text) as ReleaseVersion
  return layout.docs(hello, docFilename(hello, version) ?? ('' as never))
}

/** All that lies anywhere of documentation. */
const kept = async ({ layout }: Place): Promise<string[]> => {
  const facts = layout.docsFact(hello)
  const aside = existsSync(layout.temporary) ? await readdir(layout.temporary) : []
  return [...(existsSync(facts) ? await readdir(facts) : []), ...aside]
}

t.test('documentation lies beside the files, with all that is known of it', async t => {
  const place = placeAt(directoryOf(t))
  const { docs, outcome } = await put(place, zip)
  const digest = sha256(zip)
  t.equal(outcome, 'stored')
  t.match(docs, {
    name: 'hello',
    version: '1.0',
    filename: 'hello-1.0.doc.zip',
    path: join(place.layout.root, 'hello', 'hello-1.0.doc.zip'),
    url: `alice/dev/+f/${digest.slice(0, 3)}/${digest.slice(3, 16)}/hello-1.0.doc.zip`,
    sha256: digest,
    size: zip.length,
    by: 'alice',
    history: [{ what: 'upload', who: 'alice', dst: 'alice/dev' }],
  })
  const elsewhere = placeAt(join(place.layout.root, '..', '..')).docs
  t.same(await elsewhere.get(hello, '1.0'), docs, 'for another process, too')
  t.same(await elsewhere.versions(hello), ['1.0'])
  t.same(await elsewhere.find(digest.slice(0, 16), 'hello-1.0.doc.zip'), docs)
  t.equal(await elsewhere.find('0'.repeat(16), 'hello-1.0.doc.zip'), undefined)
  t.equal(await elsewhere.find(digest.slice(0, 16), '../hello-1.0.doc.zip'), undefined)
  const whole = await elsewhere.open(docs)
  t.equal(whole?.etag, `"${digest}"`)
  t.equal((await bytesOf(whole)).equals(zip), true)
})

t.test('it is replaced whole, and says so', async t => {
  const place = placeAt(directoryOf(t))
  const { docs: first } = await put(place, zip)
  t.equal(await page(place, '1.0'), 'b')
  const { docs, outcome } = await put(place, other)
  t.equal(outcome, 'replaced')
  t.equal(await page(place, '1.0'), 'other')
  t.match(docs.history, [{ what: 'overwrite', count: 1 }, { what: 'upload' }])
  t.equal(await place.docs.open(first), undefined, 'the old one is gone')
  t.equal((await put(place, other)).outcome, 'same')
  t.match((await put(place, zip)).docs.history, [{ what: 'overwrite', count: 2 }])
  t.equal((await kept(place)).length, 1, 'nothing of the former ones is left')
})

t.test('of several at once the first stays where none may be replaced (fault P15)', async t => {
  const root = directoryOf(t)
  const done = await Promise.allSettled(
    Array.from({ length: 5 }, async (_, at) => {
      const place = placeAt(root)
      const docs = await docsOf(place, docZip({ 'a/b.html': `${at}` }), { version: '1.0' })
      return place.docs.put({ ...docs, replace: false })
    }),
  )
  const taken = done.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))
  t.match(taken, [{ outcome: 'stored' }])
  for (const each of done) if (each.status === 'rejected') t.match(each.reason, { status: 409 })
  const place = placeAt(root)
  t.equal((await place.docs.get(hello, '1.0'))?.sha256, taken[0]?.docs.sha256)
  t.equal((await kept(place)).length, 1, 'nothing of the others is left')
})

t.test('what is refused changes nothing (P11, P30)', async t => {
  const place = placeAt(directoryOf(t))
  await put(place, zip)
  const before = await place.docs.get(hello, '1.0')
  const hostile = craftZip([{ name: '../index.html', data: 'x' }])
  await t.rejects(put(place, hostile), { message: /the documentation is refused: .*leads out/ })
  await t.rejects(put(place, Buffer.from('x')), { message: /refused/ })
  await t.rejects(put(place, zip, '../1.0'), { message: /version of documentation/ })
  t.same(await place.docs.get(hello, '1.0'), before)
  t.equal((await kept(place)).length, 1)
})

t.test('latest and stable are the newest that have documentation', async t => {
  const place = placeAt(directoryOf(t))
  t.equal(await page(place, 'latest'), undefined)
  for (const version of ['1.0', '1.10', '1.9', '2.0a1'])
    await put(place, docZip({ 'a/b.html': version }), version)
  await put(place, craftZip([{ name: 'a/b.html', data: 'no front page' }]), '3.0')
  t.equal(await page(place, 'latest'), '2.0a1')
  t.equal(await page(place, 'stable'), '1.10')
  t.equal(await page(place, '1.9'), '1.9')
  t.equal(await page(place, '3.0'), undefined, 'without index.html it does not count')
  t.ok(await place.docs.get(hello, '3.0'), 'but it is kept')
  await place.docs.remove(hello, '1.10')
  t.equal(await page(place, 'stable'), '1.9')
  t.same(await place.docs.versions(hello), ['3.0', '2.0a1', '1.9', '1.0'])
})

t.test('only what stands in the archive is served (X01)', async t => {
  const place = placeAt(directoryOf(t))
  await put(place, zip)
  for (const path of [
    '',
    '/',
    'a',
    'a/',
    'a/b.html/',
    '../hello-1.0.doc.zip',
    'A/B.HTML',
    '__proto__',
  ])
    t.equal(await page(place, '1.0', path), undefined, path)
  for (const version of ['1.0.0', '../1.0', '', '.', 'constructor'])
    t.equal(await page(place, version), undefined, version)
})

t.test('a large file is unpacked while it is read, in any part', async t => {
  const place = placeAt(directoryOf(t))
  const large = Buffer.concat([noise(300_000), Buffer.alloc(200_000, 'x')])
  const members = { 'index.html': 'x', 'packed.bin': large }
  const bytes = craftZip([
    ...Object.entries(members).map(([name, data]) => ({ name, data })),
    { name: 'stored.bin', data: large, stored: true },
  ])
  const { docs } = await put(place, bytes)
  for (const path of ['packed.bin', 'stored.bin']) {
    const found = await place.docs.member(hello, '1.0', path)
    t.match(found, { size: large.length, etag: `"${docs.sha256}"`, whole: true })
    t.equal((await bytesOf(found)).equals(large), true, path)
    for (const [start, end] of [
      [0, 1],
      [65_535, 65_537],
      [299_990, 300_010],
      [499_999, 500_000],
      [123_456, 456_789],
    ] as const)
      t.equal(
        (await bytesOf(found, start, end)).equals(large.subarray(start, end)),
        true,
        `${start}`,
      )
  }
})

t.test('a damaged file is an error, and never more than its header says', async t => {
  const place = placeAt(directoryOf(t))
  const data = noise(200_000)
  const bytes = craftZip([
    { name: 'index.html', data: 'x', claims: { crc: 1 } },
    { name: 'large.bin', data, claims: { crc: 1 } },
  ])
  await put(place, bytes)
  await t.rejects(page(place, '1.0', 'index.html'), { message: /is damaged/ })
  const large = await place.docs.member(hello, '1.0', 'large.bin')
  await t.rejects(bytesOf(large), { message: /is damaged/ })
})

t.test('a person may put documentation there; what is broken or no file is none', async t => {
  const directory = directoryOf(t)
  const place = placeAt(directory)
  await mkdir(join(place.layout.root, 'hello'), { recursive: true })
  await writeFile(pathOf(place, '1.0'), zip)
  t.equal(await page(place, '1.0'), 'b')
  t.match(await place.docs.get(hello, '1.0'), { by: undefined, history: [], sha256: sha256(zip) })
  t.match((await put(place, other)).docs.history, [{ what: 'overwrite', count: 1 }])
  await writeFile(pathOf(place, '2.0'), 'still being copied')
  t.equal(await page(place, '2.0'), undefined)
  t.equal(await page(place, 'latest'), 'other', 'a broken one is passed over')
  await writeFile(pathOf(place, '2.0'), zip)
  t.equal(await page(place, '2.0'), 'b', 'until it is whole')
  await mkdir(pathOf(place, '3.0'))
  await symlink(join(directory, 'elsewhere.zip'), pathOf(place, '4.0'))
  await writeFile(join(directory, 'elsewhere.zip'), zip)
  for (const version of ['3.0', '4.0']) {
    t.equal(await place.docs.get(hello, version), undefined)
    t.equal(await page(place, version), undefined)
  }
})

t.test('what is replaced by hand is not what was uploaded', async t => {
  const place = placeAt(directoryOf(t))
  await put(place, zip)
  await writeFile(join(place.layout.temporary, 'x'), other)
  await rename(join(place.layout.temporary, 'x'), pathOf(place, '1.0'))
  t.match(await place.docs.get(hello, '1.0'), { sha256: sha256(other), by: undefined, history: [] })
  t.equal(await page(place, '1.0'), 'other')
  await truncate(pathOf(place, '1.0'), 10)
  t.equal(await page(place, '1.0'), undefined)
})

t.test('it is removed for good, alone or with all of a project', async t => {
  const place = placeAt(directoryOf(t))
  for (const version of ['1.0', '2.0', '3.0']) await put(place, zip, version)
  await place.docs.remove(hello, '1.0')
  await place.docs.remove(hello, '1.0')
  await place.docs.remove(hello, '../1.0')
  t.same(await place.docs.versions(hello), ['3.0', '2.0'])
  t.equal((await kept(place)).length, 2)
  await place.docs.remove(hello)
  t.same(await place.docs.versions(hello), [])
  t.same(await kept(place), [])
})

t.test('another index gets the same bytes, not a copy of them', async t => {
  const directory = directoryOf(t)
  const [dev, prod] = [placeAt(directory, 'alice/dev'), placeAt(directory, 'bob/prod')]
  t.equal(await dev.docs.copyTo(hello, '1.0', prod.docs, { by: 'bob' }), undefined)
  const { docs } = await put(dev, zip)
  const copied = await dev.docs.copyTo(hello, '1.0', prod.docs, { by: 'bob' })
  t.match(copied, { outcome: 'stored', docs: { sha256: docs.sha256, by: 'bob' } })
  t.match(copied?.docs.url, /^bob\/prod\/\+f\//)
  t.match(copied?.docs.history, [
    { what: 'upload', who: 'alice', dst: 'alice/dev' },
    { what: 'push', who: 'bob', src: 'alice/dev', dst: 'bob/prod' },
  ])
  t.equal((await stat(docs.path)).ino, (await stat(copied?.docs.path ?? '')).ino)
  const kindly = { by: 'bob', replace: false }
  t.equal((await dev.docs.copyTo(hello, '1.0', prod.docs, kindly))?.outcome, 'same')
  await put(dev, other)
  await t.rejects(dev.docs.copyTo(hello, '1.0', prod.docs, kindly), { message: /other bytes/ })
  t.equal((await kept(prod)).length, 1, 'nothing stays aside')
  t.equal(await page(prod, '1.0'), 'b', 'what becomes of the one does not touch the other')
  t.match(await dev.docs.copyTo(hello, '1.0', prod.docs, { by: 'bob' }), { outcome: 'replaced' })
  t.equal(await page(prod, '1.0'), 'other')
  t.equal((await kept(prod)).length, 1)
})

t.test('of several that publish at once one is there whole, with its own history', async t => {
  const directory = directoryOf(t)
  const archives = [1, 2, 3, 4].map(number => docZip({ 'a/b.html': `${number}` }))
  await Promise.all(
    archives.map(async (bytes, at) => {
      const place = placeAt(directory)
      return place.docs.put(await docsOf(place, bytes, { by: `user${at + 1}` }))
    }),
  )
  const place = placeAt(directory)
  const docs = await place.docs.get(hello, '1.0')
  const number = await page(place, '1.0')
  t.equal(docs?.by, `user${number}`)
  t.match(docs?.history[0], { what: 'overwrite', count: 3 })
  t.equal((await kept(place)).length, 1)
})

t.test('whoever is killed leaves the old or the new, with what is known of it (P17)', async t => {
  const seen = new Set<string | undefined>()
  const root = directoryOf(t)
  for (let step = 0, isDone = false; !isDone; step++) {
    const directory = join(root, `${step}`)
    await put(placeAt(directory), zip)
    const upload = await docsOf(placeAt(directory), other, { by: 'bob' })
    isDone = await interrupted(step, () => placeAt(directory).docs.put(upload))
    const place = placeAt(directory)
    const text = await page(place, '1.0')
    seen.add(text)
    const isNew = text === 'other'
    t.match(
      await place.docs.get(hello, '1.0'),
      isNew ?
        { sha256: sha256(other), by: 'bob', history: [{ count: 1 }, { who: 'bob' }] }
      : { sha256: sha256(zip), by: 'alice', history: [{ who: 'alice' }] },
      `after ${step} steps`,
    )
    t.equal((await put(place, other)).docs.sha256, sha256(other), 'and can go on')
    t.equal(await page(place, '1.0'), 'other')
  }
  t.same(seen, new Set(['b', 'other']), 'both were met')
})

t.test('whoever is killed while removing leaves all of it or nothing', async t => {
  const seen = new Set<string | undefined>()
  const root = directoryOf(t)
  for (let step = 0, isDone = false; !isDone; step++) {
    const directory = join(root, `${step}`)
    await put(placeAt(directory), zip)
    isDone = await interrupted(step, () => placeAt(directory).docs.remove(hello, '1.0'))
    const place = placeAt(directory)
    const text = await page(place, '1.0')
    seen.add(text)
    t.equal((await place.docs.get(hello, '1.0'))?.by, text === undefined ? undefined : 'alice')
    t.equal((await put(place, zip)).docs.by, 'alice', 'and can go on')
  }
  t.same(seen, new Set(['b', undefined]), 'both were met')
})
