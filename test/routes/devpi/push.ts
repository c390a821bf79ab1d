import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Layout } from '../../../src/disk/layout.ts'
import { Docs } from '../../../src/index/docs.ts'
import { docZip } from '../../fixtures/beside.ts'
import { makeSdist, makeWheel } from '../../fixtures/dist.ts'
import { digestOf } from '../../fixtures/publishing.ts'
import { startReceiver } from '../../fixtures/receiver.ts'
import { serve, upstreamAt, type Served, type Test } from '../../fixtures/serve.ts'
import {
  as,
  getJson,
  makeIndex,
  makeUser,
  pathIn,
  releasesOf,
  sendForm,
  submit,
} from '../../fixtures/stages.ts'
import { startUpstream } from '../../fixtures/upstream.ts'
import { ask } from '../../fixtures/wire.ts'

const wheel = makeWheel({ name: 'acme-util', version: '1.0', requiresPython: '>=3.8' })
const sdist = makeSdist({ name: 'acme-util', version: '1.0' })
const rebuilt = makeWheel({ name: 'acme-util', version: '1.0', files: { 'x.txt': 'other' } })
const release = { name: 'acme-util', version: '1.0' }

const pathOf = (index: string, { filename, bytes }: typeof wheel) => {
  const sha256 = digestOf(bytes)
  return `${index}/+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${filename}`
}

interface Pushed {
  readonly status: number
  readonly json: { readonly type?: string; readonly result?: unknown; readonly message?: string }
  readonly serial: number
}

const push = async (
  served: Served,
  from: string,
  order: unknown,
  user: string | undefined = from.split('/')[0],
): Promise<Pushed> => {
  const answer = await ask(served.url, `/${from}`, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', ...as(user) },
    body: typeof order === 'string' ? order : JSON.stringify(order),
  })
  const serial = Number(answer.headers['x-devpi-serial'])
  return { status: answer.status, serial, json: JSON.parse(answer.text) as Pushed['json'] }
}

const addDocs = (served: Served, index: string, bytes = docZip()) =>
  sendForm(served, index, [
    ...Object.entries({ ...release, ':action': 'doc_upload' }),
    ['content', ['docs.zip', bytes]],
  ])

const addResult = (served: Served, path: string) =>
  ask(served.url, `/${path}`, { method: 'POST', body: '{"testenvs": {}}' })

/** Two indexes, the first with a release that has everything. */
const setUp = async (t: Test, target: Readonly<Record<string, unknown>> = {}): Promise<Served> => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev')
  await makeIndex(served, 'bob/prod', { volatile: 'False', acl_upload: 'alice,bob', ...target })
  await submit(served, 'alice/dev', wheel, { summary: 'small', requires_python: '>=3.8' })
  await submit(served, 'alice/dev', sdist)
  await addDocs(served, 'alice/dev')
  await addResult(served, pathOf('alice/dev', sdist))
  return served
}

