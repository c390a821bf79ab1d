import t from 'tap'
import { projectJson, releaseJson, type JsonParts } from '../../src/pages/project-json.ts'
import { readUpstreamJson } from '../../src/pages/upstream-json.ts'
import { makePage, type File } from '../../src/spec/page.ts'
import { filenameOf, nameOf } from '../fixtures/index-contract.ts'

const root = 'http://here.example/'
const name = nameOf('leaf-lib')

const file = (filename: string, more: Partial<File> = {}): File => ({
  filename: filenameOf(filename),
  url: `packages/leaf-lib/${filename}`,
  hashes: {},
  size: 1,
  ...more,
})

const partsOf = (files: readonly File[], more: Partial<JsonParts> = {}): JsonParts => ({
  page: makePage(name, files),
  project: undefined,
  isWhole: true,
  root,
  metadata: async () => ({}),
  ...more,
})

const versions = (...texts: string[]) => texts.map(text => file(`leaf_lib-${text}.tar.gz`))

const latestOf = async (files: readonly File[], more?: Partial<JsonParts>): Promise<unknown> => {
  const value = await projectJson(partsOf(files, more))
  return (value?.['info'] as { version: string } | undefined)?.version
}

t.test('the latest: not yanked, no pre-release, the highest (PY-5, FN-54)', async t => {
  t.equal(await latestOf(versions('1.0', '1.10', '1.9')), '1.10')
  t.equal(await latestOf(versions('1.0', '2.0rc1', '2.0.dev3')), '1.0')
  t.equal(
    await latestOf(versions('2.0rc1', '2.0b1')),
    '2.0rc1',
    'a pre-release if there is no other',
  )
  const yanked = file('leaf_lib-3.0.tar.gz', { yanked: true })
  t.equal(await latestOf([...versions('1.0rc1'), yanked]), '1.0rc1', 'rather than a yanked one')
  t.equal(await latestOf([yanked]), '3.0')
  const half = file('leaf_lib-3.0.zip')
  t.equal(await latestOf([...versions('1.0'), yanked, half]), '3.0', 'one good file will do')
  t.equal(await latestOf(versions('1.0', '2004d')), '1.0', 'what is no version comes last')
  t.equal(await latestOf(versions('1!0.1', '5.0')), '1!0.1')
  t.equal(await latestOf([]), undefined)
})

t.test('only the chosen release is asked for its metadata', async t => {
  const asked: string[][] = []
  const metadata: JsonParts['metadata'] = async files => {
    asked.push(files.map(({ filename }) => filename))
    return { summary: 'said' }
  }
  const many = versions(...Array.from({ length: 500 }, (_, count) => `1.${count}`))
  t.match(await projectJson(partsOf(many, { metadata })), { info: { summary: 'said' } })
  t.match(await releaseJson(partsOf(many, { metadata }), '1.7'), { info: { version: '1.7' } })
  t.same(asked, [['leaf_lib-1.499.tar.gz'], ['leaf_lib-1.7.tar.gz']])
})

t.test('every kind of distribution in the words of PyPI (PY-4)', async t => {
  for (const [filename, packagetype, python] of [
    ['leaf_lib-1.0-py3-none-any.whl', 'bdist_wheel', 'py3'],
    ['leaf_lib-1.0-1-cp312-cp312-manylinux_2_17_x86_64.whl', 'bdist_wheel', 'cp312'],
    ['leaf_lib-1.0.tar.gz', 'sdist', 'source'],
    ['leaf_lib-1.0.zip', 'sdist', 'source'],
    ['leaf_lib-1.0-py2.7.egg', 'bdist_egg', '2.7'],
    ['leaf_lib-1.0-py2.7-linux-x86_64.egg', 'bdist_egg', '2.7'],
    ['leaf_lib-1.0.win32-py2.6.exe', 'bdist_wininst', '2.6'],
    ['leaf_lib-1.0.win32.msi', 'bdist_msi', 'any'],
    ['leaf_lib-1.0-1.noarch.rpm', 'bdist_rpm', 'any'],
    ['leaf_lib-1.0.linux-x86_64.tar.gz', 'bdist_dumb', 'any'],
  ] as const)
    t.match(
      await projectJson(partsOf([file(filename)])),
      { urls: [{ packagetype, python_version: python }] },
      filename,
    )
})

