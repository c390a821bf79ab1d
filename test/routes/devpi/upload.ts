import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { Accounts } from '../../../src/accounts/accounts.ts'
import { Layout } from '../../../src/disk/layout.ts'
import { userName, type UserName } from '../../../src/spec/user-name.ts'
import { makeSdist, makeTar, makeWheel, noise } from '../../fixtures/dist.ts'
import { basic, digestOf, multipart } from '../../fixtures/publishing.ts'
import { serve, upstreamAt, type Served, type Test } from '../../fixtures/serve.ts'
import {
  as,
  changeIndex,
  getJson,
  makeIndex,
  makeUser,
  pathIn,
  releasesOf,
  sendForm,
  submit,
  uploadForm,
} from '../../fixtures/stages.ts'
import { startUpstream } from '../../fixtures/upstream.ts'
import { ask } from '../../fixtures/wire.ts'
import { gzipSync } from 'node:zlib'

const wheel = makeWheel({ name: 'acme-util', version: '1.0', requiresPython: '>=3.8' })
const sdist = makeSdist({ name: 'acme-util', version: '1.0' })
const other = makeWheel({ name: 'acme-util', version: '1.0', files: { 'x.txt': 'other' } })

const setUp = async (t: Test, config: Readonly<Record<string, unknown>> = {}): Promise<Served> => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev', config)
  return served
}

const linksOf = async (served: Served, path = '/alice/dev/acme-util') =>
  (await releasesOf(served, path))['1.0']?.['+links'] ?? []

