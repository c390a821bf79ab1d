import {
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { OpenFiles, type WholeFile } from '../../src/disk/open-files.ts'
import { noise } from '../fixtures/dist.ts'

const large = noise(300_000)

const opening = async (files: OpenFiles, path: string): Promise<WholeFile | undefined> =>
  files.get(path, await lstat(path, { bigint: true }), '"tag"')

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const copies: Buffer[] = []
  for await (const chunk of chunks) copies.push(Buffer.from(chunk))
  return Buffer.concat(copies)
}

/** How many descriptors of files below a directory are open, where the system tells. */
const descriptors = async (directory: string): Promise<number> => {
  const { readlink } = await import('node:fs/promises')
  const links = await readdir('/proc/self/fd').catch(() => [])
  const targets = await Promise.all(
    links.map(link => readlink(`/proc/self/fd/${link}`).catch(() => '')),
  )
  return targets.filter(target => target.startsWith(directory)).length
}

const closed = async (t: Test, directory: string): Promise<void> => {
  for (let turn = 0; turn < 1000 && (await descriptors(directory)) > 0; turn += 1)
    await setImmediate()
  t.equal(await descriptors(directory), 0, 'no descriptor is left')
}

t.test('a file is opened once and read by many at any place', async t => {
  const directory = t.testdir({ large, small: 'small' })
  const files = new OpenFiles()
  const file = await opening(files, join(directory, 'large'))
  t.equal(await opening(files, join(directory, 'large')), file)
  t.match(file, { size: large.length, etag: '"tag"', whole: true, bytes: undefined })
  const read = await Promise.all(
    [0, 1, 70_000, 299_999].map(async start => {
      const bytes = await collect((file as WholeFile).read(start))
      return bytes.equals(large.subarray(start))
    }),
  )
  t.same(read, [true, true, true, true])
  const small = await opening(files, join(directory, 'small'))
  t.equal(small?.bytes?.toString(), 'small', 'a small one is kept in memory')
  t.equal((await collect((small as WholeFile).read(1, 3))).toString(), 'ma')
  files.clear()
  await closed(t, directory)
})

t.test('a file that was replaced is opened anew, and the old one closed', async t => {
  const directory = t.testdir({ file: large, next: noise(200_000), tiny: 'x' })
  const path = join(directory, 'file')
  const files = new OpenFiles()
  const before = await opening(files, path)
  await rename(join(directory, 'next'), path)
  const after = await opening(files, path)
  t.equal(after?.size, 200_000)
  await t.rejects(collect((before as WholeFile).read(0)), { message: /gone or has changed/ })
  await rename(join(directory, 'tiny'), path)
  t.equal((await opening(files, path))?.bytes?.toString(), 'x')
  await closed(t, directory)
})

t.test(
  'what is not in the state that the stats tell is absent, never other bytes (rule R4)',
  async t => {
    const directory = t.testdir({ file: large })
    const path = join(directory, 'file')
    const files = new OpenFiles()
    const stats = await lstat(path, { bigint: true })
    await new Promise(resolve => setTimeout(resolve, 20))
    await writeFile(path, noise(300_000).fill(0, 1000))
    t.equal(await files.get(path, stats, '"tag"'), undefined)
    await rm(path)
    t.equal(await files.get(path, stats, '"tag"'), undefined)
    await closed(t, directory)
  },
)

t.test(
  'links, FIFOs and directories in the place of a file are absent and never waited for (S24, S25)',
  async t => {
    const directory = t.testdir({ file: large })
    const files = new OpenFiles()
    const stats = await lstat(join(directory, 'file'), { bigint: true })
    await symlink('file', join(directory, 'link'))
    await mkdir(join(directory, 'dir'))
    await promisify(execFile)('mkfifo', [join(directory, 'fifo')])
    for (const name of ['link', 'dir', 'fifo', 'file/below', 'none'])
      t.equal(await files.get(join(directory, name), stats, '"tag"'), undefined, name)
    await closed(t, directory)
  },
)

t.test(
  'a descriptor stays open until its last reader is done, then its number is given up',
  async t => {
    const directory = t.testdir({ file: large })
    const path = join(directory, 'file')
    const files = new OpenFiles()
    const file = (await opening(files, path)) as WholeFile
    const reading = file.read(0)
    const first = Buffer.from(((await reading.next()).value as Uint8Array).slice(0))
    files.clear()
    await rm(path)
    t.equal(await descriptors(directory), 1)
    const rest = await collect(reading)
    t.ok(Buffer.concat([first, rest]).equals(large), 'removed and evicted, and yet read to its end')
    await closed(t, directory)
  },
)

t.test('readers of an evicted file open their own and close it, however many at once', async t => {
  const directory = t.testdir({ file: large })
  const files = new OpenFiles()
  const file = (await opening(files, join(directory, 'file'))) as WholeFile
  files.clear()
  await closed(t, directory)
  const read = await Promise.all(Array.from({ length: 20 }, () => collect(file.read(0))))
  t.ok(read.every(bytes => bytes.equals(large)))
  const leaving = Array.from({ length: 20 }, async () => {
    for await (const chunk of file.read(0)) return chunk.length
    return 0
  })
  await Promise.all(leaving)
  await closed(t, directory)
})

t.test(
  'a number that was given up and used again for another file is never read (fault C03)',
  async t => {
    const contents = Array.from({ length: 300 }, (_, index) =>
      noise(70_000).fill(index % 256, 0, 999),
    )
    const directory = t.testdir(
      Object.fromEntries(contents.map((content, index) => [`f${index}`, content])),
    )
    const files = new OpenFiles()
    const known: WholeFile[] = []
    for (const index of contents.keys())
      known.push((await opening(files, join(directory, `f${index}`))) as WholeFile)
    const right = await Promise.all(
      contents.flatMap((content, index) =>
        [0, 1].map(async () =>
          (await collect((known[index] as WholeFile).read(0))).equals(content),
        ),
      ),
    )
    t.equal(right.filter(Boolean).length, 600)
    t.ok((await descriptors(directory)) <= 128, 'and only so many stay open')
    files.clear()
    await closed(t, directory)
  },
)

t.test(
  'a file that shrinks while it is read is an error, not a short success (fault S15)',
  async t => {
    const directory = t.testdir({ file: noise(2_000_000) })
    const path = join(directory, 'file')
    const file = (await opening(new OpenFiles(), path)) as WholeFile
    const reading = file.read(0)
    await reading.next()
    const handle = await open(path, 'r+')
    await handle.truncate(1000)
    await handle.close()
    await t.rejects(collect(reading), { message: /ended/ })
  },
)

t.test('an empty file is a resource too', async t => {
  const path = join(t.testdir({ empty: '' }), 'empty')
  const file = await opening(new OpenFiles(), path)
  t.match(file, { size: 0, whole: true })
  t.same(await readFile(path), await collect((file as WholeFile).read(0)))
})
