import { open } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { borrowBuffer, returnBuffer } from '../../src/disk/buffers.ts'
import { asItLies, readAt, readRange } from '../../src/disk/read.ts'
import { noise } from '../fixtures/dist.ts'

const bytes = noise(1_500_000)

const opened = async (t: Test, content: Buffer = bytes) => {
  const path = join(t.testdir({ file: content }), 'file')
  const handle = await open(path, 'r+')
  t.teardown(() => handle.close())
  return handle
}

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const copies: Buffer[] = []
  for await (const chunk of chunks) copies.push(Buffer.from(chunk))
  return Buffer.concat(copies)
}

t.test('a descriptor is read at any place; 0 is the end of the file', async t => {
  const { fd } = await opened(t)
  const buffer = Buffer.alloc(10)
  t.equal(await readAt(fd, buffer, 10, 1_499_995), 5)
  t.same(buffer.subarray(0, 5), bytes.subarray(-5))
  t.equal(await readAt(fd, buffer, 10, 2_000_000), 0)
  await t.rejects(readAt(-1, buffer, 10, 0))
})

t.test('a range has exactly its bytes, small or large, at any place', async t => {
  const { fd } = await opened(t)
  for (const [start, end] of [
    [0, 1_500_000],
    [0, 1],
    [1_499_999, 1_500_000],
    [700_000, 700_000],
    [12_345, 77_881],
    [12_345, 77_882],
    [500_000, 1_400_000],
  ] as const)
    t.ok(
      (await collect(readRange(fd, start, end))).equals(bytes.subarray(start, end)),
      `${start}-${end}`,
    )
})

t.test('a file that became shorter is an error, never a short range', async t => {
  const handle = await opened(t)
  await handle.truncate(1_000_000)
  await t.rejects(collect(readRange(handle.fd, 0, 1_500_000)), {
    message: /the file ended at 1000000/,
  })
  await t.rejects(collect(readRange(handle.fd, 999_990, 1_000_010)), {
    message: /the file ended at 1000000/,
  })
})

t.test(
  'whoever stops reading gives the buffers back, after the read that was under way',
  async t => {
    const { fd } = await opened(t)
    const before = Array.from({ length: 24 }, borrowBuffer)
    for (const buffer of before) returnBuffer(buffer)
    const readers = Array.from({ length: 12 }, async () => {
      for await (const chunk of readRange(fd, 0, 1_500_000)) return chunk.length
      return 0
    })
    await Promise.all(readers)
    const after = Array.from({ length: 24 }, borrowBuffer)
    t.same(new Set(after), new Set(before))
    for (const buffer of after) returnBuffer(buffer)
  },
)

t.test('many ranges at once never see the bytes of each other', async t => {
  const { fd } = await opened(t)
  const starts = Array.from({ length: 30 }, (_, index) => index * 7_001)
  const read = await Promise.all(
    starts.map(async start =>
      (await collect(readRange(fd, start, start + 1_200_000))).equals(
        bytes.subarray(start, start + 1_200_000),
      ),
    ),
  )
  t.same(new Set(read), new Set([true]))
})

t.test('a FIFO cannot make us wait and a link is not followed (fault S25, rule R12)', async t => {
  const directory = t.testdir({ link: t.fixture('symlink', 'fifo') })
  await promisify(execFile)('mkfifo', [join(directory, 'fifo')])
  const handle = await open(join(directory, 'fifo'), asItLies)
  await handle.close()
  await t.rejects(open(join(directory, 'link'), asItLies), { code: 'ELOOP' })
})