t.test('what the client uploads is listed and served at once (devpi-api 12)', async t => {
  const served = await setUp(t)
  const answer = await submit(served, 'alice/dev', sdist, { summary: 'small' })
  t.match(answer, { status: 200, text: '' }, 'exactly 200, and nothing said')
  t.equal((await submit(served, 'alice/dev', wheel)).status, 200)
  const page = await ask(served.url, '/alice/dev/+simple/acme-util/')
  t.match(page.text, /href="\.\.\/\.\.\/%2Bf\/|href="[^"]*\+f\//)
  t.match(page.text, 'data-requires-python="&gt;=3.8"')
  const links = await linksOf(served)
  t.equal(links.length, 2)
  for (const { bytes, filename } of [sdist, wheel]) {
    const sha256 = digestOf(bytes)
    const path = `alice/dev/+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${filename}`
    const link = links.find(({ href }) => href === served.url + path)
    t.match(link, {
      rel: 'releasefile',
      hash_spec: `sha256=${sha256}`,
      log: [{ what: 'upload', who: 'alice', dst: 'alice/dev' }],
    })
    t.ok((await ask(served.url, `/${path}`)).body.equals(bytes), filename)
  }
  t.same((await getJson(served, '/alice/dev')).result, {
    ...((await getJson(served, '/alice/dev?no_projects=')).result as object),
    projects: ['acme-util'],
  })
})

t.test('the log says which index it came to', async t => {
  const served = await setUp(t)
  await submit(served, 'alice/dev', sdist)
  const told = served.log.told.filter(({ message }) => message === 'upload')
  t.match(told, [{ fields: { index: 'alice/dev', project: 'acme-util', by: 'alice' } }])
  t.equal(told.length, 1)
})

t.test('the serial tells of it (devpi-api 1.4)', async t => {
  const served = await setUp(t)
  const before = (await ask(served.url, '/+api')).headers['x-devpi-serial']
  const answer = await submit(served, 'alice/dev', wheel)
  t.ok(Number(answer.headers.get('x-devpi-serial')) > Number(before))
})

t.test('who may upload (devpi-api 12)', async t => {
  const upstream = await startUpstream(t)
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await makeIndex(served, 'alice/dev', { acl_upload: 'alice,bob' })
  await makeUser(served, 'bob')
  await makeUser(served, 'carol')
  t.equal((await submit(served, 'alice/none', wheel)).status, 404)
  t.equal((await submit(served, 'nobody/dev', wheel, {}, 'alice')).status, 404)
  t.match(await submit(served, 'root/pypi', wheel, {}, 'alice'), {
    status: 404,
    reason: 'cannot submit to mirror index',
  })
  for (const headers of [{}, basic('alice', 'wrong')]) {
    const { body, headers: type } = multipart(uploadForm(wheel))
    const sent = { method: 'POST', body, headers: { ...type, ...headers } }
    const answer = await ask(served.url, '/alice/dev/', sent)
    t.equal(answer.status, 401)
    t.equal(answer.headers['www-authenticate'], 'Basic realm="pypi"')
  }
  t.match(await submit(served, 'alice/dev', wheel, {}, 'carol'), {
    status: 403,
    reason: 'no permission to submit',
  })
  t.match(await submit(served, 'alice/dev', wheel, {}, 'bob'), { status: 200 })
  t.match((await linksOf(served))[0]?.log, [{ who: 'bob' }])
})

t.test('everybody may where everybody is named', async t => {
  const served = await setUp(t, { acl_upload: ':ANONYMOUS:' })
  await makeUser(served, 'bob')
  const { body, headers } = multipart(uploadForm(wheel))
  const answer = await ask(served.url, '/alice/dev', { method: 'POST', body, headers })
  t.equal(answer.status, 200, 'without a slash, too')
  t.match((await linksOf(served))[0]?.log, [{ who: null }])
})

t.test('a token is limited to its projects', async t => {
  const served = await setUp(t)
  const accounts = new Accounts(new Layout(served.directory))
  const alice = await accounts.users.get(userName('alice') as UserName)
  if (alice === undefined) throw new Error('no user')
  const { text } = await accounts.tokens.create(alice, { publish: ['acme-other'] })
  const { body, headers } = multipart(uploadForm(wheel))
  const sent = { method: 'POST', body, headers: { ...headers, ...basic('alice', text) } }
  t.equal((await ask(served.url, '/alice/dev/', sent)).status, 403)
  const wider = await accounts.tokens.create(alice, { publish: ['acme-*'] })
  const again = { ...sent, headers: { ...headers, ...basic('alice', wider.text) } }
  t.equal((await ask(served.url, '/alice/dev/', again)).status, 200)
})

t.test('a volatile index takes other bytes, and says so (devpi-api 12)', async t => {
  const served = await setUp(t)
  await submit(served, 'alice/dev', wheel)
  const [first] = await linksOf(served)
  t.equal((await submit(served, 'alice/dev', other)).status, 200)
  t.equal((await submit(served, 'alice/dev', wheel)).status, 200)
  t.equal((await submit(served, 'alice/dev', other)).status, 200)
  const [link, ...more] = await linksOf(served)
  t.same(more, [])
  t.equal(link?.hash_spec, `sha256=${digestOf(other.bytes)}`)
  t.match(link?.log, [
    { what: 'overwrite', count: 3, who: null },
    { what: 'upload', who: 'alice', dst: 'alice/dev' },
  ])
  t.equal(link?.log?.length, 2)
  t.ok((await ask(served.url, pathIn(link?.href ?? ''))).body.equals(other.bytes))
  t.equal((await ask(served.url, pathIn(first?.href ?? ''))).status, 410)
})

t.test('any other index refuses them, and knows its own again (devpi-api 12)', async t => {
  const served = await setUp(t, { volatile: false })
  await submit(served, 'alice/dev', wheel, { summary: 'first' })
  const before = await getJson(served, '/alice/dev/acme-util')
  t.match(await submit(served, 'alice/dev', other, { summary: 'second' }), {
    status: 409,
    reason: `${wheel.filename} already exists in non-volatile index`,
  })
  t.match(await submit(served, 'alice/dev', wheel, { summary: 'third' }), {
    status: 200,
    reason: 'Upload of identical file to non volatile index.',
  })
  t.same(await getJson(served, '/alice/dev/acme-util'), before, 'nothing has changed')
})

t.test('two at once: one of them wins', async t => {
  const served = await setUp(t, { volatile: false })
  const answers = await Promise.all([wheel, other].map(dist => submit(served, 'alice/dev', dist)))
  t.same(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409],
  )
  const winner = answers[0]?.status === 200 ? wheel : other
  const [link] = await linksOf(served)
  t.equal(link?.hash_spec, `sha256=${digestOf(winner.bytes)}`)
})

t.test('what is registered (devpi-api 12)', async t => {
  const served = await setUp(t)
  const release = { ':action': 'submit', name: 'Acme_Util', version: '1.0' }
  const form = (fields: Record<string, string>) => Object.entries({ ...release, ...fields })
  t.match(await sendForm(served, 'alice/dev', form({ summary: 'one', author: 'A' })), {
    status: 200,
    text: '',
  })
  const known = async () => (await getJson(served, '/alice/dev/acme-util/1.0')).result
  t.match(await known(), { name: 'Acme_Util', summary: 'one', author: 'A', classifiers: [] })
  t.notOk(Object.hasOwn((await known()) as object, '+links'), 'no links without files')
  const page = await ask(served.url, '/alice/dev/+simple/acme-util/')
  t.equal(page.status, 200)
  t.notMatch(page.text, /<a /)
  await submit(served, 'alice/dev', wheel, { summary: 'two' })
  t.match(await known(), { summary: 'two', author: 'A' }, 'an upload changes what it tells only')
  await sendForm(served, 'alice/dev', form({ summary: 'UNKNOWN' }))
  t.match(await known(), { summary: '', author: '' }, 'a registration resets the rest')
})

t.test('a registration as other servers send it, without parts (devpi-api 13)', async t => {
  const served = await setUp(t)
  const body = new URLSearchParams([
    [':action', 'submit'],
    ['name', 'acme-util'],
    ['version', '2.0'],
    ['classifiers', 'A'],
    ['classifiers', 'B'],
  ]).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...as('alice') }
  const answer = await ask(served.url, '/alice/dev/', { method: 'POST', headers, body })
  t.equal(answer.status, 200)
  t.match((await getJson(served, '/alice/dev/acme-util/2.0')).result, { classifiers: ['A', 'B'] })
})

