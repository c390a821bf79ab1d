import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { readRequiresTxt, readSdist } from '../../src/prefetch/sdist.ts'
import { distFilename, type Filename } from '../../src/spec/filename.ts'
import { makeTar, makeZip } from '../fixtures/dist.ts'

const told = async (directory: string, files: Record<string, string>, kind = 'tar.gz') => {
  const entries = Object.entries(files).map(([path, data]) => ({ name: `leaf-1.0/${path}`, data }))
  const filename = distFilename(`leaf-1.0.${kind}`) as Filename
  const path = join(directory, filename)
  await writeFile(path, kind === 'zip' ? makeZip(entries) : gzipSync(makeTar(entries)))
  return readSdist(path, filename)
}

const info = (version: string, ...lines: readonly string[]) =>
  [`Metadata-Version: ${version}`, 'Name: leaf', 'Version: 1.0', ...lines, ''].join('\n')

t.test('static metadata is believed (PEP 643)', async t => {
  const read = await told(t.testdir(), {
    'PKG-INFO': info('2.2', 'Requires-Dist: twig>=1', 'Requires-Python: >=3.8'),
    'leaf.egg-info/requires.txt': 'something-else\n',
  })
  t.match(read, { requires: ['twig>=1'], requiresPython: '>=3.8' })
  t.equal(read.note, undefined)
})

t.test('dynamic dependencies are not', async t => {
  const read = await told(t.testdir(), {
    'PKG-INFO': info('2.2', 'Dynamic: Requires-Dist', 'Requires-Dist: twig'),
    'pyproject.toml': '[project]\nname = "leaf"\nversion = "1.0"\ndependencies = ["bud"]\n',
  })
  t.same(read.requires, ['bud'], 'the project’s own list is (PEP 621)')
  t.equal(read.note, undefined)
})

t.test('an egg-info is believed with a note', async t => {
  const read = await told(t.testdir(), {
    'PKG-INFO': info('1.1'),
    'src/leaf.egg-info/requires.txt': 'twig>=1\n\n[fast]\nspeed\n',
  })
  t.same(read.requires, ['twig>=1', 'speed ; extra == "fast"'])
  t.match(read.note, /no static metadata/)
})

t.test('nothing is known of others, and nothing is executed', async t => {
  const read = await told(t.testdir(), { 'setup.py': 'raise SystemExit("executed")\n' }, 'zip')
  t.same(read.requires, [])
  t.match(read.note, /does not tell its dependencies/)
  t.same(read.build, ['setuptools>=40.8.0', 'wheel'], 'what installers build with')
})

t.test('what it is built with (PEP 518)', async t => {
  const directory = t.testdir()
  const build = async (pyproject: string) =>
    (await told(directory, { 'PKG-INFO': info('2.2'), 'pyproject.toml': pyproject })).build
  t.same(await build('[build-system]\nrequires = ["flit_core >=3"]\n'), ['flit_core >=3'])
  t.same(await build('[build-system]\nrequires = ["setuptools>=61"]\n'), [
    'setuptools>=61',
    'wheel',
  ])
  t.same(await build('[tool.black]\n'), ['setuptools>=40.8.0', 'wheel'])
  t.same(await build('no toml ['), ['setuptools>=40.8.0', 'wheel'])
})

t.test('other archives are not read', async t => {
  const path = join(t.testdir(), 'leaf-1.0.tar.bz2')
  await writeFile(path, 'BZh9')
  t.match(await readSdist(path, distFilename('leaf-1.0.tar.bz2') as Filename), {
    requires: [],
    build: [],
    note: /not read here/,
  })
})

t.test('sections of requires.txt', t => {
  const text = `one
two>=1

[:python_version < "3"]
three

[extra]
four; os_name == "nt"

[extra:sys_platform == "win32"]
five
`
  t.same(readRequiresTxt(text), [
    'one',
    'two>=1',
    'three ; (python_version < "3")',
    'four ; (os_name == "nt") and extra == "extra"',
    'five ; ((sys_platform == "win32")) and extra == "extra"',
  ])
  t.end()
})