t.test('a release goes to another index with all that belongs to it (devpi-api 13)', async t => {
  const served = await setUp(t)
  const before = (await getJson(served, '/bob/prod')).result
  const { status, json, serial } = await push(served, 'alice/dev', {
    ...release,
    targetindex: 'bob/prod',
  })
  t.equal(status, 200)
  t.match(json, {
    type: 'actionlog',
    result: [
      [200, 'register', 'acme-util', '1.0', '->', 'bob/prod'],
      [200, 'store_releasefile', pathOf('bob/prod', wheel)],
      [200, 'store_releasefile', pathOf('bob/prod', sdist)],
      [
        200,
        'store_toxresult',
        new RegExp(`^${pathOf('bob/prod', sdist).replace('+', '\\+')}\\.toxresult-\\d{14}-0$`),
      ],
      [200, 'store_doczip', 'acme-util', '1.0', '->', 'bob/prod'],
    ],
  })
  t.equal((json.result as unknown[]).length, 5)
  t.ok(serial > 0)
  t.match(before, { projects: [] })
  const source = (await releasesOf(served, '/alice/dev/acme-util'))['1.0']
  const target = (await releasesOf(served, '/bob/prod/acme-util'))['1.0']
  t.match(target, { summary: 'small', requires_python: '>=3.8' })
  const links = target?.['+links'] ?? []
  t.same(
    links.map(({ rel }) => rel),
    source?.['+links']?.map(({ rel }) => rel),
  )
  for (const link of links) {
    const [upload, pushed, ...more] = link.log ?? []
    t.match(upload, { what: 'upload', dst: 'alice/dev' }, link.rel)
    t.match(pushed, { what: 'push', who: 'alice', src: 'alice/dev', dst: 'bob/prod' })
    t.same(more, [])
    t.ok(link.href.startsWith(`${served.url}bob/prod/`))
    t.equal((await ask(served.url, pathIn(link.href))).status, 200)
  }
  const docs = await ask(served.url, '/bob/prod/acme-util/1.0/+doc/index.html')
  t.match(docs, { status: 200, text: /front/ })
})

t.test('no second copy of the bytes, and the moment of the upload stays', async t => {
  const served = await setUp(t)
  await push(served, 'alice/dev', { ...release, targetindex: 'bob/prod' })
  const inode = async (index: string) =>
    (await stat(join(served.directory, `@${index}`, 'acme-util', wheel.filename))).ino
  t.equal(await inode('alice/dev'), await inode('bob/prod'))
  const page = async (index: string) => {
    const accept = 'application/vnd.pypi.simple.v1+json'
    const { text } = await ask(served.url, `/${index}/+simple/acme-util/`, { headers: { accept } })
    const { files } = JSON.parse(text) as { files: { filename: string; url: string }[] }
    return files.map(({ url: _url, ...file }) => file)
  }
  t.same(await page('bob/prod'), await page('alice/dev'))
  const metadata = await ask(served.url, `/${pathOf('bob/prod', wheel)}.metadata`)
  t.equal(metadata.text, wheel.metadata)
})

t.test('without documentation, or nothing else', async t => {
  const served = await setUp(t)
  await makeIndex(served, 'bob/docs', { acl_upload: 'alice' })
  const files = await push(served, 'alice/dev', {
    ...release,
    targetindex: 'bob/prod',
    no_docs: true,
  })
  t.equal(files.status, 200)
  t.notMatch(JSON.stringify(files.json.result), 'store_doczip')
  const docs = await push(served, 'alice/dev', {
    ...release,
    targetindex: 'bob/docs',
    only_docs: true,
  })
  t.same(docs.json.result, [
    [200, 'register', 'acme-util', '1.0', '->', 'bob/docs'],
    [200, 'store_doczip', 'acme-util', '1.0', '->', 'bob/docs'],
  ])
  t.match((await releasesOf(served, '/bob/docs/acme-util'))['1.0'], {
    '+links': [{ rel: 'doczip' }],
  })
  t.equal(
    (await push(served, 'bob/prod', { ...release, targetindex: 'bob/docs', only_docs: true }))
      .status,
    404,
  )
})

t.test('a conflict is found before anything is changed (defect 24.5)', async t => {
  const served = await setUp(t)
  await submit(served, 'bob/prod', rebuilt)
  const before = await getJson(served, '/bob/prod/acme-util')
  const serial = Number((await ask(served.url, '/+api')).headers['x-devpi-serial'])
  const answer = await push(served, 'alice/dev', { ...release, targetindex: 'bob/prod' })
  t.match(answer, {
    status: 409,
    serial,
    json: { message: `${wheel.filename} already exists in non-volatile index` },
  })
  t.same(await getJson(served, '/bob/prod/acme-util'), before)
  t.same(await readdir(join(served.directory, '@bob/prod/acme-util')), [rebuilt.filename])
  t.same(await readdir(new Layout(served.directory).temporary), [], 'nothing stays aside')
})