t.test('a form of the old register command: bare line feeds', async t => {
  const served = await setUp(t)
  const body = multipart([
    [':action', 'submit'],
    ['name', 'acme-util'],
    ['version', '3.0'],
  ])
  const bare = body.body.toString('latin1').replaceAll('\r\n', '\n')
  const headers = { ...body.headers, ...as('alice') }
  const answer = await ask(served.url, '/alice/dev/', { method: 'POST', headers, body: bare })
  t.equal(answer.status, 200)
  t.equal((await getJson(served, '/alice/dev/acme-util/3.0')).status, 200)
})

const refusals: Readonly<Record<string, readonly [Record<string, string | undefined>, RegExp]>> = {
  'no name': [{ name: undefined }, /^invalid metadata: the form has no name$/],
  'no version': [{ version: 'UNKNOWN' }, /^invalid metadata: the form has no version$/],
  'a name with a path': [{ name: '../../etc' }, /^invalid metadata/],
  'a very long name': [{ name: 'a'.repeat(1000) }, /^invalid metadata/],
  'a version with a path': [{ version: '../1.0' }, /^invalid metadata/],
  'another version': [{ version: '1.1' }, /does not contain version '1\.1'$/],
  'another name': [{ name: 'other' }, /does not match project name 'other'$/],
  'an unknown action': [{ ':action': 'foo' }, /^action 'foo' not supported$/],
  'a wrong digest (devpi-api 24.9)': [{ sha256_digest: '0'.repeat(64) }, /arrived with sha256/],
}

for (const [title, [fields, says]] of Object.entries(refusals))
  t.test(`refused in the reason phrase: ${title}`, async t => {
    const served = await setUp(t)
    const answer = await submit(served, 'alice/dev', wheel, fields)
    t.equal(answer.status, 400)
    t.match(answer.reason, says)
    t.same((await getJson(served, '/alice/dev')).result, {
      ...((await getJson(served, '/alice/dev?no_projects=')).result as object),
      projects: [],
    })
    const temporary = join(served.directory, '.proxypypi/work/tmp')
    while ((await readdir(temporary).catch(() => [])).length > 0) await setImmediate()
  })

t.test('refused: no file, or no archive', async t => {
  const served = await setUp(t)
  const nothing = uploadForm(wheel).filter(([name]) => name !== 'content')
  t.match(await sendForm(served, 'alice/dev', nothing), {
    status: 400,
    reason: 'content file field not found',
  })
  t.match(
    await submit(
      served,
      'alice/dev',
      { filename: 'acme_util-1.0.qwe', bytes: noise(10) },
      { name: 'acme-util', version: '1.0' },
    ),
    {
      status: 400,
      reason: `'acme_util-1.0.qwe' is not a valid archive name`,
    },
  )
  t.match(await submit(served, 'alice/dev', { ...wheel, bytes: noise(1000) }), {
    status: 400,
    reason: /is refused/,
  })
  const { body, headers } = multipart(nothing.filter(([name]) => name !== ':action'))
  const push = await ask(served.url, '/alice/dev/', {
    method: 'POST',
    body,
    headers: { ...headers, ...as('alice') },
  })
  t.equal(push.status, 400, 'a form without an action')
})

t.test('archives of sources that are no sdists are taken, hostile ones are not', async t => {
  const served = await setUp(t)
  const loose = gzipSync(
    makeTar([
      { name: 'PKG-INFO', data: 'x' },
      { name: 'content', data: 'y' },
    ]),
  )
  const dist = { filename: 'hello-1.0.tar.gz', bytes: loose }
  t.equal((await submit(served, 'alice/dev', dist, { requires_python: '>=3.7' })).status, 200)
  t.match((await ask(served.url, '/alice/dev/+simple/hello/')).text, /&gt;=3\.7/)
  const hostile = gzipSync(
    makeTar([
      { name: '../evil', data: 'x' },
      { name: 'b', data: 'y' },
    ]),
  )
  const bad = { filename: 'hello-2.0.tar.gz', bytes: hostile }
  t.match(await submit(served, 'alice/dev', bad), { status: 400, reason: /is refused/ })
})

