import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { exported, fill } from './fixtures/state.ts'

// What the archive lists, by our own reader's competitor.
const listed = (directory: string, archive: Buffer): string[] =>
  spawnSync('tar', ['tf', '-'], { cwd: directory, input: archive, encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)

const long = `${'very-'.repeat(30)}long`

const state = {
  'dropped-1.0.tar.gz': 'dropped',
  'proxypypi.toml': 'port = 1\n',
  'six/six-1.0.tar.gz': 'six',
  [`${long}/${long}-1.0.tar.gz`]: 'long',
  'Zope.Interface/zope.interface-1.zip': 'zope',
  'packages/source/a/acme/acme-1.tar.gz': 'acme',
  '@alice/dev/mine/mine-1.tar.gz': 'mine',
  '@alice/dev/mine/mine-1.doc.zip': 'documentation',
  'README.txt': 'not ours',
  'node_modules/a/b/c/d/e/f/g-1.0.tar.gz': 'too deep to be served',
  '.hidden/x-1.0.tar.gz': 'hidden',
  '.proxypypi/layout': '{"version":1}',
  '.proxypypi/keep/facts/root/pypi/six/six-1.0.tar.gz.json': '{}',
  '.proxypypi/keep/deleted/root/pypi/old/old-1.0.tar.gz.0123': 'old',
  '.proxypypi/keep/users/alice.json': '{}',
  '.proxypypi/keep/hooks/1.json': 'told from here',
  '.proxypypi/keep/token-key': 'secret',
  '.proxypypi/cache/pages/pypi/six.json': '{}',
  '.proxypypi/work/tmp/x': 'temporary',
  '.proxypypi/run/host.pid': '1',
}

t.test('files come first, then what is known of them, settings last (design 10)', async t => {
  const directory = t.testdir()
  fill(directory, state)
  const { archive, files } = await exported(directory)
  const names = listed(directory, archive)
  t.same(names, [
    '@alice/dev/mine/mine-1.doc.zip',
    '@alice/dev/mine/mine-1.tar.gz',
    'Zope.Interface/zope.interface-1.zip',
    'dropped-1.0.tar.gz',
    'packages/source/a/acme/acme-1.tar.gz',
    'six/six-1.0.tar.gz',
    `${long}/${long}-1.0.tar.gz`,
    '.proxypypi/keep/deleted/',
    '.proxypypi/keep/deleted/root/',
    '.proxypypi/keep/deleted/root/pypi/',
    '.proxypypi/keep/deleted/root/pypi/old/',
    '.proxypypi/keep/deleted/root/pypi/old/old-1.0.tar.gz.0123',
    '.proxypypi/keep/facts/',
    '.proxypypi/keep/facts/root/',
    '.proxypypi/keep/facts/root/pypi/',
    '.proxypypi/keep/facts/root/pypi/six/',
    '.proxypypi/keep/facts/root/pypi/six/six-1.0.tar.gz.json',
    '.proxypypi/keep/token-key',
    '.proxypypi/keep/users/',
    '.proxypypi/keep/users/alice.json',
    '.proxypypi/layout',
    'proxypypi.toml',
    '.proxypypi/export.json',
  ])
  t.equal(files, 13)
  const cached = listed(directory, (await exported(directory, { withCache: true })).archive)
  t.same(
    cached.filter(name => !names.includes(name)),
    [
      '.proxypypi/cache/',
      '.proxypypi/cache/pages/',
      '.proxypypi/cache/pages/pypi/',
      '.proxypypi/cache/pages/pypi/six.json',
    ],
  )
})

t.test('the same state gives the same bytes, whoever touched its directories', async t => {
  const directory = t.testdir()
  fill(directory, state)
  const { archive } = await exported(directory)
  writeFileSync(join(directory, 'six', 'x.tmp'), '')
  rmSync(join(directory, 'six', 'x.tmp'))
  utimesSync(join(directory, '.proxypypi', 'keep', 'users'), 5, 5)
  t.ok(archive.equals((await exported(directory)).archive))
  writeFileSync(join(directory, 'six', 'six-1.0.tar.gz'), 'SIX')
  t.notOk(archive.equals((await exported(directory)).archive))
})

t.test('any tar reads it, and secrets stay secret', async t => {
  const directory = t.testdir({ out: {}, cache: {} })
  fill(join(directory, 'cache'), state)
  const { archive } = await exported(join(directory, 'cache'))
  execFileSync('tar', ['xpf', '-'], { cwd: join(directory, 'out'), input: archive })
  t.same(readdirSync(join(directory, 'out', long)), [`${long}-1.0.tar.gz`])
  const output = spawnSync('tar', ['tvf', '-'], { input: archive, encoding: 'utf8' }).stdout
  t.match(output, /^-rw-------.* \.proxypypi\/keep\/token-key$/m)
  t.match(output, /^drwx------.* \.proxypypi\/keep\/users\/$/m)
  t.match(output, /^-rw-r--r--.* six\/six-1\.0\.tar\.gz$/m)
})

t.test('links are followed where they would be served', async t => {
  const directory = t.testdir({ outside: { 'evil-1.0.tar.gz': 'secret' }, cache: {} })
  const cache = join(directory, 'cache')
  fill(cache, { 'six/six-1.0.tar.gz': 'six', '.secret/x-1.0.tar.gz': 'x' })
  symlinkSync('six/six-1.0.tar.gz', join(cache, 'linked-1.0.tar.gz'))
  symlinkSync('six', join(cache, 'seven'))
  symlinkSync(join(directory, 'outside', 'evil-1.0.tar.gz'), join(cache, 'evil-1.0.tar.gz'))
  symlinkSync(join(directory, 'outside'), join(cache, 'evil'))
  symlinkSync('.secret', join(cache, 'secret'))
  symlinkSync('nowhere', join(cache, 'gone-1.0.tar.gz'))
  symlinkSync('..', join(cache, 'six', 'up'))
  symlinkSync('.', join(cache, 'six', 'itself'))
  const names = listed(directory, (await exported(cache)).archive)
  t.same(names.slice(0, -1), ['linked-1.0.tar.gz', 'seven/six-1.0.tar.gz', 'six/six-1.0.tar.gz'])
})

t.test('what is being copied there just now is left out, what is merely new is not', async t => {
  const directory = directoryOf(t)
  fill(directory, { 'old-1.0.tar.gz': 'x' })
  writeFileSync(join(directory, 'new-1.0.tar.gz'), 'x')
  const growing = join(directory, 'growing-1.0.tar.gz')
  let text = ''
  const copying = setInterval(() => writeFileSync(growing, (text += 'x')), 5)
  t.teardown(() => clearInterval(copying))
  writeFileSync(growing, '')
  const { archive, unfinished } = await exported(directory, { settle: 1 })
  clearInterval(copying)
  t.same(unfinished, ['growing-1.0.tar.gz'])
  const names = listed(directory, archive)
  t.same(names.slice(0, -1), ['new-1.0.tar.gz', 'old-1.0.tar.gz'])
})

t.test('an empty directory, and none', async t => {
  const directory = t.testdir()
  mkdirSync(join(directory, 'empty'))
  t.same(listed(directory, (await exported(join(directory, 'empty'))).archive), [
    '.proxypypi/export.json',
  ])
  t.match(await exported(join(directory, 'missing')), { files: 0, bytes: 0 })
})
