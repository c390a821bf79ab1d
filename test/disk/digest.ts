import { createHash } from 'node:crypto'
import { appendFile, lstat, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { Digests, sha256Of } from '../../src/disk/digest.ts'
import { Layout } from '../../src/disk/layout.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'
import { noise } from '../fixtures/dist.ts'

const name = projectName('demo') as Name
const fileNamed = (version: number) => distFilename(`demo-${version}.tar.gz`) as Filename
const filename = fileNamed(1)
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
const wrong = 'f'.repeat(64)

const setUp = async (t: Test, content: Buffer | string = 'content') => {
  const layout = new Layout(t.testdir())
  const path = layout.file(name, filename)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  const state = () => lstat(path, { bigint: true })
  const of = async (digests: Digests) => digests.of(name, filename, path, await state())
  const lines = async () => (await readFile(layout.digests(name), 'utf8')).split('\n').length - 1
  return { layout, path, state, of, lines, digests: new Digests(layout) }
}

t.test('a file is hashed whole, however large', async t => {
  const bytes = noise(1_700_000)
  const { path } = await setUp(t, bytes)
  t.equal(await sha256Of(path, bytes.length), sha256(bytes))
  await t.rejects(sha256Of(path, bytes.length + 1), { message: /ended/ })
})

t.test(
  'a file is hashed once, by whichever process, as long as nothing about it changes',
  async t => {
    const { layout, of, state, digests, lines } = await setUp(t)
    t.equal(await digests.knows(name, filename, await state()), false)
    t.same(await Promise.all([of(digests), of(digests)]), [sha256('content'), sha256('content')])
    t.equal(await lines(), 1)
    const other = new Digests(layout)
    t.equal(await other.knows(name, filename, await state()), true)
    t.equal(await of(other), sha256('content'))
    t.equal(await lines(), 1)
  },
)

t.test('what another process has hashed meanwhile is known to all', async t => {
  const { layout, of, state, digests } = await setUp(t)
  await of(digests)
  const second = fileNamed(2)
  const path = layout.file(name, second)
  await writeFile(path, 'second')
  const stats = await lstat(path, { bigint: true })
  await new Digests(layout).remember(name, second, stats, wrong)
  t.equal(await digests.of(name, second, path, stats), wrong, 'believed, not hashed again')
  t.equal(await digests.knows(name, filename, await state()), true)
})

t.test(
  'a file that was changed is hashed again, its length and mtime kept or not (S16, S17, R4)',
  async t => {
    const { path, of, state, digests } = await setUp(t)
    await of(digests)
    const { atime, mtime } = await state()
    await new Promise(resolve => setTimeout(resolve, 20))
    await writeFile(path, 'CONTENT')
    await utimes(path, atime, mtime)
    t.equal(await of(digests), sha256('CONTENT'))
    await writeFile(path, 'longer content')
    t.equal(await of(digests), sha256('longer content'))
  },
)

t.test(
  'torn, zeroed and foreign lines are skipped, and the last one counts (fault S20)',
  async t => {
    const { layout, of, state, digests } = await setUp(t)
    await of(digests)
    const path = layout.digests(name)
    const line = (await readFile(path, 'utf8')).trim()
    await writeFile(
      path,
      `\0\0\0\0\n[]\n{"filename":1}\nnull\n${line.replace(sha256('content'), wrong)}\n${line}\n${line.slice(0, 20)}`,
    )
    t.equal(await of(new Digests(layout)), sha256('content'))
    await writeFile(path, Buffer.alloc(1000))
    t.equal(await new Digests(layout).knows(name, filename, await state()), false)
    t.equal(await of(new Digests(layout)), sha256('content'))
  },
)

t.test('a line is read once it is whole', async t => {
  const { layout, state, digests } = await setUp(t)
  const path = layout.digests(name)
  const scratch = new Digests(layout)
  await scratch.remember(name, filename, await state(), wrong)
  const line = await readFile(path, 'utf8')
  await writeFile(path, line.slice(0, 30))
  t.equal(await digests.knows(name, filename, await state()), false)
  await appendFile(path, line.slice(30))
  t.equal(await digests.knows(name, filename, await state()), true)
})

t.test(
  'a directory or nothing in the place of the memory only costs time (faults S20, S40)',
  async t => {
    const { layout, of, state, digests } = await setUp(t)
    await mkdir(layout.digests(name), { recursive: true })
    t.equal(await of(digests), sha256('content'))
    t.equal(await digests.knows(name, filename, await state()), true, 'it is remembered in memory')
    await rm(join(layout.cache, 'digests'), { recursive: true })
    t.equal(await of(digests), sha256('content'))
    t.equal(await of(new Digests(layout)), sha256('content'))
  },
)

t.test('the memory does not grow without end', async t => {
  const { layout, state, digests, lines } = await setUp(t)
  const stats = await state()
  for (let turn = 0; turn < 1300; turn += 1)
    await digests.remember(name, filename, stats, sha256(`${turn}`))
  t.equal(await lines(), 1300)
  const other = new Digests(layout)
  t.equal(await other.knows(name, filename, stats), true)
  t.equal(await lines(), 1)
  t.equal(await other.of(name, filename, '/none', stats), sha256('1299'), 'the last one counts')
  t.equal(await digests.of(name, filename, '/none', stats), sha256('1299'))
})

t.test('thousands of files of one project are remembered in a moment (fault S37)', async t => {
  const { layout, state, digests } = await setUp(t)
  const stats = await state()
  const files = Array.from({ length: 3000 }, (_, index) => fileNamed(index + 10))
  const begun = performance.now()
  for (const file of files) {
    await digests.knows(name, file, stats)
    await digests.remember(name, file, stats, wrong)
  }
  const other = new Digests(layout)
  for (const file of files) t.equal(await other.knows(name, file, stats), true)
  t.ok(performance.now() - begun < 8000, `${performance.now() - begun} ms`)
  t.ok((await stat(layout.digests(name))).size < 1_000_000)
})
