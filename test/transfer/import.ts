import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import { finishImport, importState } from '../../src/transfer/import.ts'
import { exported, fill, inPieces, picture, sealed, type Part } from './fixtures/state.ts'

const state = {
  'six/six-1.0.tar.gz': 'six'.repeat(1000),
  'empty-1.0.tar.gz': '',
  '@alice/dev/mine/mine-1.tar.gz': 'mine',
  [`${'long-'.repeat(40)}x/${'long-'.repeat(40)}x-1.0.tar.gz`]: 'long',
  'proxypypi.toml': 'port = 1\n',
  '.proxypypi/layout': '{"version":1}',
  '.proxypypi/keep/facts/root/pypi/six/six-1.0.tar.gz.json': '{}',
  '.proxypypi/keep/users/alice.json': '{}',
  '.proxypypi/keep/token-key': 'secret',
  '.proxypypi/cache/pages/pypi/six.json': '{}',
}

const importInto = (directory: string, archive: Buffer) =>
  importState(new Layout(directory), inPieces(archive))

const contents = (directory: string): string[] =>
  Object.keys(picture(directory)).filter(path => !/^\.proxypypi\/(?:work\/(?:tmp\/)?)?$/.test(path))

t.test('an import is what was exported, and its export is equal (F27, F28, need 43)', async t => {
  const root = t.testdir({ from: {}, to: {} })
  const [from, to] = [join(root, 'from'), join(root, 'to')]
  fill(from, state)
  mkdirSync(join(from, '.proxypypi', 'keep', 'tokens'), { mode: 0o700 })
  const before = await exported(from, { withCache: true })
  const imported = await importInto(to, before.archive)
  t.same(imported, { files: before.files, bytes: before.bytes })
  t.ok(before.archive.equals((await exported(to, { withCache: true })).archive))
  const { '.proxypypi/work/': _, '.proxypypi/work/tmp/': __, ...after } = picture(to)
  t.same(after, picture(from))
  const elsewhere = join(root, 'made', 'on', 'the', 'way')
  await importInto(elsewhere, before.archive)
  t.ok(existsSync(join(elsewhere, 'proxypypi.toml')))
})

t.test('only a directory without a state is filled', async t => {
  const root = t.testdir()
  fill(join(root, 'from'), state)
  const { archive } = await exported(join(root, 'from'))
  for (const [name, path] of [
    ['dropped', 'six-1.0.tar.gz'],
    ['settings', 'proxypypi.toml'],
    ['kept', '.proxypypi/keep/users/a.json'],
    ['cache', '.proxypypi/cache/x'],
  ] as const) {
    fill(join(root, name), { [path]: 'here' })
    const before = picture(join(root, name))
    await t.rejects(importInto(join(root, name), archive), /is not empty, it has /, path)
    t.same(picture(join(root, name)), before)
  }
  fill(join(root, 'run'), { '.proxypypi/run/host.log': 'x', '.proxypypi/work/tmp/y': 'y' })
  await importInto(join(root, 'run'), archive)
  t.ok(existsSync(join(root, 'run', 'six')), 'a server that ran once leaves nothing that counts')
})

t.test('an archive that was cut anywhere, or changed anywhere, leaves nothing behind', async t => {
  const root = t.testdir()
  fill(join(root, 'from'), state)
  const { archive } = await exported(join(root, 'from'))
  const to = join(root, 'to')
  const ends = Array.from({ length: archive.length / 512 - 2 }, (_, block) => block * 512)
  for (const end of [1, 511, 700, ...ends]) {
    await t.rejects(importInto(to, archive.subarray(0, end)), { name: 'Error' }, `cut at ${end}`)
    t.same(contents(to), [])
  }
  for (let at = 0; at < archive.length - 1024; at += 499) {
    const changed = Buffer.from(archive)
    changed[at] = (changed[at] ?? 0) ^ 1
    await t.rejects(importInto(to, changed), { name: 'Error' }, `changed at ${at}`)
    t.same(contents(to), [])
  }
  await t.rejects(importInto(to, Buffer.concat([archive, Buffer.from('more')])), /behind its end/)
  await importInto(to, Buffer.concat([archive, Buffer.alloc(9000)]))
})

