/** Indexes by REST (devpi-api 7). */
import { existsSync } from 'node:fs'
import t from 'tap'
import { IndexConfigs } from '../../../src/accounts/index-configs.ts'
import { Changes } from '../../../src/disk/changes.ts'
import { Layout } from '../../../src/disk/layout.ts'
import { indexOf } from '../../accounts/fixtures/accounts.ts'
import { makeWheel } from '../../fixtures/dist.ts'
import { DevpiClient, type Credentials } from '../../fixtures/devpi.ts'
import { drop } from '../../fixtures/indexes.ts'
import { serve, upstreamAt, type Served, type Test } from '../../fixtures/serve.ts'
import { startUpstream } from '../../fixtures/upstream.ts'
import { ask } from '../../fixtures/wire.ts'

interface Begun {
  readonly served: Served
  readonly devpi: DevpiClient
  readonly alice: Credentials
  readonly serial: () => number
}

const begin = async (t: Test): Promise<Begun> => {
  const served = await serve(t)
  const changes = new Changes(new Layout(served.directory))
  const devpi = new DevpiClient(served)
  return { served, devpi, alice: await devpi.user('alice'), serial: () => changes.serial() }
}

const stage = {
  type: 'stage',
  volatile: true,
  bases: [],
  acl_upload: ['alice'],
  acl_toxresult_upload: [':ANONYMOUS:'],
  mirror_whitelist: [],
  mirror_whitelist_inheritance: 'intersection',
}

t.test('an index comes with devpi’s defaults, all values as text', async t => {
  const { devpi, alice } = await begin(t)
  const made = await devpi.json('PUT', '/alice/dev', {}, alice)
  t.equal(made.status, 200)
  t.same(made.json, { result: stage, type: 'indexconfig' })
  const settings = { volatile: 'False', bases: 'root/pypi,/alice/dev', acl_upload: ':anonymous:' }
  const prod = await devpi.json('PUT', '/alice/prod', settings, alice)
  t.match(prod.json.result, {
    volatile: false,
    bases: ['root/pypi', 'alice/dev'],
    acl_upload: [':ANONYMOUS:'],
  })
  t.same((await devpi.json('GET', '/alice/prod?no_projects=')).json, prod.json)
  t.same((await devpi.json('GET', '/alice/prod/')).json.result, {
    ...(prod.json.result as object),
    projects: [],
  })
  t.match((await devpi.json('GET', '/alice')).json.result, { indexes: { dev: {}, prod: {} } })
})

t.test('its own projects are listed, sorted, and those of no base', async t => {
  const { devpi, alice, served } = await begin(t)
  for (const name of ['zeta', 'alpha']) {
    const { filename, bytes } = makeWheel({ name, version: '1.0' })
    await drop(served.directory, `@alice/dev/${name}/${filename}`, bytes)
  }
  const { filename, bytes } = makeWheel({ name: 'rooted', version: '1.0' })
  await drop(served.directory, filename, bytes)
  await devpi.index('alice/dev', { bases: 'root/pypi' }, alice)
  const of = async (path: string) => (await devpi.json('GET', path)).json.result
  t.match(await of('/alice/dev'), { projects: ['alpha', 'zeta'] })
  t.match(await of('/root/pypi'), { type: 'mirror', projects: ['rooted'] })
})

t.test('the list of an upstream with very many projects is sent while it is read', async t => {
  const upstream = await startUpstream(t, { form: 'html' })
  const names = Array.from({ length: 10_001 }, (_, at) => `p${String(at).padStart(5, '0')}`)
  for (const name of names) upstream.project(name, [])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  const { status, headers, text, json } = await new DevpiClient(served).json('GET', '/root/pypi')
  t.match({ status, headers }, { status: 200, headers: { 'transfer-encoding': 'chunked' } })
  t.equal(headers['content-length'], undefined, 'nobody knew its length before')
  t.match(json, { type: 'indexconfig', result: { type: 'mirror', title: 'PyPI' } })
  t.same((json.result as { projects: string[] }).projects, names)
  t.equal(text, `${JSON.stringify(json, undefined, 2)}\n`, 'in the form of all other answers')
  const settings = await new DevpiClient(served).json('GET', '/root/pypi?no_projects')
  t.same({ ...(settings.json.result as object), projects: names }, json.result)
})

t.test('of an upstream with nothing in place of its list, what is known is listed', async t => {
  const upstream = await startUpstream(t, { form: 'html' })
  const { served, devpi, alice } = await begin(t)
  const projects = async (index: string) => {
    const { status, json } = await devpi.json('GET', `/${index}`)
    t.match({ status, json }, { status: 200, json: { result: { type: 'mirror' } } })
    return (json.result as { projects: string[] }).projects
  }
  const settings = { type: 'mirror', mirror_url: upstream.url.href, mirror_cache_expiry: 0 }
  await devpi.index('alice/other', settings, alice)
  upstream.project('known', [])
  t.same(await projects('alice/other'), ['known'])
  upstream.behave('/simple/', { body: Buffer.from(' \n') })
  t.same(await projects('alice/other'), ['known'], 'a list that is there stays')
  await devpi.index('alice/m', settings, alice)
  t.same(await projects('alice/m'), [])
  t.equal((await ask(served.url, '/alice/m/+simple/known/')).status, 200)
  t.same(await projects('alice/m'), ['known'])
})