t.test('the same once more is a conflict, too', async t => {
  const served = await setUp(t)
  const order = { ...release, targetindex: 'bob/prod' }
  t.equal((await push(served, 'alice/dev', order)).status, 200)
  t.match(await push(served, 'alice/dev', order), {
    status: 409,
    json: { message: `${wheel.filename} already exists in non-volatile index` },
  })
  const docs = { ...order, only_docs: true }
  t.match(await push(served, 'alice/dev', docs), {
    status: 409,
    json: { message: 'acme-util-1.0.doc.zip already exists in non-volatile index' },
  })
})

t.test('documentation that comes to the index while a push is on its way stays there', async t => {
  const served = await setUp(t)
  const copyTo: Docs['copyTo'] = Reflect.get(Docs.prototype, 'copyTo')
  const others = docZip({ 'index.html': 'first' })
  Docs.prototype.copyTo = async function (...given) {
    await addDocs(served, 'bob/prod', others)
    return copyTo.apply(this, given)
  }
  t.teardown(() => (Docs.prototype.copyTo = copyTo))
  const answer = await push(served, 'alice/dev', { ...release, targetindex: 'bob/prod' })
  t.match(answer, {
    status: 409,
    json: {
      type: 'actionlog',
      message: /^acme-util-1.0.doc.zip .*the documentation was not pushed, all else was$/,
      result: [
        [200, 'register'],
        [200, 'store_releasefile'],
        [200, 'store_releasefile'],
        [200, 'store_toxresult'],
        [409, 'store_doczip', 'acme-util', '1.0', '->', 'bob/prod'],
      ],
    },
  })
  const front = await ask(served.url, '/bob/prod/acme-util/1.0/+doc/index.html')
  t.match(front, { status: 200, text: 'first' })
  t.equal((await ask(served.url, `/${pathOf('bob/prod', wheel)}`)).status, 200)
  t.same(await readdir(new Layout(served.directory).temporary), [], 'nothing stays aside')
})

t.test('on a volatile index other bytes give way', async t => {
  const served = await setUp(t, { volatile: 'True' })
  await submit(served, 'bob/prod', rebuilt)
  for (const count of [1, 2]) {
    const answer = await push(served, 'alice/dev', { ...release, targetindex: 'bob/prod' })
    t.equal(answer.status, 200)
    const found = (await releasesOf(served, '/bob/prod/acme-util'))['1.0']?.['+links'] ?? []
    const log = found.find(({ href }) => href.endsWith('.whl'))?.log
    t.match(log, [{ what: 'overwrite', count }, { what: 'upload' }, { what: 'push' }])
    t.equal(log?.length, 3)
    t.ok((await ask(served.url, `/${pathOf('bob/prod', wheel)}`)).body.equals(wheel.bytes))
    t.equal((await ask(served.url, `/${pathOf('bob/prod', rebuilt)}`)).status, 410)
    const results = found.filter(({ rel }) => rel === 'toxresult')
    t.equal(results.length, 1, 'results are not doubled')
  }
  t.ok((await ask(served.url, `/${pathOf('alice/dev', wheel)}`)).body.equals(wheel.bytes))
})

