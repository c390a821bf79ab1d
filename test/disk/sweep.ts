import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { host, Layout } from '../../src/disk/layout.ts'
import { isAbandoned, sweep } from '../../src/disk/sweep.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import type { IndexName } from '../../src/spec/index-name.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'

const name = projectName('demo') as Name
const filename = distFilename('demo-1.0.tar.gz') as Filename
const { pid: dead } = spawnSync(process.execPath, ['-e', ''])
const alive = process.pid

const setUp = async (t: Test) => {
  const layout = new Layout(t.testdir())
  const parts = layout.parts(name, filename)
  await mkdir(parts, { recursive: true })
  await mkdir(layout.temporary, { recursive: true })
  return { layout, parts }
}

t.test('a leftover is told by host and process', async t => {
  for (const left of [`${host}-${dead}-1`, `x.${host}-${dead}-1`, `1234.${host}-${dead}-7`])
    t.equal(isAbandoned(left), true, left)
  for (const used of [
    `${host}-${alive}-1`,
    `99.${host}-${alive}-1`,
    `${host}-1-1`,
    `other-host-${dead}-1`,
    'something',
    '',
  ])
    t.equal(isAbandoned(used), false, used)
})

t.test('the same of every index', async t => {
  const { layout } = await setUp(t)
  const parts = layout.of('alice/dev' as IndexName).parts(name, filename)
  await mkdir(parts, { recursive: true })
  const [gone, kept] = [join(parts, `x.${host}-${dead}-1`), join(parts, `x.${host}-${alive}-1`)]
  for (const path of [gone, kept]) await writeFile(path, 'x')
  await sweep(layout)
  t.same(await readdir(parts), [`x.${host}-${alive}-1`])
})

t.test('what crashed processes left is removed, what lives is left alone (fault S02)', async t => {
  const { layout, parts } = await setUp(t)
  const gone = [join(parts, `x.${host}-${dead}-1`), join(layout.temporary, `${host}-${dead}-1`)]
  const kept = [
    join(parts, `50.${host}-${alive}-1`),
    join(layout.temporary, `${host}-${alive}-2`),
    join(layout.temporary, `elsewhere-${dead}-3`),
  ]
  for (const path of [...gone, ...kept]) await writeFile(path, 'x')
  await sweep(layout)
  for (const path of gone) await t.rejects(stat(path), { code: 'ENOENT' })
  for (const path of kept) t.ok(await stat(path))
})

t.test('what another host left goes by its age', async t => {
  const { layout, parts } = await setUp(t)
  const path = join(parts, `x.elsewhere-1-1`)
  await writeFile(path, 'x')
  const old = new Date(Date.now() - 2 * 3_600_000)
  await utimes(path, old, old)
  await sweep(layout)
  t.same(await readdir(join(layout.allParts, name)), [])
})

t.test('a directory in which another process begins a part stays', async t => {
  const { layout, parts } = await setUp(t)
  const part = join(parts, `x.${host}-${alive}-1`)
  const beginning = (async () => {
    for (let turn = 0; turn < 200; turn += 1) {
      await mkdir(parts, { recursive: true })
      // Between the two the broom may come, and then the file cannot be made; but never is it removed.
      const made = await writeFile(part, 'x').then(
        () => true,
        () => false,
      )
      if (made) return
    }
  })()
  await Promise.all([sweep(layout), beginning, sweep(layout)])
  t.ok(await stat(part))
})

t.test(
  'nothing there is nothing to do, and files in the place of directories are no obstacle',
  async t => {
    await sweep(new Layout(t.testdir()))
    const { layout } = await setUp(t)
    await writeFile(join(layout.allParts, 'file'), '')
    await mkdir(join(layout.temporary, `${host}-${dead}-1`))
    await chmod(layout.temporary, 0o755)
    await sweep(layout)
    t.same(await readdir(layout.temporary), [])
    t.same(await readdir(layout.allParts), ['demo', 'file'])
  },
)
