/** Archives of documentation: hostile ones are refused, broken ones are read safely (P10, P11, P30). */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { ArchiveError } from '../../src/archive/archive-error.ts'
import { checkDocZip, docTable, mostMembers } from '../../src/archive/doc-zip.ts'
import { withFile, type RandomAccess } from '../../src/archive/source.ts'
import { dataStart, unpacked } from '../../src/archive/unpacked.ts'
import { docZip } from '../fixtures/beside.ts'
import { noise } from '../fixtures/dist.ts'
import { craftZip, dice, mutated, type CraftedMember } from '../fixtures/hostile.ts'

const directory = t.testdir()
const path = join(directory, 'docs.zip')

const inMemory = (bytes: Buffer): RandomAccess => ({
  size: bytes.length,
  read: async (start, length) => bytes.subarray(start, start + length),
})

const check = async (bytes: Buffer): Promise<string> => {
  await writeFile(path, bytes)
  return checkDocZip(path).then(
    () => 'fine',
    (error: unknown) => {
      if (!(error instanceof ArchiveError)) throw error
      return error.message
    },
  )
}

const refused = async (t: Test, members: readonly CraftedMember[], why: RegExp): Promise<void> => {
  const message = await check(craftZip([{ name: 'index.html', data: 'x' }, ...members]))
  t.match(message, why)
  t.match(message, /^[\x20-\x7e]{1,300}$/, 'one plain line')
}