t.test('what is asked for wrongly (devpi-api 13, defect 24.2)', async t => {
  const served = await setUp(t)
  const to = { targetindex: 'bob/prod' }
  const away = { posturl: 'http://127.0.0.1:1/', username: 'u', password: 'p' }
  for (const [order, status, message] of [
    [{ ...to, version: '1.0' }, 400, /name/],
    [{ ...to, name: 'acme-util' }, 400, /version/],
    [{ ...to, name: ['acme-util'], version: '1.0' }, 400, /name/],
    [{ ...to, name: '../x', version: '1.0' }, 400, /no project name/],
    [{ ...release }, 400, /targetindex or posturl/],
    [{ ...release, targetindex: 'prod' }, 400, 'targetindex not in format user/index'],
    [{ ...release, targetindex: 'a/b/c' }, 400, 'targetindex not in format user/index'],
    [{ ...release, targetindex: '../..' }, 400, 'targetindex not in format user/index'],
    [{ ...release, targetindex: 'bob/none' }, 404, /bob\/none/],
    [{ ...release, ...to, force: true, x: 1 }, 400, 'unknown additional options: force, x'],
    [{ ...release, ...to, ...away }, 400, /^unknown additional options: password, posturl, user/],
    [{ ...release, ...to, no_docs: 'yes' }, 400, /no_docs/],
    [
      { ...release, ...to, no_docs: true, only_docs: true },
      400,
      "can't use 'no_docs' and 'only_docs' together",
    ],
    [
      { ...release, version: '9.0', ...to },
      400,
      'there are no files for acme-util 9.0 on stage alice/dev',
    ],
    [
      { ...release, name: 'none', ...to },
      400,
      'there are no files for none 1.0 on stage alice/dev',
    ],
    [{ ...release, ...away, targetdir: 'x' }, 400, 'unknown additional options: targetdir'],
    [{ ...release, ...away, posturl: 'file:///etc/passwd' }, 400, /posturl/],
    [{ ...release, ...away, posturl: 'no url' }, 400, /posturl/],
    [{ ...release, posturl: away.posturl, username: 'u' }, 400, /password/],
    ['{"name": ', 400, /JSON/],
    ['[]', 400, /object/],
    ['{"__proto__": {"name": "x"}}', 400, /__proto__/],
  ] as const) {
    const answer = await push(served, 'alice/dev', order)
    t.match(answer, { status, json: { message } }, JSON.stringify(order))
    t.notOk('result' in answer.json)
  }
  t.equal((await push(served, 'alice/none', { ...release, ...to })).status, 404)
  t.match(await getJson(served, '/bob/prod'), { result: { projects: [] } })
})

const refused = (user: string, index: string) => `user ${user} cannot upload to '${index}'`

t.test('who may push where (devpi-api 13)', async t => {
  const upstream = await startUpstream(t)
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await makeIndex(served, 'alice/dev')
  await makeIndex(served, 'alice/secret', { acl_read: 'alice', acl_upload: 'alice' })
  await makeIndex(served, 'bob/prod')
  await makeIndex(served, 'bob/open', { acl_upload: ':ANONYMOUS:' })
  await makeUser(served, 'carol')
  for (const index of ['alice/dev', 'alice/secret']) await submit(served, index, wheel)
  for (const [from, to, user, status, message] of [
    ['alice/dev', 'bob/prod', undefined, 401, refused('None', 'bob/prod')],
    ['alice/dev', 'bob/prod', 'alice', 401, refused("'alice'", 'bob/prod')],
    ['alice/dev', 'bob/prod', 'carol', 401, refused("'carol'", 'bob/prod')],
    ['alice/dev', 'root/pypi', 'alice', 401, refused("'alice'", 'root/pypi')],
    ['alice/secret', 'bob/open', 'carol', 403, 'package read forbidden'],
    ['alice/secret', 'bob/open', undefined, 401, /read/],
  ] as const) {
    const order = { ...release, targetindex: to }
    const answer = await push(served, from, order, user ?? '')
    t.match(answer, { status, json: { message } }, `${user} from ${from} to ${to}`)
  }
  const order = { ...release, targetindex: 'bob/prod' }
  t.equal((await push(served, 'alice/dev', order, 'bob')).status, 200)
  const open = { ...release, targetindex: 'bob/open' }
  t.equal((await push(served, 'alice/dev', open, '')).status, 200)
  const away = { ...release, posturl: upstream.url.href, username: 'u', password: 'p' }
  t.match(await push(served, 'alice/dev', away, ''), { status: 401, json: { message: /log in/ } })
})

