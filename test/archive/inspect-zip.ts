import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ArchiveError } from '../../src/archive/archive-error.ts'
import { inspect } from '../../src/archive/inspect.ts'
import { largestMetadata } from '../../src/archive/wheel.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { makeSdist, makeWheel, makeZip, noise } from '../fixtures/dist.ts'
import {
  craftZip,
  extraField,
  wideField,
  type CraftedEnd,
  type CraftedMember,
} from '../fixtures/hostile.ts'

const wheelName = 'foo-1.0-py3-none-any.whl'

const directory = t.testdir()

const look = async (bytes: Buffer, filename = wheelName) => {
  const path = join(directory, filename)
  await writeFile(path, bytes)
  return inspect(path, distFilename(filename) as Filename, bytes.length)
}

const refused = async (t: Test, bytes: Buffer, why: RegExp, filename = wheelName) => {
  const error: unknown = await look(bytes, filename).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!t.ok(error instanceof ArchiveError, `${String(error)}: refused for ${why}`)) return
  t.match((error as Error).message, why)
  t.match((error as Error).message, /^[\x20-\x7e]{1,300}$/, 'one plain line')
}

const metadata = { name: 'foo-1.0.dist-info/METADATA', data: 'Metadata-Version: 2.1\n' }
const info: CraftedMember[] = [
  metadata,
  { name: 'foo-1.0.dist-info/WHEEL', data: 'Wheel-Version: 1.0\n' },
  { name: 'foo-1.0.dist-info/RECORD', data: '' },
]

/** A wheel that is in order but for these members in front. */
const withMembers = (members: CraftedMember[], end?: CraftedEnd) =>
  craftZip([...members, ...info], end)

/** A wheel that is in order but for this lie in its first member. */
const withLie = (lie: Partial<CraftedMember>) =>
  withMembers([{ name: 'foo/a.py', data: 'x'.repeat(100), ...lie }])

t.test('an honest wheel gives its METADATA byte for byte', async t => {
  const wheel = makeWheel({ name: 'Foo.Bar', version: '1.0', size: 300_000, extra: '\n\r\n\u00e9' })
  const found = await look(wheel.bytes, wheel.filename)
  t.equal(found.kind, 'wheel')
  t.equal(found.metadata?.toString(), wheel.metadata)
  t.equal((await look(withMembers([]))).metadata?.toString(), metadata.data)
  const many = Array.from({ length: 3000 }, (_, at) => ({ name: `foo/${at}.py`, data: 'x' }))
  t.ok(await look(withMembers(many)), 'many members')
})

t.test('what real tools write is accepted', async t => {
  const zip64 = makeZip([...info] as { name: string; data: string }[], { zip64: true })
  t.ok(await look(zip64), 'zip64 end records')
  t.ok(await look(withMembers([], { comment: Buffer.from('by a tool') })), 'a comment at the end')
  t.ok(await look(withMembers([{ name: 'foo/', mode: 0o40755, stored: true }])), 'a directory')
  t.ok(await look(withLie({ mode: 0 })), 'no mode')
  t.ok(await look(withLie({ name: 'foo/caf\u00e9.py' })), 'UTF-8')
  t.ok(await look(withLie({ claims: { flags: 2 } })), 'a level of compression')
  const wide = { packed: 0xffffffff, size: 0xffffffff }
  t.ok(
    await look(withLie({ stored: true, local: { ...wide, extra: wideField(100, 100) } })),
    'zip64 sizes in the own header',
  )
  t.ok(
    await look(withLie({ stored: true, central: { ...wide, extra: wideField(100, 100) } })),
    'zip64 sizes in the directory',
  )
  const unicode = extraField(0x7075, Buffer.from('\x01\0\0\0\0foo/a.py'))
  t.ok(await look(withLie({ claims: { extra: unicode } })), 'the same name once more')
})

