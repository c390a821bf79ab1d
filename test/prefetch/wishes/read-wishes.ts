import t from 'tap'
import { readWishes } from '../../../src/prefetch/wishes/read-wishes.ts'

const linesOf = async (input: string | Uint8Array, name = '-') =>
  (await readWishes(input, { name })).wishes.map(({ line }) => line)

t.test('the format is known by the content, whatever the name', async t => {
  const registry = 'source = { registry = "x" }'
  for (const text of [
    'a==1.0\n',
    'version = 1\n[[package]]\nname = "a"\nversion = "1.0"\n' + registry,
    'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1.0"\nsdist = {name = "a-1.0.zip"}',
    '[[package]]\nname = "a"\nversion = "1.0"\n[metadata]\nlock-version = "2.0"\ncontent-hash = "x"',
    '[[package]]\nname = "a"\nversion = "1.0"\n[metadata]\nlock_version = "4.5.0"',
    '{"_meta": {}, "default": {"a": {"version": "==1.0"}}}',
  ])
    for (const name of ['-', 'requirements.txt', 'anything.lock'])
      t.strictSame(await linesOf(text, name), ['a==1.0'], `${name}: ${text.slice(0, 30)}`)
})

t.test('a requirements file may be called a lock', async t => {
  t.strictSame(await linesOf('# generated\na==1.0', 'requirements.lock'), ['a==1.0'])
})

t.test('what is no lock is refused with the remedy', async t => {
  for (const [text, name] of [
    ['[project]\nname = "x"\ndependencies = ["a"]', 'pyproject.toml'],
    ['[[package]]\nname = "a"\nversion = "1.0"', 'Cargo.lock'],
    ['a==1.0', 'poetry.lock'],
  ] as const)
    await t.rejects(linesOf(text, name), { message: /is no /, status: 400 }, name)
  await t.rejects(linesOf('[project]\n', 'pyproject.toml'), {
    message: 'pyproject.toml is no lock file that is known here: lock the project first',
  })
})

t.test('encodings', async t => {
  const text = 'a==1.0\nb==2.0  # ü\n'
  const expected = ['a==1.0', 'b==2.0  # ü']
  t.strictSame(await linesOf(`\ufeff${text}`), expected, 'a mark in a text')
  t.strictSame(await linesOf(Buffer.from(text)), expected, 'UTF-8')
  t.strictSame(await linesOf(Buffer.from(`\ufeff${text}`)), expected, 'UTF-8 with a mark')
  t.strictSame(
    await linesOf(Buffer.from(`\ufeff${text}`, 'utf16le')),
    expected,
    'UTF-16, as PowerShell redirects `pip freeze`',
  )
  t.strictSame(
    await linesOf(Buffer.from(`\ufeff${text}`, 'utf16le').swap16()),
    expected,
    'the other UTF-16',
  )
  t.strictSame(
    await linesOf(Buffer.from(`# -*- coding: latin-1 -*-\n${text}`, 'latin1')),
    expected,
    'named in a comment (PEP 263)',
  )
  for (const bytes of [Buffer.from(text, 'latin1'), Buffer.from('# coding: no-such\na==1')])
    await t.rejects(linesOf(bytes, 'x.txt'), {
      message: 'x.txt is not a text in UTF-8: save it as one',
      status: 400,
    })
})

t.test('sizes have a bound', async t => {
  await t.rejects(linesOf(' '.repeat(16 * 2 ** 20 + 1)), {
    message: /more than 16 MiB/,
    status: 400,
  })
  t.strictSame(await linesOf(''), [])
})

t.test('hostile lines are read in linear time', async t => {
  const long = 200_000
  for (const line of [
    `a${'.'.repeat(long)}==1`,
    `a==${'1.'.repeat(long)}`,
    `a==1 ${' '.repeat(long)}x`,
    `a ; ${'('.repeat(long)}`,
    `a[${'x,'.repeat(long)}]`,
    `a==1 ${'--hash=sha256:0 '.repeat(long / 10)}`,
    '#'.repeat(long),
    'a/'.repeat(long),
    `--${'-'.repeat(long)}`,
  ])
    t.strictSame(await linesOf(line), [], line.slice(0, 10))
})
