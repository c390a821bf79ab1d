import * as fs from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import * as atOnce from '../../src/disk/at-once.ts'
import { Wave } from '../../src/disk/durable.ts'
import { Layout } from '../../src/disk/layout.ts'
import * as writing from '../../src/disk/write.ts'

type Writing = typeof writing

const setUp = (t: Test) => {
  const directory = t.testdir()
  return { directory, layout: new Layout(directory), path: join(directory, 'a/b/file') }
}

const leftOver = async ({ temporary }: Layout) => readdir(temporary).catch(() => [])

/** The writing with one function of the disk replaced. */
const withFailing = (t: Test, mocks: Partial<typeof fs & typeof atOnce>) =>
  t.mockImport<Writing>('../../src/disk/write.ts', {
    'node:fs': { ...fs, ...mocks },
    '../../src/disk/at-once.ts': { ...atOnce, ...mocks },
  })

const failure = (code: string) => Object.assign(new Error(`${code}: provoked`), { code })

const failing = (code: string) => (): never => {
  throw failure(code)
}

const failingSync = (code: string) =>
  ((_: number, done: fs.NoParamCallback) => done(failure(code))) as typeof fs.fsync

t.test('a file is replaced as a whole, its directory made if it is missing', async t => {
  const { layout, path } = setUp(t)
  await writing.replace(layout, path, 'one')
  await writing.replace(layout, path, Buffer.from('two'))
  t.equal(await readFile(path, 'utf8'), 'two')
  t.equal((await stat(path)).mode & 0o777, 0o644)
  t.same(await leftOver(layout), [])
})

t.test('a mode can be given', async t => {
  const { layout, path } = setUp(t)
  await writing.replace(layout, path, 'secret', { mode: 0o600 })
  t.equal((await stat(path)).mode & 0o777, 0o600)
})

t.test('readers see the old or the new, never a mixture', async t => {
  const { layout, path } = setUp(t)
  const texts = ['a'.repeat(300_000), 'b'.repeat(200_000)]
  await writing.replace(layout, path, texts[0] as string)
  let writes = 0
  const writer = (async () => {
    for (; writes < 60; writes += 1)
      await writing.replace(layout, path, texts[writes % 2] as string, { durable: false })
  })()
  for (let reads = 0; reads < 100; reads += 1) t.ok(texts.includes(await readFile(path, 'utf8')))
  await writer
})

t.test('of many who create one name exactly one wins, and its content is there', async t => {
  const { layout, path } = setUp(t)
  const won = await Promise.all(
    Array.from({ length: 20 }, (_, index) => writing.create(layout, path, String(index))),
  )
  t.equal(won.filter(Boolean).length, 1)
  t.equal(await readFile(path, 'utf8'), String(won.indexOf(true)))
  t.same(await leftOver(layout), [])
})

t.test('where there are no hard links one wins all the same (fault S43)', async t => {
  for (const code of ['EPERM', 'ENOTSUP']) {
    const { layout, path } = setUp(t)
    const { create } = await withFailing(t, { linkSync: failing(code) })
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, index) => create(layout, path, String(index))),
    )
    t.equal(won.filter(Boolean).length, 1)
    t.equal(await readFile(path, 'utf8'), String(won.indexOf(true)))
    t.same(await leftOver(layout), [])
  }
})

t.test('a full disk leaves what was there before and nothing aside (fault S06)', async t => {
  const { layout, path } = setUp(t)
  await writing.replace(layout, path, 'old')
  for (const [mocks, code] of [
    [{ writeInto: failing('ENOSPC') }, 'ENOSPC'],
    [{ fsync: failingSync('EIO') }, 'EIO'],
    [{ openSync: failing('EROFS') }, 'EROFS'],
    [{ renameFile: failing('EIO') }, 'EIO'],
    [{ renameFile: failing('EXDEV') }, 'EXDEV'],
  ] as const) {
    const { replace } = await withFailing(t, mocks)
    await t.rejects(replace(layout, path, 'new'), { code })
    t.equal(await readFile(path, 'utf8'), 'old')
    t.same(await leftOver(layout), [], code)
  }
})

