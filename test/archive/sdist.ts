import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { ArchiveError } from '../../src/archive/archive-error.ts'
import { sdistMetadata } from '../../src/archive/sdist.ts'
import { makeSdist, makeTar, makeZip, noise, type TarEntry } from '../fixtures/dist.ts'

const written = async (t: Test, bytes: Buffer, filename = 'foo-1.0.tar.gz') => {
  const path = join(t.testdir(), filename)
  await writeFile(path, bytes)
  return path
}

const inTar = async (t: Test, entries: TarEntry[]) =>
  (await sdistMetadata(await written(t, gzipSync(makeTar(entries)))))?.toString()

const refused = async (t: Test, work: Promise<unknown>, why: RegExp) => {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (t.ok(error instanceof ArchiveError, `${String(error)} is an ArchiveError`))
    t.match((error as Error).message, why)
}

t.test('PKG-INFO is found in each kind of sdist that we read', async t => {
  for (const format of ['tar.gz', 'zip'] as const) {
    const sdist = makeSdist({ name: 'Foo.Bar', version: '1.0', format, requiresPython: '>=3.9' })
    const path = await written(t, sdist.bytes, sdist.filename)
    t.equal((await sdistMetadata(path))?.toString(), sdist.metadata, format)
  }
  const sdist = makeSdist({ name: 'foo', version: '1.0' })
  const path = await written(t, sdist.bytes, 'foo-1.0.TGZ')
  t.equal((await sdistMetadata(path))?.toString(), sdist.metadata, 'in any case')
})

t.test('only the one of the top directory counts', async t => {
  const nested = { name: 'foo-1.0/foo.egg-info/PKG-INFO', data: 'wrong' }
  t.equal(await inTar(t, [nested]), undefined)
  t.equal(await inTar(t, [{ name: 'PKG-INFO', data: 'wrong' }]), undefined)
  t.equal(await inTar(t, [nested, { name: 'foo-1.0/PKG-INFO', data: 'right' }]), 'right')
  t.equal(await inTar(t, [{ name: './foo-1.0/PKG-INFO', data: 'right' }]), 'right')
  t.equal(await inTar(t, [{ name: 'foo-1.0/PKG-INFO', data: '' }]), '')
  const zip = makeZip([nested])
  t.equal(await sdistMetadata(await written(t, zip, 'foo-1.0.zip')), undefined)
})

t.test('a long way to PKG-INFO is gone without holding it in memory', async t => {
  const filler = { name: 'foo-1.0/data.bin', data: noise(5_000_000) }
  t.equal(await inTar(t, [filler, { name: 'foo-1.0/PKG-INFO', data: 'right' }]), 'right')
})

t.test('other kinds have none', async t => {
  t.equal(await sdistMetadata(await written(t, noise(100), 'foo-1.0.tar.bz2')), undefined)
  t.equal(await sdistMetadata(await written(t, noise(100), 'foo-1.0.tar')), undefined)
  t.equal(await sdistMetadata(await written(t, noise(100), 'foo')), undefined)
})

t.test('links and devices of that name are passed over (fault P12)', async t => {
  const link = { name: 'foo-1.0/PKG-INFO', type: '2', link: '/etc/passwd' }
  t.equal(await inTar(t, [link]), undefined)
  t.equal(await inTar(t, [{ name: 'foo-1.0/PKG-INFO', type: '3' }]), undefined)
  t.equal(await inTar(t, [{ name: '../../foo/PKG-INFO', data: 'x' }]), undefined)
})

t.test('a hostile tar is an error or nothing (fault P12)', async t => {
  const huge = { name: 'foo-1.0/PKG-INFO', data: 'x', size: 0o77777777777 }
  await refused(t, inTar(t, [huge]), /more than 16777216 bytes/)
  t.equal(await inTar(t, [{ name: 'foo-1.0/x', data: 'x', size: 0o77777777777 }]), undefined)
  const many = Array.from({ length: 100_001 }, () => ({ name: 'a' }))
  await refused(t, inTar(t, many), /more than 100000 entries/)
  const twice = gzipSync(gzipSync(makeTar([{ name: 'foo-1.0/PKG-INFO', data: 'x' }])))
  await refused(t, sdistMetadata(await written(t, twice)), /packed twice/)
  t.equal(await sdistMetadata(await written(t, gzipSync(noise(50_000)))), undefined)
})

t.test('an endless tar is given up (fault P12)', async t => {
  const header = makeTar([{ name: 'foo-1.0/zeros', size: 0o77777777777 }]).subarray(0, 512)
  const part = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  const bomb = Buffer.concat([gzipSync(header), ...Array.from({ length: 10 }, () => part)])
  await refused(t, sdistMetadata(await written(t, bomb)), /unpacks to more than 536870912 bytes/)
})

t.test('what follows the end of a tar is not unpacked', async t => {
  const tar = gzipSync(makeTar([{ name: 'foo-1.0/x', data: 'x' }]))
  const part = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  const bytes = Buffer.concat([tar, ...Array.from({ length: 10 }, () => part)])
  t.equal(await sdistMetadata(await written(t, bytes)), undefined)
})

t.test('what is cut short or no gzip file is an error', async t => {
  const bytes = gzipSync(makeTar([{ name: 'foo-1.0/data', data: noise(5000) }]))
  await refused(t, sdistMetadata(await written(t, bytes.subarray(0, 2000))), /unexpected end/)
  await refused(t, sdistMetadata(await written(t, noise(2000))), /incorrect header/)
  await refused(t, sdistMetadata(await written(t, noise(2000), 'foo-1.0.zip')), /missing/)
})

t.test('system errors come through', async t => {
  const directory = t.testdir()
  await t.rejects(sdistMetadata(join(directory, 'foo-1.0.tar.gz')), { code: 'ENOENT' })
  await mkdir(join(directory, 'foo-2.0.tar.gz'))
  await refused(t, sdistMetadata(join(directory, 'foo-2.0.tar.gz')), /no plain file/)
})
