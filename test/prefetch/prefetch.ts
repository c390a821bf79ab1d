import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readTarget } from '../../src/spec/environment.ts'
import { makeWheel } from '../fixtures/dist.ts'
import { nameOf } from '../fixtures/index-contract.ts'
import { openFor } from '../fixtures/indexes.ts'
import { upstreamAt } from '../fixtures/serve.ts'
import { place, versionsIn, type Universe } from './fixture.ts'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const small: Universe = {
  app: { '1.0': { requires: ['leaf'] } },
  leaf: { '1.0': { metadata: false }, '2.0': { metadata: false } },
}

t.test('a second prefetch makes no file request (need 18)', async t => {
  const { fill, askedFiles } = await place(t, small)
  const first = await fill('app\n')
  t.ok(first.files.every(({ fetched }) => fetched))
  const asked = askedFiles().length
  const second = await fill('app\n')
  t.equal(askedFiles().length, asked)
  t.same(
    second.files.map(({ filename, fetched }) => [filename, fetched]),
    first.files.map(({ filename }) => [filename, false]),
    'the same files, which were here',
  )
})

t.test(
  'with upstream switched off, the pages list what is needed and the files are there',
  async t => {
    const { fill, upstream, directory } = await place(t, small)
    await fill('app\n')
    await upstream.down()
    const upstreams = [upstreamAt(upstream.url.href)]
    const { root } = openFor(t, directory, { upstreams, offline: true })
    for (const [name, filename] of [
      ['app', 'app-1.0-py3-none-any.whl'],
      ['leaf', 'leaf-2.0-py3-none-any.whl'],
    ] as const) {
      const page = await (await root.project(nameOf(name)))?.page()
      const file = page?.files.find(one => one.filename === filename)
      t.ok(file, `${filename} is listed`)
      if (file !== undefined)
        t.ok(await root.file({ name: nameOf(name), filename: file.filename, path: file.url }))
    }
  },
)

t.test('progress tells how far it is', async t => {
  const { fill } = await place(t, small)
  const told: (readonly [number, number])[] = []
  await fill('app\n', { jobs: 1, onProgress: ({ done, wanted }) => told.push([done, wanted]) })
  t.same(told.at(-1), [2, 2])
  t.ok(told.every(([done, wanted]) => done <= wanted))
})

t.test('a file that fails is named, and the others are fetched', async t => {
  const { fill, upstream } = await place(t, {
    app: { '1.0': { requires: ['leaf'] } },
    leaf: { '2.0': {} },
  })
  const filename = 'leaf-2.0-py3-none-any.whl'
  upstream.behave(upstream.path(filename), { status: 404 })
  const report = await fill('app\n')
  t.match(report.failures, [
    new RegExp(`requirements.txt:1: ${filename}: upstream does not have it`),
  ])
  t.same(versionsIn(report), ['app-1.0'])
  t.equal(report.lines[0]?.failures.length, 1, 'the line that leads to it has failed')
})

t.test('hashes in requirements are checked (need 18)', async t => {
  const { fill, upstream } = await place(t, {
    leaf: { '1.0': { tags: ['py3-none-any'], sdist: true } },
  })
  const filename = 'leaf-1.0-py3-none-any.whl'
  const digest = upstream.path(filename).split('/').slice(2, 5).join('')
  const good = await fill(`leaf==1.0 --hash=sha256:${digest}\n`)
  t.same(
    good.files.map(file => file.filename),
    [filename],
    'the file that has the hash',
  )
  const wrong = await fill(`leaf==1.0 --hash=sha256:${'0'.repeat(64)}\n`)
  t.match(wrong.failures, [new RegExp(`${filename} is another file than .* sha256 is ${digest}`)])
  t.same(wrong.files, [])
})

const lockOf = (files: readonly { filename: string; digest: string; url: string }[]): string => `
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "leaf"
version = "1.0"
${files
  .map(
    ({ filename, digest, url }) => `[[packages.wheels]]
name = "${filename}"
url = "${url}"
hashes = { sha256 = "${digest}" }
`,
  )
  .join('')}`

const natives = [
  'cp311-cp311-manylinux_2_17_x86_64',
  'cp312-cp312-win_amd64',
  'cp312-cp312-manylinux_2_17_x86_64',
]