t.test('of an upstream that fails no list is sent', async t => {
  const upstream = await startUpstream(t)
  upstream.behave('*', { status: 503 })
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  const { status, json } = await new DevpiClient(served).json('GET', '/root/pypi')
  t.match({ status, json }, { status: 502, json: { message: /upstream/ } })
})

t.test('a mirror of nothing as yet can be looked at', async t => {
  const { devpi, alice } = await begin(t)
  await devpi.index('alice/m', { type: 'mirror' }, alice)
  const { status, json } = await devpi.json('GET', '/alice/m')
  t.equal(status, 200)
  t.same(json.result, { type: 'mirror', volatile: true, projects: [] })
})

t.test('three bodies change one (devpi-api 7.4)', async t => {
  const { devpi, alice, serial } = await begin(t)
  await devpi.index('alice/dev', {}, alice)
  const before = serial()
  const patch = (body: unknown, query = '') =>
    devpi.json('PATCH', `/alice/dev${query}`, body, alice)
  const list = await patch(['acl_upload+=bob', 'title=Dev index', 'mirror_whitelist+=Hello_Dv'])
  t.equal(list.status, 200)
  t.same(list.json, {
    type: 'indexconfig',
    result: {
      ...stage,
      acl_upload: ['alice', 'bob'],
      title: 'Dev index',
      mirror_whitelist: ['hello-dv'],
    },
  })
  t.equal(list.headers['x-devpi-serial'], String(before + 1))
  t.match((await patch({ volatile: 'no' })).json.result, { volatile: false, title: 'Dev index' })
  const { json } = await devpi.json('GET', '/alice/dev')
  t.equal((await patch(json)).status, 200, 'what GET gave')
  t.equal(serial(), before + 2, 'and nothing changed')
  const noop = await patch(json, '?error_on_noop')
  t.equal(noop.status, 400)
  t.same(noop.json, { message: 'The requested modifications resulted in no changes' })
  t.equal((await patch(['title-=', 'acl_upload-=bob'])).status, 200)
})

t.test('what is refused, in devpi’s words', async t => {
  const { devpi, alice, serial } = await begin(t)
  await devpi.index('alice/dev', {}, alice)
  const before = serial()
  for (const [method, path, body, status, message] of [
    ['PUT', '/alice/dev', {}, 409, "index 'alice/dev' exists"],
    ['PUT', '/alice/x', { type: 'foo' }, 400, "unknown index type 'foo'"],
    ['PUT', '/alice/x', { volatile: 'maybe' }, 400, "Unknown boolean value 'maybe'."],
    ['PUT', '/alice/x', { bases: 'foo' }, 400, "invalid base index spec: 'foo'"],
    ['PUT', '/alice/x', { bases: 'no/such' }, 400, "base index 'no/such' does not exist"],
    ['PUT', '/alice/x', { foo: 'bar' }, 400, 'indexconfig got unexpected keyword arguments: foo='],
    ['PUT', '/alice/x', [], 400, /./],
    ['PUT', '/alice/x', 'nonsense', 400, 'the body is not JSON'],
    ['PUT', '/alice/x', '{"__proto__": 1}', 400, /__proto__/],
    ['PUT', '/alice/x:y', {}, 400, /is not allowed/],
    ['PUT', '/alice/.x', {}, 400, /is not allowed/],
    ['PUT', `/alice/${'x'.repeat(100)}`, {}, 400, /is not allowed/],
    ['PUT', '/alice/x+y', {}, 404, undefined],
    ['PUT', '/alice/%2e%2e', {}, 404, undefined],
    ['PUT', '/alice/DEV', {}, 409, /./],
    ['PATCH', '/alice/dev', ['type=mirror'], 400, "the 'type' of an index can't be changed"],
    [
      'PATCH',
      '/alice/dev',
      ['acl_upload-=zz'],
      400,
      "'acl_upload' setting doesn't have value 'zz'",
    ],
    ['PATCH', '/alice/dev', ['acl_upload-='], 400, "Default values can't be removed."],
    ['PATCH', '/alice/dev', { bases: ['alice/dev'] }, 400, /./],
    ['PATCH', '/alice/dev', 'nonsense', 400, 'the body is not JSON'],
    ['PATCH', '/alice/dev', 1, 400, /./],
    ['PATCH', '/alice/nosuch', {}, 404, 'The stage alice/nosuch could not be found.'],
    ['DELETE', '/alice/nosuch', undefined, 403, /does not exist/],
  ] as const) {
    const answer = await devpi.json(method, path, body, alice)
    t.equal(answer.status, status, `${method} ${path.slice(0, 20)} ${JSON.stringify(body)}`)
    if (message !== undefined) t.match(answer.json, { message })
  }
  t.equal(serial(), before)
  const root = { user: 'root', password: '' }
  for (const as of [root, undefined])
    t.equal((await devpi.json('PUT', '/nobody/x', {}, as)).status, 404, 'a user who is not there')
})

