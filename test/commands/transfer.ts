import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import { breakLock } from '../../src/disk/lock.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { makeSdist } from '../fixtures/dist.ts'
import { fetched, startProcess } from '../fixtures/server-process.ts'
import { formFor, post } from '../fixtures/publishing.ts'
import { MadeDump, stage } from '../transfer/devpi/fixtures/dump.ts'

const program = await buildProgram()

const acme = makeSdist({ name: 'acme', version: '1.0' })
const dropped = makeSdist({ name: 'dropped', version: '1.0' })

t.test(
  'a server moves in one file, while it runs, and its copy serves the same (need 43)',
  async t => {
    const root = directoryOf(t)
    const [from, to] = [join(root, 'from'), join(root, 'to')]
    mkdirSync(from)
    writeFileSync(join(from, dropped.filename), dropped.bytes)
    const options = ['-n', '--settle', '0']
    const server = await startProcess(t, program, ['-d', from, ...options])
    t.equal((await post(server.url, '/', formFor(acme))).status, 200)
    const add = ['user', 'add', 'ci', '--password-stdin']
    const child = spawn(process.execPath, [program.file, '-d', from, ...add], {
      env: { PATH: process.env['PATH'] },
    })
    child.stdin.end('secret-password\n')
    t.same((await once(child, 'exit'))[0], 0)
    const page = await fetched(`${server.url}simple/acme/`)
    const file = await fetched(`${server.url}packages/acme/${acme.filename}`)
    const done = await program.run(root, ['-d', 'from', ...options, 'export', 'all.tar'])
    t.match(done, { code: 0, stdout: /^\d+ files, .* exported to .*all\.tar\n$/ }, done.stderr)
    t.equal(statSync(join(root, 'all.tar')).mode & 0o777, 0o600, 'it holds hashes of passwords')
    await server.stop()
    const imported = await program.run(root, ['-d', 'to', 'import', 'all.tar'])
    t.match(imported, { code: 0, stdout: /^\d+ files, .* imported to .*to\n$/ }, imported.stderr)
    const copy = await startProcess(t, program, ['-d', to, ...options])
    t.equal(await fetched(`${copy.url}simple/acme/`), page)
    t.equal(await fetched(`${copy.url}packages/acme/${acme.filename}`), file)
    t.equal(
      await fetched(`${copy.url}packages/dropped/${dropped.filename}`).then(s => s.length),
      64,
    )
    const users = await program.run(root, ['-d', 'to', 'user', 'list'])
    t.match(users.stdout, /^ci /m)
  },
)

t.test('an export of an import is equal, through a pipe too (F28)', async t => {
  const root = directoryOf(t)
  mkdirSync(join(root, 'from', 'acme'), { recursive: true })
  writeFileSync(join(root, 'from', 'acme', acme.filename), acme.bytes)
  const options = ['--settle', '0']
  const files = ['one.tar', 'two.tar'].map(name => join(root, name))
  t.match(await program.run(root, ['-d', 'from', ...options, 'export', 'one.tar']), { code: 0 })
  const node = `"${process.execPath}" "${program.file}"`
  const pipe = `${node} -d from --settle 0 export - | ${node} -d to import -`
  const env = { PATH: process.env['PATH'] }
  await promisify(execFile)('/bin/sh', ['-c', pipe], { cwd: root, env })
  t.match(await program.run(root, ['-d', 'to', ...options, 'export', 'two.tar']), { code: 0 })
  const [one, two] = files.map(file => readFileSync(file))
  t.ok(one?.equals(two ?? Buffer.alloc(0)))
})

t.test('what would be overwritten or make no sense is refused', async t => {
  const root = directoryOf(t)
  mkdirSync(join(root, 'from'))
  writeFileSync(join(root, 'from', acme.filename), acme.bytes)
  const run = (...args: string[]) => program.run(root, ['-d', 'from', '--settle', '0', ...args])
  writeFileSync(join(root, 'old.tar'), 'old')
  t.match(await run('export', 'old.tar'), { code: 1, stderr: /there already; --force/ })
  t.equal(readFileSync(join(root, 'old.tar'), 'utf8'), 'old')
  t.match(await run('export', 'old.tar', '--force'), { code: 0 })
  t.match(await run('export', 'from/x.tar'), { code: 2, stderr: /in the cache itself/ })
  symlinkSync('from', join(root, 'link'))
  t.match(await run('export', 'link/x.tar'), { code: 2, stderr: /in the cache itself/ })
  t.match(await run('export', 'nowhere/x.tar'), { code: 1 })
  t.match(await run('export'), { code: 2 })
  t.match(await run('import', 'a', 'b'), { code: 2 })
  t.match(await run('import-devpi'), { code: 2 })
  const missing = ['-d', 'missing', 'export', 'new.tar']
  t.match(await program.run(root, missing), { code: 1, stderr: /there is no .*missing/ })
  t.match(await run('import', 'old.tar'), { code: 1, stderr: /is not empty, it has acme/ })
  t.match(await run('import', 'new.tar'), { code: 1, stderr: /ENOENT|no such file/ })
  writeFileSync(join(root, 'bad.tar'), readFileSync(join(root, 'old.tar')).subarray(0, 1024))
  const bad = await program.run(root, ['-d', 'to', 'import', 'bad.tar'])
  t.match(bad, { code: 1, stderr: /^proxypypi: bad\.tar was not imported: .*\n$/ })
  t.same(readdirSync(root).toSorted(), ['bad.tar', 'from', 'link', 'old.tar', 'to'])
  t.notOk(existsSync(join(root, 'to', acme.filename)))
})