t.test(
  'the .dist-info directory must be one, whole and of this wheel (UP-20, fault P08)',
  async t => {
    const all = (directory: string) =>
      info.map(({ name, ...rest }) => ({
        ...rest,
        name: String(name).replace('foo-1.0', directory),
      }))
    t.ok(await look(craftZip(all('Foo-1.0.0'))))
    t.ok(await look(craftZip(all('foo.bar-1.0_post1')), 'Foo_Bar-1.0.post1-py3-none-any.whl'))
    for (const missing of ['METADATA', 'WHEEL', 'RECORD'])
      await refused(
        t,
        craftZip(info.filter(({ name }) => !String(name).endsWith(missing))),
        new RegExp(`no .dist-info/${missing}`),
      )
    await refused(t, craftZip([{ name: 'foo/a.py' }]), /no .dist-info directory/)
    await refused(t, craftZip([]), /no .dist-info directory/)
    await refused(t, withMembers([{ name: 'bar-1.0.dist-info/X' }]), /more than one/)
    await refused(t, craftZip(all('bar-1.0')), /another project or version/)
    await refused(t, craftZip(all('foo-1.1')), /another project or version/)
    await refused(t, craftZip(all('foo')), /another project or version/)
    await refused(t, craftZip(info), /not named like a wheel/, 'foo-1.0.whl')
    t.ok(await look(withMembers([{ name: 'foo/_vendor/bar-1.0.dist-info/METADATA' }])))
  },
)

t.test('paths that lead somewhere else (fault P11)', async t => {
  for (const name of [
    '../evil',
    'foo/../../evil',
    '/etc/passwd',
    'C:/x',
    'c:x',
    '\\\\host\\x',
    '..\\x',
  ])
    await refused(t, withLie({ name }), /leads out of the archive/)
  await refused(t, withLie({ name: '' }), /leads out of the archive/)
  await refused(t, withLie({ name: 'foo/a.py\0.txt' }), /leads out of the archive/)
  for (const name of [
    'foo\\a.py',
    './foo/a.py',
    'foo//a.py',
    'foo/a\n.py',
    'foo/\x7f',
    'foo/\x1b[m',
  ])
    await refused(t, withLie({ name }), /no portable path/)
  await refused(t, withLie({ name: Buffer.from('foo/caf\xe9', 'latin1') }), /not UTF-8/)
})

t.test('links, devices and members that are there twice (fault P11)', async t => {
  await refused(t, withLie({ mode: 0o120777 }), /neither a plain file nor a directory/)
  await refused(t, withLie({ mode: 0o020644 }), /neither a plain file nor a directory/)
  await refused(t, withMembers([{ name: 'a' }, { name: 'a' }]), /'a' is there twice/)
  await refused(t, withMembers([{ name: 'a' }, { name: 'a/' }]), /'a\/' is there twice/)
  await refused(t, withMembers([metadata]), /is there twice/)
  await refused(t, withMembers([{ name: 'a/', data: 'x' }]), /a directory with content/)
})

t.test('encryption, strange methods and streams (fault P11)', async t => {
  for (const flags of [1, 0x40, 0x2000, 0x20])
    await refused(t, withLie({ claims: { flags } }), /encrypted or packed in a strange way/)
  await refused(t, withLie({ claims: { flags: 8 } }), /has its size behind it/)
  for (const method of [9, 12, 14, 93])
    await refused(t, withLie({ claims: { method } }), /unknown method/)
})

t.test('a header that disagrees with the directory (fault P11)', async t => {
  for (const local of [
    { name: 'foo/b.py' },
    { flags: 0 },
    { method: 0 },
    { crc: 1 },
    { size: 99 },
    { packed: 1 },
    { name: Buffer.from('foo/a.py\0') },
  ])
    await refused(t, withLie({ local }), /another by its own header/)
  await refused(t, withLie({ stored: true, claims: { size: 5 } }), /has two sizes/)
})

