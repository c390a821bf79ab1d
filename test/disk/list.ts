import { cp, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { Directory } from '../../src/disk/list.ts'
import type { Filename } from '../../src/spec/filename.ts'
import { projectName, type Name } from '../../src/spec/project-name.ts'

const demo = projectName('demo') as Name
const alias = projectName('alias') as Name
const extra = projectName('demo-extra') as Name

const filesOf = async (directory: Directory, name: Name = demo) =>
  [...(await directory.of(name)).files.keys()].toSorted()

t.test(
  'files lie in the root, in a project directory of any spelling, or in packages (P21, P22, P26)',
  async t => {
    const root = t.testdir({
      'demo-1.0.tar.gz': '',
      'Demo_Extra-1.0-py3-none-any.whl': '',
      'demo-extra-1.1.tar.gz': '',
      demo: { 'demo-2.0.tar.gz': '' },
      Demo_Extra: { 'demo_extra-2.0.tar.gz': '' },
      'demo.extra': { 'demo_extra-3.0.tar.gz': '' },
      packages: {
        d: { demo: { 'demo-3.0.tar.gz': '' } },
        source: { d: { demo: { 'demo-4.0.tar.gz': '' } } },
      },
    })
    const directory = new Directory(root)
    t.same(
      await filesOf(directory),
      ['1.0', '2.0', '3.0', '4.0'].map(version => `demo-${version}.tar.gz`),
    )
    t.same(await filesOf(directory, extra), [
      'Demo_Extra-1.0-py3-none-any.whl',
      'demo-extra-1.1.tar.gz',
      'demo_extra-2.0.tar.gz',
      'demo_extra-3.0.tar.gz',
    ])
    t.same([...(await directory.names())].toSorted(), ['demo', 'demo-extra', 'packages'])
    for (const version of ['1.0', '2.0', '3.0', '4.0'])
      t.ok(await directory.has(demo, `demo-${version}.tar.gz` as Filename), version)
    for (const version of ['1.1', '2.0', '3.0'])
      t.notOk(await directory.has(demo, `demo_extra-${version}.tar.gz` as Filename), version)
    t.ok(await directory.has(extra, 'demo_extra-3.0.tar.gz' as Filename))
    t.notOk(await directory.has(demo, 'demo-5.0.tar.gz' as Filename))
  },
)

t.test('of one file in several places the one in the normal directory counts', async t => {
  const file = 'demo-1.0.tar.gz'
  const root = t.testdir({ Demo: { [file]: '' }, demo: { [file]: '' }, [file]: '' })
  const { files } = await new Directory(root).of(demo)
  t.same([...files.values()], [join(root, 'demo', file)])
})

t.test('every change is seen at the next look, however soon (fault S21)', async t => {
  const root = t.testdir({ demo: {} })
  const directory = new Directory(root)
  const stamps = new Set<string>()
  const look = async () => {
    stamps.add((await directory.of(demo)).stamp)
    return (await filesOf(directory)).length
  }
  t.equal(await look(), 0)
  for (let count = 1; count <= 40; count += 1) {
    const place = count % 2 === 0 ? root : join(root, 'demo')
    await writeFile(join(place, `demo-${count}.tar.gz`), '')
    t.equal(await look(), count)
  }
  t.equal(stamps.size, 41, 'and each time the stamp is another one')
  await rename(join(root, 'demo/demo-1.tar.gz'), join(root, 'demo/demo-1.1.tar.gz'))
  t.ok((await filesOf(directory)).includes('demo-1.1.tar.gz' as never))
  await rm(join(root, 'demo'), { recursive: true })
  t.equal(await look(), 20)
  await rm(root, { recursive: true })
  t.equal(await look(), 0)
})

t.test(
  'a change is seen although a copying program sets the mtime of the directory back',
  async t => {
    const root = t.testdir({ demo: { 'demo-1.tar.gz': '' } })
    const directory = new Directory(root)
    const old = new Date('2020-01-01')
    await utimes(join(root, 'demo'), old, old)
    await new Promise(resolve => setTimeout(resolve, 80))
    t.equal((await filesOf(directory)).length, 1)
    await cp(join(root, 'demo/demo-1.tar.gz'), join(root, 'demo/demo-2.tar.gz'))
    await utimes(join(root, 'demo'), old, old)
    t.equal((await filesOf(directory)).length, 2)
  },
)

t.test('mtimes in the future hide nothing (fault S34)', async t => {
  const root = t.testdir({ demo: { 'demo-1.tar.gz': '' } })
  const directory = new Directory(root)
  const future = new Date('2099-01-01')
  for (let count = 1; count < 5; count += 1) {
    await writeFile(join(root, `demo/demo-${count}.tar.gz`), '')
    await utimes(join(root, 'demo'), future, future)
    t.equal((await filesOf(directory)).length, count)
  }
})

t.test('another project in the root does not change the stamp of this one', async t => {
  const root = t.testdir({ 'demo-1.tar.gz': '', demo: { 'demo-2.tar.gz': '' } })
  const directory = new Directory(root)
  await new Promise(resolve => setTimeout(resolve, 80))
  const { stamp } = await directory.of(demo)
  await writeFile(join(root, 'other-1.tar.gz'), '')
  await mkdir(join(root, 'third'))
  t.equal((await directory.of(demo)).stamp, stamp)
})

t.test('hostile names and things that are no distributions are not seen (S26, S27)', async t => {
  const root = t.testdir({
    demo: {
      '.demo-1.0.tar.gz': '',
      'demo-1.0.tar.gz.part': '',
      'demo-1.0.html': '',
      '.env': '',
      '-demo-1.0.tar.gz': '',
      'demo 1.0.tar.gz': '',
      'demo-<b>1.tar.gz': '',
      'demo-\n1.tar.gz': '',
      '.tar.gz': '',
      'index.html': '',
      id_rsa: '',
      [`demo-${'1'.repeat(240)}.tar.gz`]: '',
      'demo-7.0.tar.gz': '',
    },
    '.hidden': { 'hidden-1.0.tar.gz': '' },
    '@alice': { dev: {} },
  })
  await writeFile(
    Buffer.concat([
      Buffer.from(join(root, 'demo/demo-1')),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('.tar.gz'),
    ]),
    '',
  )
  const directory = new Directory(root)
  t.same(await filesOf(directory), ['demo-7.0.tar.gz'])
  t.same([...(await directory.names())], ['demo'])
})

t.test('links count when they lead to a place within the directory (fault S24)', async t => {
  const base = t.testdir({
    outside: { 'demo-9.0.tar.gz': 'secret' },
    // A hidden directory above the cache is no hidden one in it.
    '.cache': {
      pypi: {
        demo: { 'demo-1.0.tar.gz': 'x' },
        '.proxypypi': { keep: { 'demo-8.0.tar.gz': 'ours' } },
      },
    },
  })
  const root = join(base, '.cache/pypi')
  await symlink('demo/demo-1.0.tar.gz', join(root, 'demo-1.1.tar.gz'))
  await symlink(join(base, 'outside/demo-9.0.tar.gz'), join(root, 'demo/demo-9.0.tar.gz'))
  await symlink('../../../outside', join(root, 'demo-extra'))
  await symlink('../.proxypypi/keep/demo-8.0.tar.gz', join(root, 'demo/demo-8.0.tar.gz'))
  await symlink('loop-2.0.tar.gz', join(root, 'demo/loop-2.0.tar.gz'))
  await symlink('gone', join(root, 'demo/demo-3.0.tar.gz'))
  await symlink('.', join(root, 'round'))
  await symlink('demo', join(root, 'alias'))
  const directory = new Directory(root)
  t.same(await filesOf(directory), ['demo-1.0.tar.gz', 'demo-1.1.tar.gz'])
  t.same(await filesOf(directory, extra), [])
  t.same([...(await directory.names())].toSorted(), ['alias', 'demo'])
  t.same(await filesOf(directory, alias), ['demo-1.0.tar.gz'])
})

t.test(
  'FIFOs, sockets and directories named like distributions are not seen (fault S25)',
  async t => {
    const root = t.testdir({ 'demo-1.0.tar.gz': {}, demo: { 'demo-2.0.tar.gz': {} } })
    await promisify(execFile)('mkfifo', [join(root, 'demo-3.0.tar.gz')])
    const server = createServer()
    // The path of a socket may have 107 bytes only.
    const before = process.cwd()
    process.chdir(root)
    await new Promise<void>(resolve => server.listen('demo-4.0.tar.gz', resolve))
    process.chdir(before)
    t.teardown(() => server.close())
    const directory = new Directory(root)
    t.same(await filesOf(directory), [])
  },
)

t.test('a file where a directory is expected is no obstacle (fault S40)', async t => {
  const root = t.testdir({ demo: 'a file', packages: 'a file', 'demo-1.0.tar.gz': '' })
  t.same(await filesOf(new Directory(root)), ['demo-1.0.tar.gz'])
  t.same(await filesOf(new Directory(join(root, 'demo'))), [])
})
