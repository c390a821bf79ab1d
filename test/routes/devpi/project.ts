import t from 'tap'
import { makeSdist, makeWheel, makeZip } from '../../fixtures/dist.ts'
import { drop } from '../../fixtures/indexes.ts'
import { digestOf } from '../../fixtures/publishing.ts'
import { serve, upstreamAt, type Served, type Test } from '../../fixtures/serve.ts'
import {
  as,
  getJson,
  makeIndex,
  pathIn,
  releasesOf,
  sendForm,
  submit,
  type Release,
} from '../../fixtures/stages.ts'
import { startUpstream, type Upstream } from '../../fixtures/upstream.ts'
import { ask } from '../../fixtures/wire.ts'

const one = makeWheel({ name: 'acme-util', version: '1.0' })
const two = makeWheel({ name: 'acme-util', version: '2.0' })
const below = makeSdist({ name: 'acme-util', version: '1.0' })
const leaf = makeWheel({ name: 'leaf-lib', version: '1.0' })

/** `alice/dev` inherits `alice/base`, which inherits `root/pypi`. */
const setUp = async (t: Test): Promise<{ served: Served; upstream: Upstream }> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...leaf, 'requires-python': '>=3.9', yanked: 'broken' }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await makeIndex(served, 'alice/base', { bases: 'root/pypi' })
  await makeIndex(served, 'alice/dev', { bases: 'alice/base' })
  await submit(served, 'alice/dev', one, { summary: 'ours' })
  await submit(served, 'alice/base', two)
  await submit(served, 'alice/base', below, { summary: 'base' })
  return { served, upstream }
}

const hrefs = (release: Release | undefined): string[] =>
  (release?.['+links'] ?? []).map(({ href }) => href)

t.test('all releases with what is inherited (devpi-api 15)', async t => {
  const { served } = await setUp(t)
  const { url } = served
  for (const path of ['/alice/dev/acme-util', '/alice/dev/acme-util/']) {
    const releases = await releasesOf(served, path)
    t.same(Object.keys(releases), ['2.0', '1.0'], 'the newest first')
    t.match(releases['1.0'], { name: 'acme-util', version: '1.0', summary: 'ours' })
    t.match(releases['1.0']?.['+shadowing'], [{ summary: 'base' }])
    t.ok(hrefs(releases['1.0']).every(href => href.startsWith(`${url}alice/dev/+f/`)))
    t.ok(hrefs(releases['2.0']).every(href => href.startsWith(`${url}alice/base/+f/`)))
    for (const href of Object.values(releases).flatMap(hrefs))
      t.equal((await ask(url, pathIn(href))).status, 200, href)
  }
})

t.test('those of this index alone (devpi-api 15)', async t => {
  const { served, upstream } = await setUp(t)
  await submit(served, 'alice/base', makeWheel({ name: 'base-only', version: '1.0' }))
  const own = await releasesOf(served, '/alice/dev/acme-util?ignore_bases=')
  t.same(Object.keys(own), ['1.0'])
  t.notOk(Object.hasOwn(own['1.0'] as Release, '+shadowing'))
  await getJson(served, '/alice/dev/leaf-lib')
  const asked = upstream.requests.length
  t.ok(asked > 0)
  upstream.behave('*', { status: 500 })
  for (const name of ['leaf-lib', 'base-only'])
    t.same(
      await releasesOf(served, `/alice/dev/${name}?ignore_bases=`),
      {},
      'it is a base that has it',
    )
  t.match(
    await getJson(served, '/alice/dev/unheard-of?ignore_bases='),
    { status: 404, message: "no project 'unheard-of'" },
    'though a mirror may have it that is down',
  )
  t.equal(upstream.requests.length, asked, 'no mirror is asked')
})

t.test('mirrored ones tell little, under the mirror (devpi-api 15)', async t => {
  const { served } = await setUp(t)
  const sha256 = digestOf(leaf.bytes)
  const place = `root/pypi/+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${leaf.filename}`
  const expected = {
    name: 'leaf-lib',
    version: '1.0',
    requires_python: '>=3.9',
    yanked: 'broken',
    '+links': [{ rel: 'releasefile', href: served.url + place, hash_spec: `sha256=${sha256}` }],
  }
  for (const index of ['alice/dev', 'root/pypi']) {
    const { result, type } = await getJson(served, `/${index}/leaf-lib`)
    t.equal(type, 'projectconfig')
    t.match(result, { '1.0': expected })
    t.match(await getJson(served, `/${index}/leaf-lib/1.0`), {
      type: 'versiondata',
      result: expected,
    })
  }
  t.ok((await ask(served.url, `/${place}`)).body.equals(leaf.bytes))
})

t.test('one release (devpi-api 15)', async t => {
  const { served } = await setUp(t)
  t.match(await getJson(served, '/alice/dev/acme-util/1.0'), {
    status: 200,
    type: 'versiondata',
    result: { version: '1.0', summary: 'ours', '+links': [{}], '+shadowing': [{}] },
  })
  t.match(await getJson(served, '/alice/dev/acme-util/9.0'), {
    status: 404,
    message: 'The version 9.0 of project acme-util does not exist.',
  })
})