t.test('zip64 fields that can be read in two ways (fault P11, uv CVE-2025-54368)', async t => {
  const fits = /does not fit its header/
  const wide = { packed: 0xffffffff, size: 0xffffffff }
  for (const side of ['local', 'central'] as const) {
    await refused(t, withLie({ [side]: wide }), fits)
    await refused(t, withLie({ [side]: { ...wide, extra: wideField(100) } }), fits)
    await refused(t, withLie({ [side]: { extra: wideField(99, 99) } }), fits)
    const twice = Buffer.concat([wideField(100, 100), wideField(100, 100)])
    await refused(t, withLie({ [side]: { ...wide, extra: twice } }), /an extra field twice/)
    const cut = wideField(100, 100).subarray(0, 10)
    await refused(t, withLie({ [side]: { extra: cut } }), /extra field of a member is damaged/)
    await refused(t, withLie({ [side]: { extra: Buffer.from('x') } }), /extra field of a member/)
    const renamed = extraField(0x7075, Buffer.from('\x01\0\0\0\0evil'))
    await refused(t, withLie({ [side]: { extra: renamed } }), /two names/)
  }
  const other = { ...wide, extra: wideField(100, 50) }
  await refused(t, withLie({ stored: true, local: other }), /another by its own header/)
})

t.test('bytes that belong to no member, and members that overlap (faults P10 and P11)', async t => {
  const junk = Buffer.from('junk')
  await refused(t, withLie({ before: junk }), /does not follow another/)
  await refused(t, withLie({ after: junk }), /does not follow another/)
  await refused(t, withMembers([], { gap: junk }), /between its members and its directory/)
  await refused(t, withMembers([{ name: 'hidden', only: 'local' }]), /does not follow another/)
  const ghost = { name: 'ghost', only: 'central' } as const
  await refused(t, withMembers([ghost]), /does not follow another|another by its own header/)
  const kernel = { name: 'a', data: noise(1000) }
  const overlap = { ...kernel, name: 'b', only: 'central', central: { offset: 0 } } as const
  await refused(t, withMembers([kernel, overlap]), /does not follow another/)
  await refused(t, withMembers([], { behind: junk }), /stands in front|damaged|disagree/)
  await refused(t, Buffer.concat([Buffer.from('MZ'), withMembers([])]), /in front of/)
  await refused(t, Buffer.concat([withMembers([]), junk]), /end of the ZIP archive is missing/)
  await refused(t, withLie({ central: { offset: 0xfffffff0 } }), /does not follow another/)
  await refused(t, withLie({ comment: 'x' }), /has a comment/)
})

t.test('ends that can be read in two ways (fault P11)', async t => {
  await refused(t, withMembers([], { comment: withMembers([]) }), /two ends/)
  await refused(t, withMembers([], { comment: Buffer.from('PK\x05\x06') }), /two ends/)
  await refused(t, withMembers([], { disk: 1 }), /split/)
  await refused(t, withMembers([], { countOnDisk: 1 }), /split/)
  await refused(t, withMembers([], { count: 2 }), /damaged/)
  await refused(t, withMembers([], { count: 4 }), /damaged/)
  await refused(t, withMembers([], { count: 0xffff }), /zip64 end record is missing/)
  await refused(t, withMembers([], { length: 5 }), /in front of|damaged/)
  await refused(t, withMembers([], { offset: 5 }), /in front of/)
  const zip64 = makeZip(info as { name: string; data: string }[], { zip64: true })
  const changed = (change: (bytes: Buffer, record: number, end: number) => void) => {
    const bytes = Buffer.from(zip64)
    change(bytes, bytes.indexOf('PK\x06\x06'), bytes.length - 22)
    return bytes
  }
  t.ok(
    await look(
      changed(
        (bytes, _, end) => bytes.writeUInt16LE(3, end + 8) && bytes.writeUInt16LE(3, end + 10),
      ),
    ),
  )
  await refused(
    t,
    changed((bytes, _, end) => bytes.writeUInt32LE(0x01_0001, end + 8)),
    /disagree/,
  )
  await refused(
    t,
    changed((bytes, _, end) => bytes.writeUInt32LE(7, end + 12)),
    /disagree/,
  )
  await refused(
    t,
    changed((bytes, _, end) => bytes.writeUInt32LE(7, end + 16)),
    /disagree/,
  )
  for (const [offset, value] of [
    [4, 45],
    [16, 1],
    [24, 9],
    [60, 1],
    [72, 2],
  ] as const)
    await refused(
      t,
      changed((bytes, record) => bytes.writeUInt8(value, record + offset)),
      /plain one/,
    )
  const apart = Buffer.concat([zip64.subarray(0, -42), Buffer.alloc(8), zip64.subarray(-42)])
  await refused(t, apart, /plain one/)
})