const hostile: readonly (readonly [string, readonly Part[]])[] = [
  ['an absolute path', [{ path: '/etc/passwd', text: 'x' }]],
  ['a path that leads out', [{ path: '../x-1.0.tar.gz', text: 'x' }]],
  ['one that does so later', [{ path: 'a/../../x', text: 'x' }]],
  ['one that goes nowhere', [{ path: 'a/./x', text: 'x' }]],
  ['an empty part', [{ path: 'a//x', text: 'x' }]],
  ['a path of Windows', [{ path: 'a\\..\\x', text: 'x' }]],
  ['a drive', [{ path: 'C:x', text: 'x' }]],
  ['a control character', [{ path: 'a\nb', text: 'x' }]],
  ['a part that is too long', [{ path: `${'x'.repeat(256)}/y`, text: 'x' }]],
  ['a hidden file', [{ path: '.bashrc', text: 'x' }]],
  ['a hidden file below', [{ path: 'six/.htaccess', text: 'x' }]],
  ['a file of a running server', [{ path: '.proxypypi/run/host.pid', text: '1' }]],
  ['an import of its own', [{ path: '.proxypypi/work/import/complete', text: '' }]],
  ['our directory as a file', [{ path: '.proxypypi', text: 'x' }]],
  ['a symbolic link', [{ path: 'six', type: '2', link: '/etc' }]],
  ['a hard link', [{ path: 'six', type: '1', link: 'etc/passwd' }]],
  ['a device', [{ path: 'six', type: '3' }]],
  ['a FIFO', [{ path: 'six', type: '6' }]],
  ['a sparse file', [{ path: 'six', type: 'S' }]],
  ['a long name of GNU', [{ path: 'six', type: 'L', text: '../../x' }]],
  ['a header for all', [{ path: 'six', type: 'g', text: '14 path=../x\n' }]],
  ['a size in a header', [{ path: 'six', type: 'x', text: '12 size=999\n' }]],
  ['the same file twice', [{ path: 'six-1.0.tar.gz' }, { path: 'six-1.0.tar.gz' }]],
  ['a file as a directory', [{ path: 'six' }, { path: 'six/six-1.0.tar.gz' }]],
  ['a directory as a file', [{ path: 'six/six-1.0.tar.gz' }, { path: 'six' }]],
  ['a later layout', [{ path: '.proxypypi/layout', text: '{"version":2}' }]],
]

t.test('hostile archives are refused, whatever their seal says (fault P12)', async t => {
  const root = t.testdir({ to: {} })
  const to = join(root, 'to')
  for (const [what, parts] of hostile) {
    await t.rejects(importInto(to, sealed(parts)), { name: 'Error' }, what)
    t.same(contents(to), [], what)
    t.same(readdirSync(root), ['to'], what)
  }
})

t.test('what is no export says so', async t => {
  const to = t.testdir()
  const cases: readonly (readonly [RegExp, Buffer])[] = [
    [/no tar archive/, Buffer.alloc(0)],
    [/no tar archive/, Buffer.from('PK\u0003\u0004'.padEnd(2000, ' '))],
    [/no tar archive/, Buffer.alloc(10_240)],
    [/has no seal/, sealed([{ path: 'six' }]).fill(0, 512)],
    [/seal is damaged/, sealed([], () => '[]')],
    [/seal is too large/, sealed([], () => ' '.repeat(100_000))],
    [/its digest differs/, sealed([], () => '{"version":1,"sha256":"00"}')],
    [/a later version/, sealed([], () => '{"version":2,"sha256":"00"}')],
    [/extended header is too large/, sealed([{ path: 'x', type: 'x', text: ' '.repeat(70_000) }])],
  ]
  for (const [message, archive] of cases) {
    await t.rejects(importInto(to, archive), message)
    t.same(contents(to), [])
  }
})

t.test('killed before all was checked: as empty as before, and it can be done again', async t => {
  const root = t.testdir()
  fill(join(root, 'from'), state)
  const { archive } = await exported(join(root, 'from'))
  const to = join(root, 'to')
  fill(to, { '.proxypypi/work/import/tree/six/six-1.0.tar.gz': 'half' })
  t.equal(await finishImport(new Layout(to)), false)
  await importInto(to, archive)
  t.equal(readFileSync(join(to, 'six', 'six-1.0.tar.gz'), 'utf8'), state['six/six-1.0.tar.gz'])
})

t.test('killed between any two steps of moving: the next one ends it', async t => {
  const root = t.testdir()
  fill(join(root, 'from'), state)
  const { archive } = await exported(join(root, 'from'))
  const whole = join(root, 'whole')
  await importInto(whole, archive)
  const own = ['keep', 'layout'].map(name => join('.proxypypi', name))
  const moved = [...own, ...readdirSync(whole).filter(name => name !== '.proxypypi')]
  for (let done = 0; done <= moved.length; done += 1) {
    const to = join(root, `after-${done}`)
    await importInto(to, archive)
    const tree = join(to, '.proxypypi', 'work', 'import', 'tree')
    mkdirSync(join(tree, '.proxypypi'), { recursive: true })
    for (const name of moved.slice(done)) renameSync(join(to, name), join(tree, name))
    writeFileSync(join(to, '.proxypypi', 'work', 'import', 'complete'), '')
    t.equal(await finishImport(new Layout(to)), true)
    t.equal(await finishImport(new Layout(to)), false)
    t.ok((await exported(to)).archive.equals(archive), `${done} of ${moved.length}`)
    t.notOk(existsSync(join(to, '.proxypypi', 'work', 'import')))
  }
})
