import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ArchiveError } from '../../src/archive/archive-error.ts'
import { withFile } from '../../src/archive/source.ts'
import { largestMetadata, wheelMetadata } from '../../src/archive/wheel.ts'
import { makeWheel, makeZip, noise, type ZipEntry, type ZipOptions } from '../fixtures/dist.ts'

const refused = async (t: Test, work: Promise<unknown>, why: RegExp = /./) => {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (t.ok(error instanceof ArchiveError, `${String(error)} is an ArchiveError`))
    t.match((error as Error).message, why)
}

/** A source in memory that remembers what was read. */
const inMemory = (bytes: Buffer) => {
  const reads: number[] = []
  const read = async (start: number, length: number) => {
    reads.push(length)
    return bytes.subarray(start, start + length)
  }
  return { size: bytes.length, read, reads }
}

const filename = 'foo-1.0-py3-none-any.whl'
const metadata: ZipEntry = {
  name: 'foo-1.0.dist-info/METADATA',
  data: 'Metadata-Version: 2.1\nName: foo\n',
}
const of = (entries: ZipEntry[], options?: ZipOptions) =>
  wheelMetadata(inMemory(makeZip(entries, options)), filename)

t.test('METADATA comes out byte for byte', async t => {
  const extra = 'Summary: caf\u00e9\r\n\nA description\r\n'
  const wheel = makeWheel({ name: 'Foo.Bar', version: '1.0', build: '1a', extra })
  const bytes = await wheelMetadata(inMemory(wheel.bytes), wheel.filename)
  t.equal(bytes?.toString(), wheel.metadata)

  const path = join(t.testdir(), wheel.filename)
  await writeFile(path, wheel.bytes)
  const fromDisk = await withFile(path, source => wheelMetadata(source, wheel.filename))
  t.equal(fromDisk?.toString(), wheel.metadata)
})

t.test('stored METADATA, zip64 archives and comments are read', async t => {
  t.equal((await of([{ ...metadata, stored: true }]))?.toString(), metadata.data)
  t.equal((await of([metadata], { zip64: true }))?.toString(), metadata.data)
  t.equal((await of([metadata], { comment: noise(65_535) }))?.toString(), metadata.data)
  t.same(await of([{ ...metadata, data: '' }]), Buffer.alloc(0))
})

t.test('the directory may spell the name in another way', async t => {
  const entry = { ...metadata, name: 'Foo-Bar-1.0.dist-info/METADATA' }
  const source = inMemory(makeZip([entry]))
  t.equal((await wheelMetadata(source, 'foo.bar-1.0-py3-none-any.whl'))?.toString(), metadata.data)
})

t.test('a large wheel costs one read, one of many files three', async t => {
  const wheel = makeWheel({ name: 'foo', version: '1.0', size: 3_000_000 })
  const source = inMemory(wheel.bytes)
  await wheelMetadata(source, wheel.filename)
  t.same(source.reads, [72 * 1024])

  const files = Array.from({ length: 3000 }, (_, at) => ({
    name: `foo/module_${at}.py`,
    data: 'x',
  }))
  const many = inMemory(makeZip([metadata, { name: 'a', data: noise(90_000) }, ...files]))
  t.equal((await wheelMetadata(many, filename))?.toString(), metadata.data)
  t.equal(many.reads.length, 3)
  t.ok(many.reads.every(length => length < 300_000))
})

t.test('no METADATA is undefined', async t => {
  t.equal(await of([{ name: 'foo/__init__.py', data: '' }]), undefined)
  t.equal(await of([{ name: 'foo-1.0.dist-info/WHEEL', data: '' }]), undefined)
  t.equal(await of([]), undefined)
  t.equal(await of([{ ...metadata, name: 'foo/_vendor/bar-1.0.dist-info/METADATA' }]), undefined)
})

t.test('an ambiguous wheel is refused (fault P11)', async t => {
  const other = { ...metadata, name: 'bar-1.0.dist-info/METADATA' }
  await refused(t, of([metadata, other]), /more than one/)
  await refused(t, of([metadata, metadata]), /more than one/)
  await refused(t, of([other]), /not of foo/)
  const inner = makeZip([{ ...metadata, data: 'Name: evil\n' }])
  await refused(t, of([metadata], { comment: inner }), /two ends/)
  const shifted = Buffer.concat([Buffer.from('MZ'), makeZip([metadata])])
  await refused(t, wheelMetadata(inMemory(shifted), filename), /not where it should be/)
  const hidden = makeZip([metadata])
  hidden.write('bar', hidden.indexOf('foo-1.0.dist-info'))
  await refused(t, wheelMetadata(inMemory(hidden), filename), /another name in its own header/)
  await refused(t, wheelMetadata(inMemory(hidden), '-.whl'), /not named like a wheel/)
})