t.test('of a lock, the files it lists that fit a target', async t => {
  const { fill, upstream } = await place(t, {
    leaf: {
      '1.0': { tags: [...natives, 'cp313-cp313-manylinux_2_17_x86_64'], requires: ['missing'] },
    },
  })
  const listed = natives.map(tag => {
    const filename = `leaf-1.0-${tag}.whl`
    const path = upstream.path(filename)
    return {
      filename,
      digest: path.split('/').slice(2, 5).join(''),
      url: `${upstream.origin}${path}`,
    }
  })
  const files = async (python: string, platform: string) => {
    const targets = [readTarget(python, platform)]
    const report = await fill(lockOf(listed), { name: 'pylock.toml', targets })
    t.same(report.failures, [], 'dependencies are not followed')
    return report.files.map(({ filename }) => filename.slice('leaf-1.0-'.length, -'.whl'.length))
  }
  t.same(await files('3.12', 'linux-x86_64'), ['cp312-cp312-manylinux_2_17_x86_64'])
  t.same((await files('any', 'linux-x86_64')).length, 2, 'all Pythons, but only those listed')
  t.same((await files('any', 'any')).length, 3, 'everything that is listed')
})

t.test('a lock says for which Pythons it was not made', async t => {
  const { fill, upstream, askedFiles } = await place(t, { leaf: { '1.0': {} } })
  const filename = 'leaf-1.0-py3-none-any.whl'
  const path = upstream.path(filename)
  const digest = path.split('/').slice(2, 5).join('')
  const lock = lockOf([{ filename, digest, url: `${upstream.origin}${path}` }]).replace(
    'lock-version',
    'requires-python = ">=3.12"\nlock-version',
  )
  const targets = [readTarget('3.9', 'any')]
  const { failures } = await fill(lock, { name: 'pylock.toml', targets })
  t.same(failures, ['pylock.toml is for Python >=3.12'])
  t.same(askedFiles(), [])
  const open = [readTarget('any', 'any')]
  t.same((await fill(lock, { name: 'pylock.toml', targets: open })).failures, [])
})

t.test('a hash in a lock that is not upstream’s fails, naming the file (need 18)', async t => {
  const { fill, upstream, askedFiles } = await place(t, { leaf: { '1.0': {} } })
  const filename = 'leaf-1.0-py3-none-any.whl'
  const url = `${upstream.origin}${upstream.path(filename)}`
  const lock = lockOf([{ filename, digest: 'f'.repeat(64), url }])
  const report = await fill(lock, { name: 'pylock.toml' })
  t.match(report.failures, [new RegExp(`${filename} is another file than pylock.toml`)])
  t.same(askedFiles(), [], 'it is not even fetched')
})

t.test('where upstream lists no hash, the bytes are checked', async t => {
  const { fill, upstream } = await place(t, { leaf: { '1.0': {} } })
  const filename = 'leaf-1.0-py3-none-any.whl'
  upstream.project('leaf', [{ filename, bytes: Buffer.from('other bytes'), hashes: {} }])
  const lock = lockOf([{ filename, digest: 'f'.repeat(64), url: upstream.origin }])
  const report = await fill(lock, { name: 'pylock.toml' })
  t.match(report.failures, [
    new RegExp(`${filename} is another file than .* is ${sha256(Buffer.from('other bytes'))}`),
  ])
})

t.test('an sdist is fetched with its dependencies and what it is built with', async t => {
  const { fill } = await place(t, {
    source: {
      '1.0': {
        tags: [],
        sdist: true,
        requires: ['leaf'],
        buildRequires: ['builder>=2', 'unneeded; python_version < "3"'],
      },
    },
    leaf: { '1.0': {} },
    builder: { '1.0': {}, '2.0': { requires: ['tool'] } },
    tool: { '1.0': {} },
    unneeded: { '1.0': {} },
  })
  const report = await fill('source\n')
  t.same(report.failures, [])
  t.same(versionsIn(report), ['builder-2.0', 'leaf-1.0', 'source-1.0', 'tool-1.0'])
})

t.test('what cannot be fetched to build an sdist is a failure of its line', async t => {
  const { fill } = await place(t, {
    source: { '1.0': { tags: [], sdist: true, buildRequires: ['no-such-builder'] } },
  })
  const report = await fill('source\n')
  t.match(report.failures, [
    /requirements.txt:1: to build source-1\.0\.tar\.gz: there is no project no-such-builder/,
  ])
  t.same(versionsIn(report), ['source-1.0'])
})

t.test('dropped files are files like others, and need no upstream', async t => {
  const { fill, directory, indexes } = await place(t, { leaf: { '1.0': {} } })
  const mine = makeWheel({ name: 'acme', version: '1', requires: ['leaf'] })
  await indexes.root.project(nameOf('leaf'))
  await writeFile(join(directory, mine.filename), mine.bytes)
  const report = await fill('acme\n')
  t.same(
    report.files.map(({ filename, fetched }) => [filename, fetched]),
    [
      [mine.filename, false],
      ['leaf-1.0-py3-none-any.whl', true],
    ],
  )
})
