import * as fs from 'node:fs'
import { readFile, readdir, writeFile, link, mkdir } from 'node:fs/promises'
import * as promises from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import * as atOnce from '../../src/disk/at-once.ts'

/** The same, and what of it went through the thread pool. */
const recording = async (t: Test) => {
  const pooled: string[] = []
  const told = <Given extends unknown[], Result>(name: string, call: (...of: Given) => Result) => {
    return (...of: Given): Result => {
      pooled.push(name)
      return call(...of)
    }
  }
  const mocks = {
    'node:fs': { ...fs, writeFile: told('write', fs.writeFile) },
    'node:fs/promises': {
      ...promises,
      rename: told('rename', promises.rename),
      unlink: told('unlink', promises.unlink),
    },
  }
  return { pooled, ...(await t.mockImport<typeof atOnce>('../../src/disk/at-once.ts', mocks)) }
}

t.test('what takes the last name from a file keeps nobody waiting', async t => {
  const directory = t.testdir({ one: '1', two: '2', three: '3' })
  const at = (name: string) => join(directory, name)
  await link(at('one'), at('again'))
  const { pooled, renameFile, unlinkFile } = await recording(t)
  await unlinkFile(at('again'))
  await renameFile(at('two'), at('new'))
  t.same(pooled, [], 'all else is done at once')
  await renameFile(at('new'), at('three'))
  await unlinkFile(at('one'))
  t.same(pooled, ['rename', 'unlink'])
  t.same(await readdir(directory), ['three'])
  t.equal(await readFile(at('three'), 'utf8'), '2')
})

t.test('what cannot be done is told', async t => {
  const directory = t.testdir({ one: '1' })
  await mkdir(join(directory, 'two'))
  const [one, two, none] = ['one', 'two', 'none'].map(name => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await t.rejects(atOnce.renameFile(none, one), { code: 'ENOENT' })
  await t.rejects(atOnce.renameFile(one, two), { code: 'EISDIR' })
  await t.rejects(atOnce.unlinkFile(none), { code: 'ENOENT' })
  await t.rejects(atOnce.unlinkFile(join(one, 'below')), { code: 'ENOTDIR' })
})

t.test('large contents are written beside all else', async t => {
  const path = join(t.testdir(), 'file')
  const { pooled, writeInto } = await recording(t)
  await writeFile(path, '')
  for (const [data, count] of [
    ['small', 0],
    [Buffer.alloc(100), 0],
    ['ä'.repeat(100_000), 1],
    [Buffer.alloc(200_000, 'x'), 2],
  ] as const) {
    const descriptor = fs.openSync(path, 'w')
    try {
      await writeInto(descriptor, data)
    } finally {
      fs.closeSync(descriptor)
    }
    t.same(await readFile(path), Buffer.from(data as string))
    t.equal(pooled.length, count)
  }
})