t.test('bombs and encrypted files are never unpacked (fault P10)', async t => {
  const bomb = { ...metadata, data: Buffer.alloc(8 * 1024 * 1024) }
  await refused(t, of([bomb]), /bomb/)
  await refused(t, of([{ ...bomb, claims: { size: 100 } }]))
  await refused(t, of([{ ...bomb, claims: { size: 0 } }]))
  const large = { ...metadata, data: noise(largestMetadata + 1) }
  await refused(t, of([large]), /has more than 16777216 bytes/)
  await refused(t, of([{ ...metadata, flags: 1 }]), /encrypted/)
  await refused(t, of([{ ...metadata, flags: 0x40 }]))
  await refused(t, of([{ ...metadata, claims: { method: 12 } }]), /unknown method/)
})

t.test('headers that lie are errors', async t => {
  await refused(t, of([{ ...metadata, claims: { crc: 1 } }]), /damaged/)
  await refused(t, of([{ ...metadata, claims: { offset: 0xfffffff0 } }]))
  await refused(t, of([{ ...metadata, claims: { offset: 3 } }]))
  await refused(t, of([{ ...metadata, claims: { compressed: 5000 } }]))
  await refused(t, of([{ ...metadata, stored: true, claims: { size: 5 } }]))
  await refused(t, of([metadata], { count: 5 }))
  await refused(t, of([metadata], { zip64: true, count: 100_001 }), /more than 100000 entries/)
  await refused(t, of([metadata], { zip64: true, count: Number.MAX_SAFE_INTEGER }))
})

t.test('the end records of zip64 must fit as well', async t => {
  const wide = makeZip([metadata], { zip64: true })
  const record = wide.indexOf('PK\x06\x06')
  const locator = wide.indexOf('PK\x06\x07')
  const broken = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(wide)
    change(bytes)
    return wheelMetadata(inMemory(bytes), filename)
  }
  await refused(
    t,
    broken(bytes => bytes.fill(0xff, locator + 8, locator + 16)),
    /does not fit/,
  )
  await refused(
    t,
    broken(bytes => bytes.writeUInt8(1, locator + 8)),
    /is missing/,
  )
  await refused(
    t,
    broken(bytes => bytes.fill(0xff, record + 40, record + 48)),
    /does not fit/,
  )
  await refused(
    t,
    broken(bytes => bytes.fill(0xff, record + 48, record + 56)),
    /does not fit/,
  )
})

t.test('a wheel that is cut anywhere is an error', async t => {
  const { bytes } = makeWheel({ name: 'foo', version: '1.0' })
  for (let length = 0; length < bytes.length; length += 7)
    await refused(t, wheelMetadata(inMemory(bytes.subarray(0, length)), filename))
})

t.test('what the source throws comes through, a short read is an error', async t => {
  const { bytes } = makeWheel({ name: 'foo', version: '1.0' })
  const failure = new Error('connection reset')
  const failing = { size: bytes.length, read: () => Promise.reject(failure) }
  t.equal(await wheelMetadata(failing, filename).catch((error: unknown) => error), failure)
  const short = { size: bytes.length, read: async () => bytes.subarray(0, 10) }
  await refused(t, wheelMetadata(short, filename), /shorter than it says/)
})

t.test('only plain files are read (rule R12)', async t => {
  const directory = t.testdir({ sub: {}, link: t.fixture('symlink', 'sub') })
  await refused(
    t,
    withFile(join(directory, 'sub'), async () => 1),
    /no plain file/,
  )
  await t.rejects(
    withFile(join(directory, 'link'), async () => 1),
    { code: 'ELOOP' },
  )
  await t.rejects(
    withFile(join(directory, 'none'), async () => 1),
    { code: 'ENOENT' },
  )
})

t.test(
  'no mutation of a wheel crashes, hangs, or yields other bytes than some METADATA',
  async t => {
    const wheel = makeWheel({ name: 'foo', version: '1.0', size: 2000 })
    let seed = 1
    const random = (below: number) => {
      seed = createHash('sha256').update(`${seed}`).digest().readUInt32LE(0)
      return seed % below
    }
    const seen = { read: 0, refused: 0 }
    for (let round = 0; round < 4000; round++) {
      const bytes = Buffer.from(wheel.bytes)
      // Most of the structure is at the end.
      const from = round % 2 === 0 ? 0 : bytes.length - 400
      for (let changes = 1 + random(4); changes > 0; changes--)
        bytes[from + random(bytes.length - from)] = random(4) === 0 ? 0xff : random(256)
      try {
        const found = await wheelMetadata(inMemory(bytes), wheel.filename)
        if (found !== undefined && found.toString() !== wheel.metadata)
          t.fail(`round ${round} read ${found.length} bytes of something else`)
        seen.read++
      } catch (error) {
        if (!(error instanceof ArchiveError) || error.message.includes('\n')) throw error
        seen.refused++
      }
    }
    t.ok(seen.read > 100 && seen.refused > 100, 'both happened')
  },
)
