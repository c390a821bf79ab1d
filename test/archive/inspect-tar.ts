import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { ArchiveError } from '../../src/archive/archive-error.ts'
import { inspect } from '../../src/archive/inspect.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { makeSdist, makeTar, noise, type TarEntry } from '../fixtures/dist.ts'
import { paxData, withChecksums } from '../fixtures/hostile.ts'

const directory = t.testdir()
const sdistName = 'foo-1.0.tar.gz'

const look = async (bytes: Buffer, filename = sdistName) => {
  const path = join(directory, filename)
  await writeFile(path, bytes)
  return inspect(path, distFilename(filename) as Filename, bytes.length)
}

const refused = async (t: Test, bytes: Buffer, why: RegExp, filename = sdistName) => {
  const error: unknown = await look(bytes, filename).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!t.ok(error instanceof ArchiveError, `${String(error)}: refused for ${why}`)) return
  t.match((error as Error).message, why)
  t.match((error as Error).message, /^[\x20-\x7e]{1,300}$/, 'one plain line')
}

const metadata = 'Metadata-Version: 1.0\nName: foo\n'
const info: TarEntry = { name: 'foo-1.0/PKG-INFO', data: metadata }
const packed = (entries: readonly TarEntry[]) => gzipSync(makeTar(entries))

/** An sdist that is in order but for these members in front. */
const withMembers = (...entries: TarEntry[]) => packed([...entries, info])

/** A tar archive with a header changed; its checksum is made right again. */
const changed = (entries: readonly TarEntry[], change: (header: Buffer) => void) => {
  const tar = makeTar(entries)
  change(tar.subarray(0, 512))
  return gzipSync(withChecksums(tar))
}

t.test('an honest sdist gives the PKG-INFO of its top directory', async t => {
  const sdist = makeSdist({ name: 'Foo.Bar', version: '1.0', setupPy: true })
  const found = await look(sdist.bytes, sdist.filename)
  t.equal(found.kind, 'sdist')
  t.equal(found.metadata?.toString(), sdist.metadata)
  t.ok(await look(sdist.bytes, 'foo-1.0.TGZ'))
  t.equal((await look(makeTar([info]), 'foo-1.0.tar')).metadata?.toString(), metadata)
  const nested = { name: 'foo-1.0/foo.egg-info/PKG-INFO', data: 'nested' }
  t.equal((await look(withMembers(nested))).metadata?.toString(), metadata)
  t.same((await look(packed([{ ...info, data: '' }]))).metadata, Buffer.alloc(0))
})

t.test('what real tools write is accepted', async t => {
  const folder = { name: 'foo-1.0/', type: '5' }
  t.ok(await look(withMembers(folder, { name: './foo-1.0/a' })), 'paths with ./')
  t.ok(await look(withMembers({ name: './', type: '5' })), 'the root itself')
  t.ok(await look(withMembers({ name: 'foo-1.0/x\\x2d.service', data: 'x' })), 'a backslash')
  t.ok(await look(withMembers({ name: 'foo-1.0/', type: '\0' })), 'an old directory')
  const long = `foo-1.0/${'x'.repeat(200)}.py`
  const gnu = [{ name: '././@LongLink', type: 'L', data: `${long}\0` }, { name: 'foo-1.0/x' }]
  t.ok(await look(withMembers(...gnu)), 'GNU long names')
  const pax = [{ name: 'x', type: 'x', data: paxData({ path: long, mtime: '1.5' }) }, { name: 'x' }]
  t.ok(await look(withMembers(...pax)), 'POSIX long names')
  const git = { name: 'pax_global_header', type: 'g', data: paxData({ comment: 'abc' }) }
  t.ok(await look(withMembers(git)), 'git archive')
  t.ok(await look(gzipSync(makeTar([info]).subarray(0, -1024))), 'no blocks at the end')
  const blocks = Buffer.concat([makeTar([info]), Buffer.alloc(8192)])
  t.ok(await look(gzipSync(blocks)), 'a record of blocks at the end')
  const tar = makeTar([info])
  const members = Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))])
  t.ok(await look(members), 'packed in two pieces')
  t.ok(await look(changed([info], header => header.fill(' ', 124, 129))), 'blanks in numbers')
  const prefixed = changed([{ ...info, name: 'PKG-INFO' }], header => header.write('foo-1.0', 345))
  t.equal((await look(prefixed)).metadata?.toString(), metadata, 'a prefix')
})