t.test('a failed creation leaves no name and nothing aside', async t => {
  const { layout, path } = setUp(t)
  for (const mocks of [{ linkSync: failing('EIO') }, { fsync: failingSync('EIO') }]) {
    const { create } = await withFailing(t, mocks)
    await t.rejects(create(layout, path, 'new'), { code: 'EIO' })
    await t.rejects(stat(path), { code: 'ENOENT' })
    t.same(await leftOver(layout), [])
  }
})

t.test('a file where a directory is needed is an error for that file only (fault S40)', async t => {
  const { layout, directory } = setUp(t)
  await writeFile(join(directory, 'a'), '')
  await t.rejects(writing.replace(layout, join(directory, 'a/file'), 'x'), {
    code: /ENOTDIR|EEXIST/,
  })
  await mkdir(join(directory, 'dir/below'), { recursive: true })
  await t.rejects(writing.replace(layout, join(directory, 'dir'), 'x'), { code: 'EISDIR' })
  t.same(await leftOver(layout), [])
})

t.test('a directory that somebody removes meanwhile is made again, but not for ever', async t => {
  const { directory } = setUp(t)
  const path = join(directory, 'd')
  let removed = 0
  const write = async () => {
    if (removed++ < 2) await rm(path, { recursive: true, force: true })
    await writeFile(join(path, 'file'), 'x')
  }
  await writing.inDirectory(path, write)
  t.equal(await readFile(join(path, 'file'), 'utf8'), 'x')
  await t.rejects(
    writing.inDirectory(path, () => readFile(join(directory, 'none'))),
    { code: 'ENOENT' },
  )
})

t.test('what is not there is as good as removed', async t => {
  const { layout, path, directory } = setUp(t)
  await writing.replace(layout, path, 'x')
  await writing.discard(path)
  await writing.discard(path)
  await writeFile(join(directory, 'plain'), '')
  await writing.discard(join(directory, 'plain/below'))
  await t.rejects(writing.discard(join(directory, 'a')), { code: /EISDIR|EPERM/ })
})

t.test('names aside are never used twice', async t => {
  const names = Array.from({ length: 1000 }, writing.uniqueName)
  t.equal(new Set(names).size, 1000)
  t.match(names[0], new RegExp(`-${process.pid}-\\d+$`))
})

t.test('a finished file gets a name that must be new, or stays aside', async t => {
  const { directory, path } = setUp(t)
  const [first, second] = [join(directory, 'first'), join(directory, 'second')]
  await writeFile(first, 'one')
  await writeFile(second, 'two')
  t.equal(await writing.publishNew(first, path), true)
  t.equal(await writing.publishNew(second, path, { durable: new Wave() }), false)
  t.equal(await readFile(path, 'utf8'), 'one')
  t.equal(await readFile(second, 'utf8'), 'two', 'the loser is still there')
  t.same((await readdir(directory)).toSorted(), ['a', 'second'])
  const { publishNew } = await withFailing(t, { linkSync: failing('ENOSPC') })
  await t.rejects(publishNew(second, join(directory, 'third')), { code: 'ENOSPC' })
  t.equal(await readFile(second, 'utf8'), 'two', 'and so is one that could not be linked')
})

t.test('a file is moved with its directory made, and stays when that fails', async t => {
  const { directory, path } = setUp(t)
  const from = join(directory, 'from')
  await writeFile(from, 'bytes')
  const { move } = await withFailing(t, { renameFile: failing('EXDEV') })
  await t.rejects(move(from, path), { code: 'EXDEV' })
  await writing.move(from, path)
  t.equal(await readFile(path, 'utf8'), 'bytes')
  t.same(await readdir(directory), ['a'])
  await writing.forget(path)
  await writing.forget(path)
  t.same(await readdir(join(directory, 'a/b')), [])
})