t.test('a circle of bases is refused', async t => {
  const { devpi, alice } = await begin(t)
  await devpi.index('alice/a', {}, alice)
  await devpi.index('alice/b', { bases: 'alice/a' }, alice)
  await devpi.index('alice/c', { bases: 'alice/b' }, alice)
  t.equal((await devpi.json('PATCH', '/alice/a', ['bases+=alice/c'], alice)).status, 400)
})

t.test('only volatile ones go, with all that lies in them', async t => {
  const { devpi, alice, served } = await begin(t)
  const { filename, bytes } = makeWheel({ name: 'acme', version: '1.0' })
  await devpi.index('alice/prod', { volatile: false }, alice)
  await drop(served.directory, `@alice/prod/acme/${filename}`, bytes)
  const kept = await devpi.json('DELETE', '/alice/prod', undefined, alice)
  t.equal(kept.status, 403)
  t.match(kept.json.message, 'index alice/prod non-volatile, cannot delete')
  await devpi.json('PATCH', '/alice/prod', ['volatile=True'], alice)
  const gone = await devpi.json('DELETE', '/alice/prod', undefined, alice)
  t.equal(gone.status, 201)
  t.same(gone.json, { message: 'index alice/prod deleted' })
  t.equal((await devpi.json('GET', '/alice/prod')).status, 404)
  await devpi.index('alice/prod', {}, alice)
  t.match((await devpi.json('GET', '/alice/prod')).json.result, { projects: [] })
})

t.test('mirrors: secrets stay secret, and survive what was read (devpi-api 24.6)', async t => {
  const { devpi, alice } = await begin(t)
  const url = 'http://me:hush@127.0.0.1:9/simple/'
  const made = await devpi.json('PUT', '/alice/m', { type: 'mirror', mirror_url: url }, alice)
  t.equal(made.status, 200)
  const { json } = await devpi.json('GET', '/alice/m?no_projects=')
  const all = await devpi.json('GET', '/')
  for (const text of [made.text, JSON.stringify(json), all.text]) t.notMatch(text, 'hush')
  t.match(json.result, { mirror_url: 'http://me:***@127.0.0.1:9/simple/' })
  t.equal((await devpi.json('PATCH', '/alice/m?error_on_noop', json, alice)).status, 400)
  const bad = await devpi.json('PUT', '/alice/n', { type: 'mirror', mirror_url: 'ftp://x' }, alice)
  t.same([bad.status, bad.json.message], [400, "'mirror_url' option must be a URL."])
})

t.test('two administrators at once: nobody’s change is lost', async t => {
  const { devpi, alice } = await begin(t)
  await devpi.index('alice/dev', {}, alice)
  const names = ['bob', 'carol', 'dave', 'erin']
  await Promise.all(
    names.map(name => devpi.json('PATCH', '/alice/dev', [`acl_upload+=${name}`], alice)),
  )
  const { result } = (await devpi.json('GET', '/alice/dev')).json
  t.same([...(result as { acl_upload: string[] }).acl_upload].toSorted(), ['alice', ...names])
})

t.test('what would have no effect on the root index is not taken', async t => {
  const served = await serve(t, { upstreams: [upstreamAt('http://127.0.0.1:9/simple/')] })
  const devpi = new DevpiClient(served)
  const root = await devpi.login('root', '')
  const patch = (body: unknown) => devpi.json('PATCH', '/root/pypi', body, root)
  const url = 'http://127.0.0.1:9/simple/'
  t.match((await devpi.json('GET', '/root/pypi?no_projects')).json, { result: { mirror_url: url } })
  t.match(await patch(['mirror_url=http://127.0.0.1:8/simple/']), {
    status: 400,
    json: { message: /index-url/ },
  })
  t.match(await patch({ mirror_url: url, title: 'ours' }), { status: 200 })
  t.match(await patch(['acl_read=alice']), { status: 400, json: { message: /read = "users"/ } })
})

t.test('a deletion that was broken off is asked for again (fault P32)', async t => {
  const { served, devpi, alice } = await begin(t)
  await devpi.index('alice/dev', {}, alice)
  await drop(`${served.directory}/@alice/dev`, 'acme/acme-1.0.tar.gz', Buffer.from('x'))
  const configs = new IndexConfigs(new Layout(served.directory))
  const dev = indexOf('alice/dev')
  await t.rejects(configs.remove(dev, () => Promise.reject(new Error('killed'))))
  t.equal((await devpi.json('GET', '/alice/dev', undefined, alice)).status, 404)
  const bob = await devpi.user('bob')
  t.equal((await devpi.json('DELETE', '/alice/dev', undefined, bob)).status, 403)
  t.ok(existsSync(`${served.directory}/@alice/dev`))
  t.equal((await devpi.json('DELETE', '/alice/dev', undefined, alice)).status, 201)
  t.notOk(existsSync(`${served.directory}/@alice`))
  t.equal((await devpi.json('DELETE', '/alice/dev', undefined, alice)).status, 403)
})