t.test('bombs (fault P10)', async t => {
  const claims = { size: 70 * 1024 * 1024 }
  await refused(t, withLie({ claims }), /looks like a bomb/)
  const wheel = makeWheel({
    name: 'foo',
    version: '1.0',
    files: { a: Buffer.alloc(70 * 1024 * 1024) },
  })
  await refused(t, wheel.bytes, /looks like a bomb/, wheel.filename)
  const lying = (claims: object, data: Buffer = Buffer.alloc(5_000_000)) =>
    craftZip([{ ...metadata, data, claims }, ...info.slice(1)])
  for (const size of [0, 1, 100, 4_999_999, 5_000_001])
    await refused(t, lying({ size }), /METADATA' is damaged/)
  await refused(t, lying({}, noise(largestMetadata + 1)), /more than 16777216 bytes/)
  t.equal((await look(lying({}))).metadata?.length, 5_000_000, 'what is true is read')
  t.same((await look(lying({}, Buffer.alloc(0)))).metadata, Buffer.alloc(0))
  const members = Array.from({ length: 65_534 }, (_, at) => ({ name: `${at}`, stored: true }))
  await refused(t, craftZip(members), /no .dist-info/)
  const claimed = makeZip(info as { name: string; data: string }[], { zip64: true, count: 100_001 })
  await refused(t, claimed, /more than 100000 members/)
})

t.test('METADATA must be what its header says', async t => {
  await refused(t, craftZip([{ ...metadata, claims: { crc: 1 } }, ...info.slice(1)]), /is damaged/)
  const [first] = info
  const junk = craftZip([
    { ...first!, after: Buffer.from('junk'), claims: { packed: 28 } },
    ...info.slice(1),
  ])
  await refused(t, junk, /is damaged|does not follow/)
  const garbage = { ...metadata, data: noise(50), stored: true, claims: { method: 8, crc: 0 } }
  await refused(t, craftZip([garbage, ...info.slice(1)]), /is damaged/)
})

t.test('a wheel that is cut anywhere is refused', async t => {
  const bytes = withMembers([{ name: 'foo/a.py', data: noise(100) }])
  for (let length = 0; length < bytes.length; length += 5)
    await refused(t, bytes.subarray(0, length), /./)
})

t.test('sdists and eggs are ZIP archives as well (UP-21)', async t => {
  const sdist = makeSdist({ name: 'foo', version: '1.0', format: 'zip' })
  const found = await look(sdist.bytes, sdist.filename)
  t.match(found, { kind: 'sdist' })
  t.equal(found.metadata?.toString(), sdist.metadata)
  const nested = { name: 'foo-1.0/foo.egg-info/PKG-INFO', data: 'nested' }
  const top = { name: 'foo-1.0/PKG-INFO', data: 'top' }
  const zip = 'foo-1.0.zip'
  t.equal((await look(craftZip([nested, top]), zip)).metadata?.toString(), 'top')
  await refused(t, craftZip([nested]), /no PKG-INFO/, zip)
  await refused(t, craftZip([top, { name: 'bar/PKG-INFO' }]), /more than one top directory/, zip)
  await refused(t, craftZip([top, { name: '../x' }]), /leads out/, zip)

  const egg = 'foo-1.0-py2.7.egg'
  const inside = { name: 'EGG-INFO/PKG-INFO', data: 'egg' }
  t.strictSame(await look(craftZip([{ name: 'foo.py' }, inside]), egg), {
    kind: 'other',
    metadata: Buffer.from('egg'),
  })
  t.strictSame(await look(craftZip([{ name: 'foo.py' }]), egg), { kind: 'other' })
  await refused(t, craftZip([{ name: '/foo.py' }]), /leads out/, egg)
  const dumb = craftZip([{ name: 'usr/lib/foo.py' }, { name: 'opt/x' }])
  t.strictSame(await look(dumb, 'foo-1.0.win32.zip'), { kind: 'other' })
})
