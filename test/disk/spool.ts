import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Spool } from '../../src/disk/spool.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

t.test('what is written is what is there, and its digests', async t => {
  const directory = join(t.testdir(), 'work', 'tmp')
  const content = Buffer.alloc(3_000_000)
  for (let at = 0; at < content.length; at += 4) content.writeInt32LE(at, at)
  for (const step of [7_919, 65_536, 524_288, 524_289, 3_000_000]) {
    const spool = await Spool.open(directory, ['sha256', 'md5'])
    for (let at = 0; at < content.length; at += step) {
      // As a socket's buffer, which is used again.
      const lent = Buffer.from(content.subarray(at, at + step))
      await spool.write(lent)
      lent.fill(0)
    }
    const digests = await spool.finish()
    t.ok(readFileSync(spool.path).equals(content), `pieces of ${step}`)
    t.equal(spool.size, content.length)
    t.same([...digests.keys()], ['sha256', 'md5'])
    t.equal(digests.get('sha256'), sha256(content))
    t.equal(statSync(spool.path).mode & 0o777 & ~process.umask(), 0o644 & ~process.umask())
    await spool.discard()
  }
  t.same(readdirSync(directory), [])
})

t.test('several at once, longer than what is pushed to the disk on the way', async t => {
  const directory = t.testdir()
  const one = async (letter: string) => {
    const piece = Buffer.alloc(1 << 20, letter)
    const spool = await Spool.open(directory, ['sha256'])
    for (let count = 0; count < 36; count += 1) await spool.write(piece)
    const hash = createHash('sha256')
    for (let count = 0; count < 36; count += 1) hash.update(piece)
    t.equal((await spool.finish()).get('sha256'), hash.digest('hex'))
    t.equal(statSync(spool.path).size, 36 << 20)
    await spool.discard()
  }
  await Promise.all(['a', 'b'].map(one))
  t.same(readdirSync(directory), [])
})

t.test('an empty file', async t => {
  const spool = await Spool.open(t.testdir(), ['sha256'])
  t.equal((await spool.finish()).get('sha256'), sha256(Buffer.alloc(0)))
  t.equal(statSync(spool.path).size, 0)
})

t.test('given up at any point nothing is left, also when asked twice', async t => {
  const directory = t.testdir()
  for (const length of [0, 1, 600_000, 5_000_000]) {
    const spool = await Spool.open(directory, [])
    const writing = spool.write(Buffer.alloc(length))
    if (length < 5_000_000) await writing
    await Promise.allSettled([writing])
    await spool.discard()
    await spool.discard()
  }
  t.same(readdirSync(directory), [])
})

t.test('a disk that fails is told, and nothing is left (faults S, P04)', async t => {
  const directory = t.testdir()
  const probe = await open(join(directory, 'probe'), 'w')
  const prototype = Object.getPrototypeOf(probe) as typeof probe
  await probe.close()
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  for (const method of ['write', 'datasync', 'sync'] as const) {
    const usual = prototype[method]
    const spool = await Spool.open(directory, ['sha256'])
    Object.assign(prototype, { [method]: () => Promise.reject(full) })
    const failing = async () => {
      for (let count = 0; count < 40; count += 1) await spool.write(Buffer.alloc(1 << 20))
      await spool.finish()
    }
    await t.rejects(failing(), { code: 'ENOSPC' }, method)
    Object.assign(prototype, { [method]: usual })
    await spool.discard()
  }
  t.same(readdirSync(directory), ['probe'])
  await t.rejects(Spool.open(join(directory, 'probe'), []), { code: 'ENOTDIR' })
})
