import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createHasher, hashFile, type HashName } from '../../src/disk/hashing.ts'

// As md5sum, sha256sum and b2sum -l 256 say.
const ofAbc: Readonly<Record<HashName, string>> = {
  md5: '900150983cd24fb0d6963f7d28e17f72',
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  blake2b_256: 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319',
}

t.test('digests in pieces and of a file (UP-4)', async t => {
  const path = join(t.testdir({ abc: 'abc' }), 'abc')
  for (const [name, digest] of Object.entries(ofAbc) as [HashName, string][]) {
    const hasher = await createHasher(name)
    for (const piece of ['a', '', 'bc']) hasher.update(Buffer.from(piece))
    t.equal(hasher.digest(), digest)
    t.equal(await hashFile(path, 3, name), digest)
  }
})

t.test('a file of many buffers, and one that has become shorter', async t => {
  const path = join(t.testdir(), 'large')
  const bytes = Buffer.alloc(1_500_000, 'abcdefg')
  writeFileSync(path, bytes)
  for (const name of Object.keys(ofAbc) as HashName[]) {
    const hasher = await createHasher(name)
    hasher.update(bytes)
    t.equal(await hashFile(path, bytes.length, name), hasher.digest())
  }
  await t.rejects(hashFile(path, bytes.length + 1, 'md5'), /the file ended at 1500000/)
  await t.rejects(hashFile(`${path}r`, 1, 'md5'), { code: 'ENOENT' })
})

t.test('two hashers of one kind do not mix', async t => {
  const [one, two] = await Promise.all([createHasher('blake2b_256'), createHasher('blake2b_256')])
  one.update(Buffer.from('ab'))
  two.update(Buffer.from('something else'))
  one.update(Buffer.from('c'))
  t.equal(one.digest(), ofAbc.blake2b_256)
})