t.test('one top directory with a PKG-INFO in it (UP-20)', async t => {
  await refused(t, withMembers({ name: 'bar/x' }), /more than one top directory/)
  await refused(t, withMembers({ name: 'x' }), /more than one top directory/)
  await refused(t, packed([{ name: 'foo-1.0/x' }]), /no PKG-INFO/)
  await refused(t, packed([{ name: 'PKG-INFO', data: 'x' }]), /no PKG-INFO/)
  await refused(t, packed([{ name: 'foo-1.0/foo.egg-info/PKG-INFO' }]), /no PKG-INFO/)
  await refused(t, withMembers(info), /PKG-INFO is there twice/)
  await refused(t, packed([]), /no members/)
  const link = { ...info, type: '2', link: 'x' }
  await refused(t, packed([link]), /PKG-INFO is no plain file/)
  const long = { ...info, data: noise(16 * 1024 * 1024 + 1) }
  await refused(t, packed([long]), /more than 16777216 bytes/)
})

const named = (path: string) => ({ name: 'x', type: 'x', data: paxData({ path }) })

t.test('paths that lead somewhere else (fault P12)', async t => {
  for (const name of ['../evil', 'foo-1.0/../../evil', '/etc/passwd', 'C:/x', '..\\x', '\\x'])
    await refused(t, withMembers({ name }), /leads out of the archive/)
  for (const path of ['/etc/passwd', 'foo-1.0/..', 'foo-1.0/a\0b'])
    await refused(t, withMembers(named(path), { name: 'foo-1.0/x' }), /leads out of the archive/)
  await refused(t, withMembers(named(''), { name: 'foo-1.0/x' }), /leads out of the archive/)
  const gnu = { name: '././@LongLink', type: 'L', data: '../evil\0' }
  await refused(t, withMembers(gnu, { name: 'foo-1.0/x' }), /leads out of the archive/)
})

const link = (name: string, link: string, type = '2') => ({ name: `foo-1.0/${name}`, type, link })

t.test('links stay inside the top directory (fault P12, PEP 721)', async t => {
  t.ok(await look(withMembers(link('a', 'PKG-INFO'), link('b/c', '../x/y'), link('d/e', '..'))))
  t.ok(await look(withMembers({ name: 'foo-1.0/x' }, link('y', 'foo-1.0/x', '1'))))
  for (const target of [
    '/etc/passwd',
    '..',
    '../x',
    'b/../../x',
    'x/..',
    'C:x',
    '\\x',
    'x\\..\\..',
    '',
  ])
    await refused(t, withMembers(link('a', target)), /link that leads out/)
  await refused(t, withMembers(link('b/c', '../../x')), /link that leads out/)
  await refused(t, withMembers(link('a', '/etc/passwd', '1')), /leads out/)
  await refused(t, withMembers(link('a', 'foo-1.0/../../x', '1')), /leads out/)
  await refused(t, withMembers(link('a', 'bar/x', '1')), /link that leads out/)
  await refused(t, withMembers(link('a', 'b'), { name: 'foo-1.0/a/x' }), /lies behind a link/)
  const inner = link('b/c', '../x')
  await refused(t, withMembers(inner, link('h', 'foo-1.0/b/c', '1')), /link that leads out/)
  await refused(t, withMembers(inner, link('h', 'foo-1.0/b/c/x', '1')), /link that leads out/)
  const pax = { name: 'x', type: 'x', data: paxData({ linkpath: '/etc/passwd' }) }
  await refused(t, withMembers(pax, link('a', 'x')), /link that leads out/)
  const gnu = { name: '././@LongLink', type: 'K', data: '/etc/passwd\0' }
  await refused(t, withMembers(gnu, link('a', 'x')), /link that leads out/)
})

const terabyte = (header: Buffer) => header.write('\x80\0\0\0\0\0\x01\0\0\0\0\0', 124, 'latin1')