t.test('a file that is too large is refused, and nothing of it stays', async t => {
  const served = await serve(t, { maxUpload: 10_000 })
  await makeIndex(served, 'alice/dev')
  const large = makeWheel({ name: 'acme-util', version: '1.0', size: 200_000 })
  const { body, headers } = multipart(uploadForm(large))
  const answer = await ask(served.url, '/alice/dev/', {
    method: 'POST',
    body,
    headers: { ...headers, ...as('alice') },
  }).catch(() => undefined)
  // The server may close before all was sent, and the client then sees no answer.
  if (answer !== undefined) t.equal(answer.status, 413)
  t.equal((await ask(served.url, '/alice/dev/+simple/acme-util/')).status, 404)
})

t.test('settings that change count from the next upload on', async t => {
  const served = await setUp(t)
  await submit(served, 'alice/dev', wheel)
  await changeIndex(served, 'alice/dev', { volatile: false })
  t.equal((await submit(served, 'alice/dev', other)).status, 409)
  await changeIndex(served, 'alice/dev', { volatile: true })
  t.equal((await submit(served, 'alice/dev', other)).status, 200)
})

t.test('others are told of an upload, and never delay it', async t => {
  const served = await serve(t, { outsideUrl: 'https://pypi.example/py/' })
  await makeIndex(served, 'alice/dev')
  const told: unknown[] = []
  const receiver = createServer((asked, response) => {
    const chunks: Buffer[] = []
    asked.on('data', (chunk: Buffer) => chunks.push(chunk))
    asked.on('end', () => {
      told.push(JSON.parse(Buffer.concat(chunks).toString()))
      response.end()
      receiver.emit('told')
    })
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => receiver.close())
  const { port } = receiver.address() as AddressInfo
  await changeIndex(served, 'alice/dev', { uploadtrigger_webhook: `http://127.0.0.1:${port}/` })
  const telling = once(receiver, 'told')
  const { body, headers } = multipart(uploadForm(wheel))
  const lying = { ...headers, ...as('alice'), 'x-outside-url': 'https://evil.example' }
  const sent = { method: 'POST', body, headers: lying }
  t.equal((await ask(served.url, '/alice/dev/', sent)).status, 200)
  await telling
  t.match(told, [{ project: 'acme-util', index_url: 'https://pypi.example/py/alice/dev' }])
  t.match(JSON.stringify(told), wheel.filename)
  t.notMatch(JSON.stringify(told), 'evil', 'what a client says counts for itself alone (fault X03)')
  const answer = await submit(served, 'alice/dev', wheel)
  t.equal(answer.status, 200)
  t.equal(told.length, 1, 'the same bytes again are no news')
})

/** An upload whose body is sent when the server waits for it, and something else has happened. */
const uploadAfter = async (
  { url }: Served,
  meanwhile: () => Promise<unknown>,
): Promise<IncomingMessage> => {
  const { body, headers } = multipart(uploadForm(wheel))
  const sending = request(new URL('/alice/dev/', url), {
    method: 'POST',
    headers: { ...headers, ...as('bob'), expect: '100-continue', 'content-length': body.length },
  })
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  sending.flushHeaders()
  await once(sending, 'continue')
  await meanwhile()
  sending.end(body)
  const [answer] = await answered
  answer.resume()
  return answer
}

t.test('an index that goes while a body comes stays gone (faults P22, P32)', async t => {
  const served = await setUp(t, { acl_upload: ['alice', 'bob'] })
  await makeUser(served, 'bob')
  const remove = () => ask(served.url, '/alice/dev', { method: 'DELETE', headers: as('alice') })
  const gone = await uploadAfter(served, remove)
  t.match(gone, { statusCode: 404, statusMessage: 'alice/dev was deleted meanwhile' })
  await makeIndex(served, 'alice/dev', { acl_upload: ['alice', 'bob'] })
  t.match(await getJson(served, '/alice/dev'), { result: { projects: [] } })
  const shut = () => changeIndex(served, 'alice/dev', { acl_upload: ['alice'] })
  t.match(await uploadAfter(served, shut), { statusCode: 403 }, 'as is a right')
  t.match(await getJson(served, '/alice/dev'), { result: { projects: [] } })
})

t.test('a form of very many fields is refused (fault P07)', async t => {
  const served = await setUp(t)
  const register = (fields: string) =>
    ask(served.url, '/alice/dev', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...as('alice') },
      body: `:action=submit&name=acme&version=1${fields}`,
    })
  t.equal((await register('&classifiers=x'.repeat(1990))).status, 200)
  t.equal((await register('&'.repeat(2000))).status, 400)
})