t.test('a mirror as the source fetches its files first', async t => {
  const upstream = await startUpstream(t, { form: 'json' })
  const files = [wheel, sdist].map(({ filename, bytes }) => ({
    filename,
    bytes,
    'upload-time': '2024-05-06T07:08:09.000000Z',
    yanked: 'broken',
    'requires-python': '>=3.8',
  }))
  upstream.project('acme-util', files)
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await makeIndex(served, 'alice/dev')
  await makeIndex(served, 'alice/more')
  const order = { ...release, targetindex: 'alice/dev' }
  upstream.behave(upstream.path(sdist.filename), { status: 404, times: 1 })
  const broken = await push(served, 'root/pypi', order, 'alice')
  t.match(broken, { status: 502, json: { message: new RegExp(sdist.filename) } })
  t.match(await getJson(served, '/alice/dev'), { result: { projects: [] } })
  t.match(await push(served, 'root/pypi', order, 'alice'), {
    status: 200,
    json: {
      result: [
        [200, 'register', 'acme-util', '1.0', '->', 'alice/dev'],
        [200, 'store_releasefile', pathOf('alice/dev', wheel)],
        [200, 'store_releasefile', pathOf('alice/dev', sdist)],
      ],
    },
  })
  const accept = 'application/vnd.pypi.simple.v1+json'
  const { text } = await ask(served.url, '/alice/dev/+simple/acme-util/', { headers: { accept } })
  const listed = JSON.parse(text) as { files: object[] }
  t.equal(listed.files.length, 2)
  for (const file of listed.files)
    t.match(file, {
      'upload-time': '2024-05-06T07:08:09.000000Z',
      yanked: 'broken',
      'requires-python': '>=3.8',
    })
  const metadata = await ask(served.url, `/${pathOf('alice/dev', wheel)}.metadata`)
  t.equal(metadata.text, wheel.metadata)
  const { '+links': links = [] } = (await releasesOf(served, '/alice/dev/acme-util'))['1.0'] ?? {}
  t.match(links[0]?.log, [{ what: 'push', who: 'alice', src: 'root/pypi', dst: 'alice/dev' }])
})

t.test('what devpi calls its verb', async t => {
  const served = await setUp(t)
  const order = JSON.stringify({ ...release, targetindex: 'bob/prod' })
  const { port } = new URL(served.url)
  const { request } = await import('node:http')
  const headers = { 'content-length': order.length, ...as('alice') }
  const status = await new Promise(resolve => {
    const asking = request({ port, path: '/alice/dev', method: 'POST', headers }, answer => {
      resolve(answer.statusCode)
      answer.resume()
    })
    // Node's own client refuses the verb, so it is put in its place afterwards.
    Object.assign(asking, { method: 'PUSH' })
    asking.end(order)
  })
  t.equal(status, 200)
})

const elsewhere = (url: string, more: object = {}) => ({
  ...release,
  posturl: `${url}legacy/`,
  username: 'extuser',
  password: 'ext:pass-4711',
  ...more,
})

