import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { isComplete } from '../../src/archive/complete.ts'
import { makeSdist, makeWheel, makeZip, noise } from '../fixtures/dist.ts'

const complete = async (t: Test, bytes: Buffer, filename: string) => {
  const path = join(t.testdir(), 'file')
  await writeFile(path, bytes)
  return isComplete(path, filename)
}

const wheel = makeWheel({ name: 'foo', version: '1.0', size: 200_000 })
const sdist = makeSdist({ name: 'foo', version: '1.0' })
const zip = makeSdist({ name: 'foo', version: '1.0', format: 'zip' })

t.test('whole archives are complete', async t => {
  t.equal(await complete(t, wheel.bytes, wheel.filename), true)
  t.equal(await complete(t, wheel.bytes, 'foo-1.0-py2.7.egg'), true)
  t.equal(await complete(t, sdist.bytes, sdist.filename), true)
  t.equal(await complete(t, sdist.bytes, 'foo-1.0.tgz'), true)
  t.equal(await complete(t, zip.bytes, 'foo-1.0.ZIP'), true)
  const files = Array.from({ length: 3000 }, (_, at) => ({ name: `foo/${at}`, data: 'x' }))
  t.equal(await complete(t, makeZip(files), 'foo-1.0.zip'), true, 'many entries')
  t.equal(await complete(t, makeZip(files, { zip64: true }), 'foo-1.0.zip'), true, 'zip64')
  const executable = Buffer.concat([Buffer.from('#!/bin/sh\n'), zip.bytes])
  t.equal(await complete(t, executable, 'foo-1.0.egg'), true, 'something in front')
})

t.test('a file that is still being copied is not (fault S22)', async t => {
  for (const { bytes, filename } of [wheel, sdist, zip]) {
    for (const share of [0, 0.1, 0.5, 0.9])
      t.equal(await complete(t, bytes.subarray(0, bytes.length * share), filename), false)
    t.equal(await complete(t, bytes.subarray(0, -1), filename), false, 'one byte is missing')
    const reserved = Buffer.alloc(bytes.length)
    bytes.copy(reserved, 0, 0, bytes.length / 2)
    t.equal(await complete(t, reserved, filename), false, 'its room is reserved')
  }
})

t.test('an archive inside does not count as the end', async t => {
  const outer = makeZip([{ name: 'inner.zip', data: zip.bytes, stored: true }])
  const cut = outer.subarray(0, outer.indexOf('PK\x05\x06') + 30)
  t.equal(await complete(t, cut, 'foo-1.0.zip'), false)
})

t.test('a central directory that does not fit is not one', async t => {
  const claims = { offset: 0x7fffffff }
  t.equal(await complete(t, makeZip([{ name: 'a', data: 'x', claims }]), 'foo-1.0.zip'), false)
  t.equal(await complete(t, makeZip([{ name: 'a', data: 'x' }], { count: 3 }), 'a-1.zip'), false)
  const damaged = makeZip([{ name: 'a', data: 'x' }])
  damaged.writeUInt32LE(0x7fffffff, damaged.length - 10)
  t.equal(await complete(t, damaged, 'foo-1.0.zip'), false)
})

t.test('a changed byte in a gzip file shows', async t => {
  const bytes = gzipSync(noise(100_000))
  bytes[50_000]! ^= 1
  t.equal(await complete(t, bytes, 'foo-1.0.tar.gz'), false)
  t.equal(await complete(t, noise(1000), 'foo-1.0.tar.gz'), false, 'no gzip file at all')
})

t.test('a bomb is believed after a while', async t => {
  const part = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  const bomb = Buffer.concat(Array.from({ length: 17 }, () => part))
  t.equal(await complete(t, Buffer.concat([bomb, noise(10)]), 'foo-1.0.tar.gz'), true)
})

t.test('other kinds cannot be told', async t => {
  t.equal(await complete(t, noise(10), 'foo-1.0.tar.bz2'), true)
  t.equal(await complete(t, noise(10), 'foo-1.0.exe'), true)
})

t.test('what is gone or no plain file is not complete', async t => {
  const directory = t.testdir({ link: t.fixture('symlink', 'x') })
  await mkdir(join(directory, 'sub'))
  t.equal(await isComplete(join(directory, 'none'), wheel.filename), false)
  t.equal(await isComplete(join(directory, 'sub'), sdist.filename), false)
  t.equal(await isComplete(join(directory, 'link'), sdist.filename), false)
  await t.rejects(isComplete(join(directory, 'x'.repeat(300)), wheel.filename), {
    code: 'ENAMETOOLONG',
  })
})