const contents = async (source: RandomAccess, name: string): Promise<Buffer | undefined> => {
  const { members, end } = await docTable(source)
  const member = members.get(name)
  if (member === undefined) return undefined
  const chunks: Buffer[] = []
  for await (const chunk of unpacked(source, member, end)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

t.test('what sphinx and mkdocs make is fine', async t => {
  const large = noise(400_000)
  const bytes = docZip({ 'a/': '', 'a/b.html': 'b', '_static/é.js': '', 'large.bin': large })
  t.equal(await check(bytes), 'fine')
  const source = inMemory(bytes)
  const { members } = await docTable(source)
  t.same([...members.keys()], ['index.html', 'a/b.html', '_static/é.js', 'large.bin'])
  t.equal(String(await contents(source, 'a/b.html')), 'b')
  t.equal((await contents(source, '_static/é.js'))?.length, 0)
  t.equal((await contents(source, 'large.bin'))?.equals(large), true)
  t.equal(await contents(source, 'a/'), undefined, 'a directory is nothing to serve')
  t.equal(await check(craftZip([{ name: 'only.txt', data: 'x', stored: true }])), 'fine')
})

t.test('members that lead out of the archive are refused (P11, P12)', async t => {
  for (const name of [
    '../x',
    '/etc/passwd',
    'a/../../x',
    'C:x',
    'a\\..\\x',
    'a//b',
    './a',
    'a\0b',
    'a\nb',
  ])
    await refused(t, [{ name, data: 'x' }], /leads out|no portable path/)
})

t.test('links, devices, encrypted and doubled members are refused', async t => {
  await refused(t, [{ name: 'l', data: '/etc/passwd', mode: 0o120777 }], /neither a plain file/)
  await refused(t, [{ name: 'd', data: '', mode: 0o020666 }], /neither a plain file/)
  await refused(t, [{ name: 'e', data: 'x', claims: { flags: 0x801 } }], /encrypted/)
  await refused(t, [{ name: 'm', data: 'x', claims: { method: 14 } }], /unknown method/)
  await refused(t, [{ name: 'index.html', data: 'y' }], /twice/)
  await refused(t, [{ name: 'a', data: 'x', local: { name: 'b' } }], /another by its own header/)
})

/** A member whose sizes stand behind its data, after these bytes of a descriptor. */
const streamed = (
  name: string,
  data: string,
  { signed = true, wide = false, lie = 0 } = {},
): CraftedMember => {
  const packed = deflateRawSync(data).length
  const descriptor = Buffer.alloc(wide ? 20 : 12)
  descriptor.writeUInt32LE(crc32(data), 0)
  if (wide) {
    descriptor.writeBigUInt64LE(BigInt(packed + lie), 4)
    descriptor.writeBigUInt64LE(BigInt(data.length), 12)
  } else {
    descriptor.writeUInt32LE(packed + lie, 4)
    descriptor.writeUInt32LE(data.length, 8)
  }
  const after = Buffer.concat([Buffer.from(signed ? 'PK\x07\x08' : ''), descriptor])
  const unknown = { crc: 0, packed: 0, size: 0 }
  return { name, data, claims: { flags: 0x808 }, local: unknown, after }
}

t.test('what was packed into a pipe is fine, as far as it agrees with itself', async t => {
  for (const signed of [true, false])
    for (const wide of [true, false]) {
      const members = [
        streamed('index.html', 'front', { signed, wide }),
        streamed('b', 'x'.repeat(500), { signed, wide }),
      ]
      const bytes = craftZip(members)
      t.equal(await check(bytes), 'fine', `${signed} ${wide}`)
      t.equal(String(await contents(inMemory(bytes), 'index.html')), 'front')
      await refused(t, [streamed('lie', 'x', { signed, wide, lie: 1 })], /another size behind/)
    }
  await refused(t, [{ ...streamed('none', 'x'), after: Buffer.alloc(0) }], /another size behind/)
  await refused(t, [{ ...streamed('c', 'x'), local: { crc: 1, packed: 0, size: 0 } }], /by its own/)
  await refused(t, [{ name: 'd', data: 'x', local: { crc: 0, packed: 0, size: 0 } }], /by its own/)
})

t.test('bombs are refused before anything is unpacked (P10)', async t => {
  const claims = { size: 0xfffffff0 }
  await refused(t, [{ name: 'bomb', data: 'x'.repeat(1000), claims }], /bomb/)
  t.match(await check(Buffer.from('no archive')), /too short/)
  t.match(await check(Buffer.alloc(100)), /missing/)
})

t.test('too many members are refused', async t => {
  const members = Array.from({ length: mostMembers + 1 }, (_, at) => ({
    name: `${at}`,
    stored: true,
  }))
  t.match(await check(craftZip(members)), /more than 50000 members/)
})

t.test('a member that is not what its header says comes to no end', async t => {
  const large = noise(300_000)
  const lies: [string, Partial<CraftedMember>, RegExp][] = [
    ['crc', { claims: { crc: 1 } }, /damaged/],
    ['longer than it says', { claims: { size: 1000 } }, /unpacks to more/],
    ['shorter than it says', { claims: { size: 300_001 } }, /damaged/],
    ['cut', { claims: { packed: 1000 } }, /damaged/],
    ['beyond the end', { claims: { packed: 0x7fffffff } }, /damaged/],
    ['elsewhere', { central: { offset: 7 } }, /damaged/],
  ]
  for (const [what, lie, why] of lies) {
    const source = inMemory(craftZip([{ name: 'large', data: large, ...lie }]))
    const { members, end } = await docTable(source)
    const member = members.get('large')
    if (member === undefined) throw new Error('not listed')
    let size = 0
    const reading = async () => {
      for await (const chunk of unpacked(source, member, end)) size += chunk.length
    }
    await t.rejects(reading(), { message: why }, what)
    t.ok(size < large.length, `${what}: the last bytes never come`)
  }
})

t.test('nobody who stops reading is waited for', async t => {
  const source = inMemory(craftZip([{ name: 'large', data: noise(900_000) }]))
  const { members, end } = await docTable(source)
  const member = members.get('large')
  if (member === undefined) throw new Error('not listed')
  for await (const chunk of unpacked(source, member, end)) {
    t.ok(chunk.length > 0)
    break
  }
  t.ok((await dataStart(source, member, end)) > 30)
})

t.test('whatever is made of an archive, it gives bytes or an ArchiveError', async t => {
  const bytes = docZip({ 'a/b.html': 'b'.repeat(500), 'c.bin': noise(2000), 'd/': '' })
  const random = dice(7)
  const seen = { refused: 0, read: 0 }
  for (let round = 0; round < 400; round++) {
    const hostile = mutated(bytes, random)
    const source = inMemory(hostile)
    if ((await check(hostile)) !== 'fine') seen.refused += 1
    try {
      for (const name of (await docTable(source)).members.keys()) {
        const found = await contents(source, name).catch((error: unknown) => {
          if (!(error instanceof ArchiveError)) throw error
          return undefined
        })
        if (found !== undefined) seen.read += 1
        if ((found?.length ?? 0) > 100_000) t.fail(`round ${round}: more than was put in`)
      }
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
    }
  }
  t.ok(seen.refused > 100, `${seen.refused} of 400 were refused`)
  t.ok(seen.read > 100, `${seen.read} members were read all the same`)
})

t.test('an archive that becomes shorter while it is read is an error', async t => {
  const bytes = docZip({ 'large.bin': noise(300_000) })
  const source = inMemory(bytes)
  const { members, end } = await docTable(source)
  const member = members.get('large.bin')
  if (member === undefined) throw new Error('not listed')
  const cut: RandomAccess = {
    size: source.size,
    read: async (start, length) => (await source.read(start, length)).subarray(0, 100),
  }
  const reading = async () => {
    for await (const chunk of unpacked(cut, member, end)) t.ok(chunk)
  }
  await t.rejects(reading(), { message: /shorter/ })
  await withFile(path, async file => t.ok(file.size > 0))
})