t.test('a release is published at another server (devpi-api 13)', async t => {
  const served = await setUp(t)
  const receiver = await startReceiver(t)
  const answer = await push(
    served,
    'alice/dev',
    elsewhere(receiver.url, { register_project: true }),
  )
  t.match(answer, { status: 200, json: { type: 'actionlog' } })
  t.same(answer.json.result, [
    [200, 'register', 'acme-util', '1.0'],
    [200, 'upload', pathOf('alice/dev', wheel), ''],
    [200, 'upload', pathOf('alice/dev', sdist), ''],
    [200, 'docfile', 'acme-util'],
  ])
  const authorization = `Basic ${Buffer.from('extuser:ext:pass-4711').toString('base64')}`
  t.equal(receiver.requests.length, 4)
  for (const { path, method, headers } of receiver.requests) {
    t.match({ path, method }, { path: '/legacy/', method: 'POST' })
    t.match(headers, { authorization, 'content-length': /^\d+$/ })
    t.equal(headers['transfer-encoding'], undefined)
  }
  const [first, second, third, fourth] = receiver.requests
  t.equal(first?.field(':action'), 'submit')
  t.equal(first?.field('summary'), 'small')
  for (const [posted, dist, filetype, pyversion] of [
    [second, wheel, 'bdist_wheel', 'py2.py3'],
    [third, sdist, 'sdist', 'source'],
  ] as const) {
    for (const [field, value] of Object.entries({
      ':action': 'file_upload',
      name: 'acme-util',
      version: '1.0',
      metadata_version: '2.1',
      requires_python: '>=3.8',
      filetype,
      pyversion,
      sha256_digest: digestOf(dist.bytes),
    }))
      t.equal(posted?.field(field), value, field)
    const [content] = posted?.parts.get('content') ?? []
    t.match(content?.head, `filename="${dist.filename}"`)
    t.ok(content?.body.equals(dist.bytes))
  }
  t.equal(fourth?.field(':action'), 'doc_upload')
  t.match(fourth?.parts.get('content')?.[0]?.head, 'filename="acme-util.zip"')
  const said = JSON.stringify([served.log.told, served.log.accesses])
  t.notMatch(said, '4711', 'credentials are not logged')
  const layout = new Layout(served.directory)
  for (const day of await readdir(layout.journal)) {
    const journal = await readFile(join(layout.journal, day), 'utf8')
    t.match(journal, '"event":"push"')
    t.notMatch(journal, '4711')
  }
})

t.test('a server that does not want documentation or registrations any more', async t => {
  const served = await setUp(t)
  const receiver = await startReceiver(t, request =>
    request.field(':action') === 'file_upload' ? {} : { status: 410, body: 'gone' },
  )
  const order = elsewhere(receiver.url, { register_project: true })
  t.match(await push(served, 'alice/dev', order), {
    status: 200,
    json: {
      result: [
        [410, 'register'],
        [200, 'upload'],
        [200, 'upload'],
        [410, 'docfile'],
      ],
    },
  })
})

t.test('a server that refuses, leads elsewhere, breaks off or is not there', async t => {
  const served = await setUp(t)
  const other = await startReceiver(t)
  const refusing = await startReceiver(t, (request, count) => {
    if (request.field(':action') === 'submit') return { status: 500 }
    return count % 2 === 1 ?
        { status: 400, reason: 'File already exists', body: '<h1>secret of the network</h1>' }
      : { status: 307, headers: { location: other.url } }
  })
  const answer = await push(served, 'alice/dev', elsewhere(refusing.url, { no_docs: true }))
  t.equal(answer.status, 502)
  t.match(answer.json.result, [
    [400, 'upload', /./, 'File already exists'],
    [307, 'upload', /./, 'Temporary Redirect'],
  ])
  t.notMatch(
    JSON.stringify(answer.json),
    'secret',
    'bodies of private hosts are not passed on (P23)',
  )
  t.equal(other.requests.length, 0, 'nobody else gets the credentials')
  const order = elsewhere(refusing.url, { register_project: true })
  t.same((await push(served, 'alice/dev', order)).json.result, [
    [500, 'register', 'acme-util', '1.0'],
  ])
  const dropping = await startReceiver(t, () => ({ drop: true }))
  t.match(await push(served, 'alice/dev', elsewhere(dropping.url)), {
    status: 502,
    json: { result: [[-1, 'exception on release upload:', /127\.0\.0\.1.*closed|reset/]] },
  })
  t.equal(dropping.requests.length, 1, 'it is not asked again')
  await dropping.close()
  for (const [more, what] of [
    [{}, 'exception on release upload:'],
    [{ register_project: true }, 'exception on register:'],
    [{ only_docs: true }, 'exception on documentation upload:'],
  ] as const) {
    const { status, json } = await push(served, 'alice/dev', elsewhere(dropping.url, more))
    t.equal(status, 502)
    t.match(json, { type: 'actionlog', result: [[-1, what, /connection refused/]] })
    t.notMatch(JSON.stringify(json), '4711')
  }
})