t.test('files that a person put there tell it themselves', async t => {
  const { served } = await setUp(t)
  const dropped = makeWheel({ name: 'by-hand', version: '3.0', extra: 'Summary: by hand\n' })
  await drop(`${served.directory}/@alice/dev`, `by-hand/${dropped.filename}`, dropped.bytes)
  const { result } = await getJson(served, '/alice/dev/by-hand/3.0')
  t.match(result, { name: 'by-hand', version: '3.0', summary: 'by hand', '+links': [{}] })
})

t.test('spellings lead to the project, whatever is behind (devpi-api 1.8)', async t => {
  const { served } = await setUp(t)
  const headers = { accept: 'application/json' }
  for (const [path, wanted] of [
    ['/alice/dev/Acme_Util', '/alice/dev/acme-util'],
    ['/alice/dev/Acme_Util/', '/alice/dev/acme-util/'],
    ['/alice/dev/Acme.Util/1.0', '/alice/dev/acme-util/1.0'],
  ] as const) {
    const answer = await ask(served.url, path, { headers })
    t.equal(answer.status, 302, path)
    t.equal(new URL(answer.headers.location ?? '', new URL(path, served.url)).pathname, wanted)
  }
})

t.test('what there is not (devpi-api 2, 15)', async t => {
  const { served } = await setUp(t)
  t.match(await getJson(served, '/alice/dev/nothing'), {
    status: 404,
    message: `no project 'nothing'`,
  })
  t.equal((await getJson(served, '/alice/dev/nothing?ignore_bases=')).status, 404)
  t.equal((await getJson(served, '/alice/none/acme-util')).status, 404)
  t.equal((await ask(served.url, `/alice/dev/${'a'.repeat(1000)}`)).status, 404)
  t.equal(
    (await ask(served.url, '/alice/dev/acme-util', { headers: { accept: 'image/png' } })).status,
    415,
  )
})

t.test(
  'a base that fails is an error, and what is ours can still be seen (devpi-api 24.3)',
  async t => {
    const { served, upstream } = await setUp(t)
    upstream.behave('*', { status: 500 })
    t.match(await getJson(served, '/alice/dev/leaf-lib'), { status: 502, message: /root\/pypi/ })
    t.equal((await getJson(served, '/alice/dev/acme-util')).status, 200)
    t.equal((await getJson(served, '/alice/dev/acme-util?ignore_bases=')).status, 200)
  },
)

t.test('documentation may come without a version, and alone (devpi-api 12)', async t => {
  const { served } = await setUp(t)
  const bytes = makeZip([{ name: 'index.html', data: 'x' }])
  const form = (fields: Record<string, string>) => [
    ...Object.entries({ ':action': 'doc_upload', ...fields }),
    ['content', ['x.zip', bytes]] as const,
  ]
  t.match(await sendForm(served, 'alice/dev', form({ name: 'nothing' })), {
    status: 400,
    reason: `doczip has no version and 'nothing' has no releases to derive one from`,
  })
  t.equal((await sendForm(served, 'alice/base', form({ name: 'acme-util' }))).status, 200)
  const base = await releasesOf(served, '/alice/base/acme-util')
  t.match(hrefs(base['2.0']).at(-1), /acme-util-2\.0\.doc\.zip$/, 'the newest release has it')
  const alone = form({ name: 'Only_Docs', version: '1.0', summary: 'docs' })
  t.equal((await sendForm(served, 'alice/dev', alone)).status, 200)
  t.match((await releasesOf(served, '/alice/dev/only-docs'))['1.0'], {
    name: 'Only_Docs',
    summary: 'docs',
    '+links': [{ rel: 'doczip' }],
  })
})

const docsForm = (data: string) =>
  [
    [':action', 'doc_upload'],
    ['name', 'acme-util'],
    ['version', '1.0'],
    ['content', ['x.zip', makeZip([{ name: 'index.html', data }])]],
  ] as const

t.test('documentation is replaced where files are (devpi-api 12)', async t => {
  const { served } = await setUp(t)
  await makeIndex(served, 'alice/prod', { volatile: false })
  const send = (index: string, data: string) => sendForm(served, index, docsForm(data))
  t.equal((await send('alice/prod', 'one')).status, 200)
  t.match(await send('alice/prod', 'one'), {
    status: 200,
    reason: 'Upload of identical file to non volatile index.',
  })
  t.match(await send('alice/prod', 'two'), {
    status: 409,
    reason: 'acme-util-1.0.doc.zip already exists in non-volatile index',
  })
  await send('alice/dev', 'one')
  t.equal((await send('alice/dev', 'two')).status, 200)
  const dev = await releasesOf(served, '/alice/dev/acme-util?ignore_bases=')
  const docs = dev['1.0']?.['+links']?.find(({ rel }) => rel === 'doczip')
  t.match(docs?.log, [{ what: 'overwrite', count: 1 }, { what: 'upload' }])
})

t.test('test results are with their files (devpi-api 14)', async t => {
  const { served } = await setUp(t)
  const own = await releasesOf(served, '/alice/dev/acme-util?ignore_bases=')
  const [href = ''] = hrefs(own['1.0'])
  const headers = as('alice')
  const body = '{"testenvs":{}}'
  const answer = await ask(served.url, pathIn(href), { method: 'POST', headers, body })
  t.equal(answer.status, 200)
  const after = await releasesOf(served, '/alice/dev/acme-util?ignore_bases=')
  const link = after['1.0']?.['+links']?.find(({ rel }) => rel === 'toxresult')
  t.equal(link?.for_href, href)
  t.equal((await ask(served.url, pathIn(link?.href ?? ''))).text, body)
})