t.test(
  'killed in the middle of an import, nothing of it is there, and it can be done again',
  async t => {
    const root = directoryOf(t)
    mkdirSync(join(root, 'from'))
    for (let number = 0; number < 50; number += 1)
      writeFileSync(join(root, 'from', `many-1.${number}.tar.gz`), Buffer.alloc(20_000, number))
    const run = (...args: string[]) => program.run(root, ['--settle', '0', ...args])
    t.match(await run('-d', 'from', 'export', 'all.tar'), { code: 0 })
    const archive = readFileSync(join(root, 'all.tar'))
    const env = { PATH: process.env['PATH'] }
    const child = spawn(process.execPath, [program.file, '-d', 'to', 'import', '-'], {
      cwd: root,
      env,
    })
    // It is killed while it is written to.
    child.stdin.on('error', () => {})
    child.stdin.write(archive.subarray(0, archive.length / 2))
    const tree = join(root, 'to', '.proxypypi', 'work', 'import', 'tree')
    while (!existsSync(tree) || readdirSync(tree).length < 10)
      await new Promise(resolve => setTimeout(resolve, 5))
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    t.same(readdirSync(join(root, 'to')), ['.proxypypi'])
    // Else the next one waits until it is clear that nobody holds it.
    await breakLock(new Layout(join(root, 'to')).lock('import'))
    t.match(await run('-d', 'to', 'import', 'all.tar'), { code: 0 })
    t.equal(readdirSync(join(root, 'to')).length, 51)
  },
)

t.test('an import that only has to be moved stops everything else until it is', async t => {
  const root = directoryOf(t)
  const tree = join(root, '.proxypypi', 'work', 'import', 'tree')
  mkdirSync(tree, { recursive: true })
  writeFileSync(join(tree, acme.filename), acme.bytes)
  writeFileSync(join(root, '.proxypypi', 'work', 'import', 'complete'), '')
  const refused = await program.run(root, ['-n', 'start'])
  t.match(refused, { code: 1, stderr: /was interrupted; give the same command again/ })
  t.match(await program.run(root, ['import', 'whatever.tar']), {
    code: 0,
    stdout: 'the import that was interrupted is complete now\n',
  })
  t.ok(existsSync(join(root, acme.filename)))
})

t.test('an export of devpi is taken over, told in the journal, and served (need 17)', async t => {
  const root = directoryOf(t)
  const dump = new MadeDump(join(root, 'dump'))
  dump.user('alice')
  dump.index('alice/dev', stage()).release('acme', '1.0').file('acme', '1.0', acme)
  dump.write()
  const args = ['-d', 'to', '-n', 'import-devpi', 'dump']
  t.match(await program.run(root, args), {
    code: 0,
    stdout: 'imported 1 user, 1 index, 1 release, 1 file; 0 more were here already\n',
    stderr:
      'proxypypi: alice has no password in the export; set one: proxypypi user passwd alice\n',
  })
  const server = await startProcess(t, program, ['-d', join(root, 'to'), '-n'])
  const page = await fetch(`${server.url}alice/dev/+simple/acme/`)
  t.match(await page.text(), acme.filename)
  const told = await program.run(root, ['-d', 'to', 'import-devpi', 'dump'])
  t.match(told, { code: 0, stdout: /^imported nothing; 4 more/ })
  const journal = join(root, 'to', '.proxypypi', 'keep', 'journal')
  const lines = readdirSync(journal).map(day => readFileSync(join(journal, day), 'utf8'))
  t.match(lines.join(''), /"event":"import".*from devpi: 1 user/)
  dump.index('alice/dev', stage()).file('other', '1.0', acme)
  dump.write()
  t.match(await program.run(root, args), { code: 1, stderr: /is left out: by its name/ })
  t.match(await program.run(root, ['-d', 'to', 'import-devpi', 'to']), {
    code: 1,
    stderr: /is no export of devpi-server/,
  })
})