t.test('devices, sparse files and absurd sizes (fault P12)', async t => {
  for (const type of ['3', '4', '6', 'S', 'D', 'M', 'V', 'X', '?'])
    await refused(t, withMembers({ name: 'foo-1.0/x', type }), /neither a plain file/)
  const sparse = { name: 'x', type: 'x', data: paxData({ 'GNU.sparse.major': '1' }) }
  await refused(t, withMembers(sparse, { name: 'foo-1.0/x' }), /changes the size/)
  const size = { name: 'x', type: 'x', data: paxData({ size: '0' }) }
  await refused(t, withMembers(size, { name: 'foo-1.0/x', data: 'x' }), /changes the size/)
  const global = { name: 'x', type: 'g', data: paxData({ path: 'foo-1.0/PKG-INFO' }) }
  await refused(t, withMembers(global), /one name to all members/)
  await refused(t, changed([info], terabyte), /an absurd one/)
  await refused(
    t,
    changed([info], header => header.fill('9', 124, 135)),
    /an absurd one/,
  )
  await refused(
    t,
    changed([info], header => header.fill('7', 124, 135)),
    /more than 16777216/,
  )
  const long = { name: 'foo-1.0/x', data: 'x', size: 0o77777777777 }
  await refused(t, packed([long]), /ends in the middle/)
  const header = { name: 'x', type: 'x', data: noise(1024 * 1024 + 1) }
  await refused(t, withMembers(header), /extended header has more than 1048576/)
  for (const data of [
    'x',
    '5 a=',
    '99 a=b\n',
    '6 a=b',
    '0 a=b\n',
    '6 ab\n\n',
    ' a=b\n',
    '-1 a=b\n',
    '6 a=b\nxx',
    '6 a=b\n7PKa=b\n',
  ])
    await refused(t, withMembers({ name: 'x', type: 'x', data }), /extended header is damaged/)
})

const oldPrefix = (header: Buffer) => {
  header.write('ustar  \0', 257)
  header.write('../..', 345)
}

t.test('headers that readers understand differently', async t => {
  await refused(t, changed([info], oldPrefix), /read in two ways/)
  const bytes = makeTar([info])
  bytes.writeUInt8(1, 150)
  await refused(t, gzipSync(bytes), /header of a member is damaged/)
  bytes.write('        ', 148)
  await refused(t, gzipSync(bytes), /header of a member is damaged/)
})

t.test('nothing may stand behind the end (fault P11)', async t => {
  const tar = makeTar([info])
  const hidden = makeTar([{ name: 'foo-1.0/hidden', data: 'x' }])
  await refused(t, gzipSync(Buffer.concat([tar, hidden])), /behind its end/)
  const single = Buffer.concat([tar.subarray(0, -512), hidden])
  await refused(t, gzipSync(single), /behind its end/, sdistName)
  await refused(t, Buffer.concat([gzipSync(tar), Buffer.from('junk')]), /./)
  await refused(t, Buffer.concat([gzipSync(tar), Buffer.alloc(100)]), /behind the packed data/)
  const zeros = Buffer.concat([gzipSync(tar), Buffer.alloc(1), noise(100_000)])
  await refused(t, zeros, /behind the packed data|header check/)
})

t.test('bombs (faults P10 and P12)', async t => {
  const bomb = { name: 'foo-1.0/x', data: Buffer.alloc(80 * 1024 * 1024) }
  await refused(t, withMembers(bomb), /looks like a bomb/)
  const many = Array.from({ length: 100_000 }, () => ({ name: 'foo-1.0/x' }))
  await refused(t, withMembers(...many), /more than 100000 members/)
  const twice = gzipSync(gzipSync(makeTar([info])))
  await refused(t, twice, /ends in the middle|header of a member is damaged/)
})

t.test('an sdist that is cut anywhere, or no tar at all, is refused (fault P13)', async t => {
  const bytes = withMembers({ name: 'foo-1.0/a.py', data: noise(2000) })
  for (let length = 0; length < bytes.length; length += 37)
    await refused(t, bytes.subarray(0, length), /./)
  await refused(t, gzipSync(noise(5000)), /header of a member is damaged/)
  await refused(t, gzipSync(Buffer.alloc(5000)), /no members/)
  await refused(t, noise(5000), /incorrect header/)
  await refused(t, makeTar([info]), /incorrect header/)
  await refused(t, packed([info]), /header of a member|ends in the middle/, 'foo-1.0.tar')
})

t.test('a bdist_dumb has any number of top directories and no PKG-INFO (UP-21)', async t => {
  const dumb = 'foo-1.0.linux-x86_64.tar.gz'
  const entries = [{ name: './usr/lib/foo.py' }, { name: './opt/x' }]
  t.strictSame(await look(packed(entries), dumb), { kind: 'other' })
  await refused(t, packed([{ name: '/usr/lib/foo.py' }]), /leads out/, dumb)
  const link = { name: './opt/x', type: '2', link: '../../etc' }
  await refused(t, packed([link]), /link that leads out/, dumb)
})