t.test('what is known is said, and nothing else', async t => {
  const known = file('leaf_lib-1.0.tar.gz', {
    hashes: { sha256: 'aa', md5: 'bb', blake2b_256: 'cc' },
    'upload-time': '2024-05-06T07:08:09.123456Z',
    'requires-python': '>=3.8',
    'core-metadata': { sha256: 'dd' },
  })
  t.match(await projectJson(partsOf([known])), {
    info: { requires_python: '>=3.8', project_url: `${root}simple/leaf-lib/` },
    urls: [
      {
        digests: { sha256: 'aa', md5: 'bb', blake2b_256: 'cc' },
        md5_digest: 'bb',
        upload_time: '2024-05-06T07:08:09',
        upload_time_iso_8601: '2024-05-06T07:08:09.123456Z',
        requires_python: '>=3.8',
        'core-metadata': { sha256: 'dd' },
        url: `${root}packages/leaf-lib/leaf_lib-1.0.tar.gz`,
      },
    ],
  })
  const { size: _size, ...unknown } = file('leaf_lib-1.0.tar.gz')
  t.match(await projectJson(partsOf([unknown])), {
    urls: [{ size: null, upload_time: null, upload_time_iso_8601: null, requires_python: null }],
  })
})

const upstreamSays = (version: string, releases: Record<string, string[]>) =>
  readUpstreamJson(
    JSON.stringify({
      info: { name: 'leaf-lib', version },
      releases: Object.fromEntries(
        Object.entries(releases).map(([version, names]) => [
          version,
          names.map(filename => ({
            filename,
            url: 'https://x.example/',
            digests: { sha256: 'aa' },
          })),
        ]),
      ),
      urls: [],
    }),
    filename => `packages/theirs/${filename}`,
    root,
  )

t.test('page and answer of different age: the union', async t => {
  const project = upstreamSays('1.1', {
    '1.0': ['leaf_lib-1.0.tar.gz'],
    '1.1': ['leaf_lib-1.1.tar.gz'],
  })
  const older = await projectJson(partsOf(versions('1.0'), { project }))
  t.match(older, { info: { version: '1.1' }, urls: [{ filename: 'leaf_lib-1.1.tar.gz' }] })
  const newer = await projectJson(partsOf(versions('1.0', '1.1', '1.2'), { project }))
  t.match(newer, { info: { version: '1.2' }, urls: [{ filename: 'leaf_lib-1.2.tar.gz' }] })
  const offline = await projectJson(partsOf(versions('1.0'), { project, isWhole: false }))
  t.match(offline, {
    info: { version: '1.0' },
    releases: { '1.0': [{ digests: { sha256: 'aa' } }] },
  })
  t.same(Object.keys(offline?.['releases'] as object), ['1.0'])
})

t.test('other bytes under the same name are ours', async t => {
  const project = upstreamSays('1.0', { '1.0': ['leaf_lib-1.0.tar.gz'] })
  const page = [file('leaf_lib-1.0.tar.gz', { hashes: { sha256: 'ee' } })]
  t.match(await projectJson(partsOf(page, { project })), {
    urls: [{ digests: { sha256: 'ee' }, url: `${root}packages/leaf-lib/leaf_lib-1.0.tar.gz` }],
  })
})

t.test('a release in every spelling, and none that is not there (PY-2)', async t => {
  const parts = partsOf([...versions('1.0'), file('leaf_lib-1.0.0-py3-none-any.whl')])
  for (const version of ['1.0', '1.0.0', 'v1', '1'])
    t.match(await releaseJson(parts, version), { urls: { length: 2 } }, version)
  t.equal(await releaseJson(parts, '1.1'), undefined)
  const release = upstreamSays('0.9', { '0.9': [] })
  t.match(await releaseJson({ ...parts, release }, '0.9'), { info: { version: '0.9' }, urls: [] })
  t.equal(await releaseJson({ ...parts, release, isWhole: false }, '0.9'), undefined)
})

t.test('what is no answer', async t => {
  for (const text of ['', '{', '[]', '{}', '{"info":{}}', '{"info":{"version":1}}'])
    t.equal(
      readUpstreamJson(text, () => undefined, root),
      undefined,
      text,
    )
})
