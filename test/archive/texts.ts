import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { ArchiveError } from '../../src/archive/archive-error.ts'
import { sdistTexts } from '../../src/archive/texts.ts'
import { makeTar, makeZip, noise, type TarEntry } from '../fixtures/dist.ts'

const isWanted = (path: string): boolean => path.endsWith('.txt')

const write = async (directory: string, filename: string, bytes: Buffer): Promise<string> => {
  const path = join(directory, filename)
  await writeFile(path, bytes)
  return path
}

const packed = (entries: readonly TarEntry[]): Buffer => gzipSync(makeTar(entries))

const read = async (directory: string, bytes: Buffer) =>
  sdistTexts(await write(directory, 'a.tar.gz', bytes), 'a.tar.gz', isWanted)

t.test('the wanted texts of a tar and of a zip', async t => {
  const entries = [
    { name: './a-1/one.txt', data: 'eins' },
    { name: 'a-1/two.bin', data: 'zwei' },
    { name: 'a-1/three.txt', data: 'drei' },
    { name: 'a-1/one.txt', data: 'another' },
  ]
  const expected = [
    ['a-1/one.txt', 'eins'],
    ['a-1/three.txt', 'drei'],
  ]
  const directory = t.testdir()
  t.same([...((await read(directory, packed(entries))) ?? [])], expected, 'the first of each path')
  const zip = await write(directory, 'a.zip', makeZip(entries))
  t.same([...((await sdistTexts(zip, 'a.zip', isWanted)) ?? [])], expected)
})

t.test('links are passed over, and other archives', async t => {
  const link = { name: 'a-1/link.txt', type: '2', link: '/etc/passwd' }
  t.equal((await read(t.testdir(), packed([link])))?.size, 0)
  t.equal(await sdistTexts('/nowhere', 'a.tar.bz2', isWanted), undefined)
})

t.test('broken and hostile archives are refused (P10, P20)', async t => {
  const directory = t.testdir()
  const refused = async (bytes: Buffer, reason: RegExp) => {
    const error: unknown = await read(directory, bytes).catch((thrown: unknown) => thrown)
    t.type(error, ArchiveError)
    t.match((error as Error).message, reason)
  }
  const large = packed([{ name: 'a-1/large.txt', data: Buffer.alloc(1024 * 1024 + 1) }])
  await refused(large, /has more than 1048576 bytes/)
  await refused(gzipSync(large), /packed twice/)
  await refused(
    packed([{ name: 'a-1/a.bin', data: noise(9000) }]).subarray(0, 4000),
    /unexpected end/,
  )
  await refused(Buffer.from('no archive'), /header/)
})
