import { appendFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { Arriving } from '../../src/disk/arriving.ts'
import { Progress } from '../../src/disk/progress.ts'
import { noise } from '../fixtures/dist.ts'

const bytes = noise(900_000)

/** Reads in the background; what has come so far can be looked at. */
class Reader {
  readonly got: Buffer[] = []
  readonly ended: Promise<string>

  constructor(progress: Progress, start = 0, end?: number) {
    const arriving = new Arriving(progress, '"x"', new Date(0))
    this.ended = this.#run(arriving.read(start, end))
  }

  get length(): number {
    return this.got.reduce((sum, { length }) => sum + length, 0)
  }

  get content(): Buffer {
    return Buffer.concat(this.got)
  }

  async has(length: number): Promise<void> {
    while (this.length < length) await setImmediate()
  }

  async #run(chunks: AsyncIterable<Uint8Array>): Promise<string> {
    try {
      for await (const chunk of chunks) this.got.push(Buffer.from(chunk))
      return 'whole'
    } catch (error) {
      return (error as Error).message
    }
  }
}

const grow = async (progress: Progress, path: string, from: number, to: number) => {
  await appendFile(path, bytes.subarray(from, to))
  progress.advance(path, to)
}

t.test(
  'readers at any place get what arrives, and the last byte after publication only',
  async t => {
    const directory = t.testdir()
    const [part, file] = [join(directory, 'part'), join(directory, 'file')]
    const progress = new Progress(bytes.length)
    await grow(progress, part, 0, 100_000)
    const first = new Reader(progress)
    const later = new Reader(progress, 50_000)
    const range = new Reader(progress, 10, 200)
    await first.has(99_999)
    t.equal(await range.ended, 'whole')
    t.ok(range.content.equals(bytes.subarray(10, 200)))
    await grow(progress, part, 100_000, bytes.length)
    const last = new Reader(progress, bytes.length - 1)
    await first.has(bytes.length - 1)
    await later.has(bytes.length - 50_001)
    for (let turn = 0; turn < 50; turn += 1) await setImmediate()
    t.equal(first.length, bytes.length - 1, 'the last byte is withheld')
    t.equal(last.length, 0)
    await rename(part, file)
    progress.publish(file, bytes.length)
    t.same(await Promise.all([first.ended, later.ended, last.ended]), ['whole', 'whole', 'whole'])
    t.ok(first.content.equals(bytes))
    t.ok(later.content.equals(bytes.subarray(50_000)))
    t.ok(last.content.equals(bytes.subarray(-1)))
  },
)

t.test(
  'a download that fails is an error for every reader, before the last byte (contract 4.1)',
  async t => {
    const part = join(t.testdir(), 'part')
    const progress = new Progress(1000)
    await grow(progress, part, 0, 1000)
    const reader = new Reader(progress)
    await reader.has(999)
    progress.fail(new Error('wrong hash'))
    t.equal(await reader.ended, 'wrong hash')
    t.equal(reader.length, 999)
    t.equal(await new Reader(progress, 999).ended, 'wrong hash')
  },
)

t.test('a reader that comes between rename and publication waits for it', async t => {
  const directory = t.testdir()
  const [part, file] = [join(directory, 'part'), join(directory, 'file')]
  const progress = new Progress(bytes.length)
  await grow(progress, part, 0, bytes.length)
  await rename(part, file)
  const reader = new Reader(progress)
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
  t.equal(reader.length, 0)
  progress.publish(file, bytes.length)
  t.equal(await reader.ended, 'whole')
  t.ok(reader.content.equals(bytes))
})

t.test('a reader that comes when the part is given up hears why', async t => {
  const part = join(t.testdir(), 'part')
  const progress = new Progress(1000)
  await grow(progress, part, 0, 500)
  await rm(part)
  const reader = new Reader(progress)
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  progress.fail(new Error('upstream broke off'))
  t.equal(await reader.ended, 'upstream broke off')
  t.equal(await new Reader(progress).ended, 'upstream broke off')
})

t.test('a new leader is followed from where the old one was (fault S31)', async t => {
  const directory = t.testdir()
  const [old, next, file] = ['old', 'next', 'file'].map(name => join(directory, name)) as [
    string,
    string,
    string,
  ]
  const progress = new Progress(bytes.length)
  await grow(progress, old, 0, 400_000)
  const reader = new Reader(progress)
  const other = new Reader(progress, 100_000)
  await reader.has(399_999)
  await grow(progress, next, 0, 10_000)
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  t.equal(reader.length, 399_999, 'it waits until the new one has caught up')
  const fresh = new Reader(progress)
  await fresh.has(9_999)
  await rm(old)
  await grow(progress, next, 10_000, bytes.length)
  await rename(next, file)
  progress.publish(file, bytes.length)
  t.same(await Promise.all([reader.ended, other.ended, fresh.ended]), ['whole', 'whole', 'whole'])
  t.ok(reader.content.equals(bytes))
  t.ok(other.content.equals(bytes.subarray(100_000)))
  t.ok(fresh.content.equals(bytes))
})

t.test('bytes of two leaders are never mixed (contract 4.1)', async t => {
  const directory = t.testdir()
  const [old, file] = [join(directory, 'old'), join(directory, 'file')]
  const progress = new Progress(bytes.length)
  await grow(progress, old, 0, 200_000)
  const reader = new Reader(progress)
  await reader.has(199_999)
  const others = Buffer.from(bytes)
  others[150_000] = (others[150_000] as number) ^ 1
  await writeFile(file, others)
  progress.publish(file, bytes.length)
  t.equal(await reader.ended, 'upstream sent other bytes the second time')
  t.equal(reader.length, 199_999)
})

t.test(
  'a part that became shorter than it was is an error, and so is a published file that is gone',
  async t => {
    const directory = t.testdir()
    const part = join(directory, 'part')
    const progress = new Progress(1000)
    await writeFile(part, bytes.subarray(0, 100))
    progress.advance(part, 500)
    t.match(await new Reader(progress).ended, /was replaced/)
    progress.publish(join(directory, 'file'), 1000)
    t.match(await new Reader(progress).ended, /ENOENT/)
  },
)

t.test('the size may become known on the way, and an empty file ends at once', async t => {
  const directory = t.testdir({ empty: '' })
  const progress = new Progress(undefined)
  const arriving = new Arriving(progress, '"x"', new Date(0))
  t.match({ size: arriving.size, whole: arriving.whole }, { size: undefined, whole: false })
  progress.size = 0
  t.equal(arriving.size, 0)
  progress.publish(join(directory, 'empty'), 0)
  t.equal(arriving.whole, true)
  t.equal(await new Reader(progress).ended, 'whole')
})

t.test('whoever leaves in the middle is let go at the next event', async t => {
  const part = join(t.testdir(), 'part')
  const progress = new Progress(1000)
  await grow(progress, part, 0, 500)
  const chunks = new Arriving(progress, '"x"', new Date(0)).read(0)
  await chunks.next()
  const waiting = chunks.next()
  const left = chunks.return()
  progress.advance(part, 500)
  progress.fail(new Error('over'))
  await t.rejects(waiting, { message: 'over' })
  t.match(await left, { done: true })
})
