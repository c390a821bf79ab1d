import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { ArchiveError } from '../../src/archive/archive-error.ts'
import { inspect } from '../../src/archive/inspect.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { makeSdist, makeTar, makeWheel, noise } from '../fixtures/dist.ts'
import { craftZip } from '../fixtures/hostile.ts'

const directory = t.testdir({ link: t.fixture('symlink', 'x') })

const look = async (bytes: Buffer, filename: string, size = bytes.length) => {
  const path = join(directory, filename)
  await writeFile(path, bytes)
  return inspect(path, distFilename(filename) as Filename, size)
}

const refused = async (t: Test, work: Promise<unknown>, why: RegExp) => {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (t.ok(error instanceof ArchiveError, `${String(error)} is an ArchiveError`))
    t.match((error as Error).message, why)
}

t.test('kinds that are not unpacked begin as they should (UP-21)', async t => {
  for (const [filename, kind, ...begins] of [
    ['foo-1.0.tar.bz2', 'sdist', 'BZh9'],
    ['foo-1.0.tbz', 'sdist', 'BZh9'],
    ['foo-1.0.tar.xz', 'sdist', '\xfd7zXZ\0'],
    ['foo-1.0.txz', 'sdist', '\xfd7zXZ\0'],
    ['foo-1.0.tar.Z', 'sdist', '\x1f\x9d', '\x1f\xa0'],
    ['foo-1.0.tar.lz', 'sdist', 'LZIP'],
    ['foo-1.0.tlz', 'sdist', 'LZIP', ']\0\0'],
    ['foo-1.0.tar.lzma', 'sdist', ']\0\0'],
    ['foo-1.0.tar.zst', 'sdist', '\x28\xb5\x2f\xfd'],
    ['foo-1.0.linux-x86_64.tar.bz2', 'other', 'BZh9'],
    ['foo-1.0.win32.exe', 'other', 'MZ'],
    ['foo-1.0.win32.msi', 'other', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
    ['foo-1.0-1.noarch.rpm', 'other', '\xed\xab\xee\xdb'],
    ['foo-1.0.deb', 'other', '!<arch>\n'],
  ] as const) {
    for (const begin of begins) {
      const bytes = Buffer.concat([Buffer.from(begin, 'latin1'), noise(100)])
      t.strictSame(await look(bytes, filename), { kind }, filename)
    }
    await refused(t, look(noise(100), filename), /does not begin like a/)
    await refused(t, look(Buffer.alloc(0), filename), /is empty/)
  }
  t.strictSame(await look(noise(10), 'foo-1.0.dmg'), { kind: 'other' })
  await refused(t, look(Buffer.alloc(0), 'foo-1.0.dmg'), /is empty/)
  const installer = Buffer.concat([Buffer.from('MZ'), craftZip([{ name: 'PURELIB/foo.py' }])])
  t.ok(await look(installer, 'foo-1.0.win32.exe'), 'wininst is both by its nature')
})

t.test('no archive, another one, or two in one are refused (fault P13)', async t => {
  const wheel = makeWheel({ name: 'foo', version: '1.0' })
  const sdist = makeSdist({ name: 'foo', version: '1.0' })
  const html = Buffer.from(`<!DOCTYPE html>${' '.repeat(1000)}`)
  for (const filename of [
    wheel.filename,
    sdist.filename,
    'foo-1.0.zip',
    'foo-1.0.tar',
    'foo-1.0.egg',
  ]) {
    await refused(t, look(html, filename), /./)
    await refused(t, look(Buffer.alloc(0), filename), /./)
  }
  await refused(t, look(wheel.bytes, sdist.filename), /a ZIP archive as well/)
  await refused(t, look(sdist.bytes, wheel.filename), /end of the ZIP archive is missing/)

  const zip = craftZip([{ name: 'foo-1.0/PKG-INFO', data: 'x' }])
  for (const filename of [
    'foo-1.0.tar.gz',
    'foo-1.0.tgz',
    'foo-1.0.tar',
    'foo-1.0.tar.bz2',
    'foo-1.0.msi',
  ]) {
    const begin = filename.endsWith('.tar') ? makeTar([]) : sdist.bytes
    await refused(t, look(Buffer.concat([begin, zip]), filename), /a ZIP archive as well/)
  }
  const inTar = gzipSync(makeTar([{ name: 'foo-1.0/PKG-INFO', data: 'x' }]), { level: 0 })
  t.ok(await look(inTar, 'foo-1.0.tar.gz'))
  const tests = makeTar([
    { name: 'foo-1.0/PKG-INFO', data: 'x' },
    { name: 'foo-1.0/test.zip', data: zip },
  ])
  t.ok(await look(tests, 'foo-1.0.tar'), 'an archive within is none of its own')
})

t.test(
  'a ZIP archive whose first header is that of a tar archive is refused (fault P13)',
  async t => {
    const name = `foo-1.0/${'x'.repeat(600)}`
    const bytes = craftZip([
      { name, data: 'x' },
      { name: 'foo-1.0/PKG-INFO', data: 'x' },
    ])
    t.ok(await look(bytes, 'foo-1.0.zip'))
    // The checksum of a tar header stands at 148, within the long name, in both places.
    const both = (write: (header: Buffer) => void) => {
      const directory = bytes.indexOf('PK\x01\x02')
      write(bytes.subarray(30, 30 + name.length))
      write(bytes.subarray(directory + 46, directory + 46 + name.length))
    }
    both(header => header.write('      xx', 148 - 30))
    const sum = [...bytes.subarray(0, 512)].reduce(
      (total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte),
      0,
    )
    both(header => header.write(`${sum.toString(8).padStart(7, '0')} `, 148 - 30))
    await refused(t, look(bytes, 'foo-1.0.zip'), /a tar archive as well/)
  },
)

t.test('a file that is not the one that was received', async t => {
  const { bytes, filename } = makeWheel({ name: 'foo', version: '1.0' })
  await refused(t, look(bytes, filename, bytes.length + 1), /does not have its \d+ bytes/)
  const name = distFilename(filename) as Filename
  await t.rejects(inspect(join(directory, 'none'), name, 1), { code: 'ENOENT' })
  await t.rejects(inspect(join(directory, 'link'), name, 1), { code: 'ELOOP' })
  await mkdir(join(directory, 'sub'))
  await refused(t, inspect(join(directory, 'sub'), name, 1), /no plain file/)
})
