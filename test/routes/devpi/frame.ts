/** What all of devpi's interface has in common (devpi-api 1, 3, 4, 16). */
import t from 'tap'
import { DevpiClient, devpiAuth, type Credentials } from '../../fixtures/devpi.ts'
import { makeWheel } from '../../fixtures/dist.ts'
import { drop } from '../../fixtures/indexes.ts'
import { serve, type Served, type Test } from '../../fixtures/serve.ts'
import type { Settings } from '../../../src/settings.ts'
import { ask, raw, statusOf } from '../../fixtures/wire.ts'
import { basic } from '../../fixtures/publishing.ts'

interface Begun {
  readonly served: Served
  readonly devpi: DevpiClient
  readonly alice: Credentials
}

const begin = async (t: Test, settings: Partial<Settings> = {}): Promise<Begun> => {
  const served = await serve(t, settings)
  const devpi = new DevpiClient(served)
  const alice = await devpi.user('alice')
  await devpi.index('alice/dev', {}, alice)
  return { served, devpi, alice }
}

const html = { accept: 'text/html' }

t.test('+api tells the client where everything is (devpi-api 3)', async t => {
  const { served, devpi, alice } = await begin(t)
  const root = (await devpi.json('GET', '/+api')).json
  t.same(root, {
    type: 'apiconfig',
    result: {
      login: `${served.url}+login`,
      authstatus: ['noauth', '', []],
      features: [
        'push-no-docs',
        'push-only-docs',
        'push-register-project',
        'server-keyvalue-parsing',
      ],
    },
  })
  t.same((await devpi.json('GET', '/nobody/+api')).json, root, 'an unknown user is none of its')
  t.match((await devpi.json('GET', '/alice/dev/+api', undefined, alice)).json.result, {
    authstatus: ['ok', 'alice', []],
    index: `${served.url}alice/dev`,
    simpleindex: `${served.url}alice/dev/+simple/`,
    pypisubmit: `${served.url}alice/dev/`,
  })
  const mirror = (await devpi.json('GET', '/root/pypi/+api')).json.result as object
  t.match(mirror, { index: `${served.url}root/pypi` })
  t.notOk(Object.hasOwn(mirror, 'pypisubmit'), 'nothing can be uploaded to a mirror')
  t.equal((await devpi.json('GET', '/alice/nosuch/+api')).status, 404)
  t.equal((await devpi.json('GET', '/+api', undefined, undefined, html)).status, 404)
  t.equal((await devpi.json('POST', '/+login', {}, undefined, html)).status, 404)
  t.equal((await ask(served.url, '/+api')).status, 200, 'without an Accept')
})

t.test('logins (devpi-api 4)', async t => {
  const { devpi, served, alice } = await begin(t)
  const { status, json } = await devpi.json('POST', '/+login', { user: 'alice', password: 'alice' })
  t.equal(status, 200)
  t.match(json, {
    type: 'proxyauth',
    message: 'login successful',
    result: { password: /^[\w.~-]+$/, expiration: 36_000 },
  })
  for (const [body, wanted, message] of [
    [{ user: 'alice', password: 'wrong' }, 401, "user 'alice' could not be authenticated"],
    [{ user: 'nobody', password: 'x' }, 401, "user 'nobody' could not be authenticated"],
    [{ user: 'alice' }, 400, /Bad request/],
    [{ user: 'alice', password: null }, 400, /Bad request/],
    [{ user: 1, password: 2 }, 400, /Bad request/],
    ['nonsense', 400, 'the body is not JSON'],
    ['', 400, 'the body is not JSON'],
    ['[]', 400, /object/],
    ['{"user":"alice","password":"alice","__proto__":1}', 400, /__proto__/],
  ] as const) {
    const answer = await devpi.json('POST', '/+login', body)
    t.equal(answer.status, wanted, JSON.stringify(body))
    t.match(answer.json, { message })
    t.equal(answer.headers['www-authenticate'], undefined)
  }
  const who = async (headers: Record<string, string>) => {
    const answer = await devpi.json('GET', '/+api', undefined, undefined, headers)
    t.equal(answer.status, 200)
    return (answer.json.result as { authstatus: string[] }).authstatus[1]
  }
  t.equal(await who(devpiAuth(alice)), 'alice')
  t.equal(await who(devpiAuth({ user: 'alice', password: 'alice' })), 'alice', 'the password too')
  t.equal(await who(basic('alice', alice.password)), 'alice')
  t.equal(await who(basic('alice', 'wrong')), '')
  t.equal(await who(devpiAuth({ user: 'bob', password: alice.password })), '', 'of somebody else')
  for (const own of ['nonsense', '!!!', '', Buffer.from('no colon').toString('base64')])
    t.equal(await who({ ...basic('alice', 'alice'), 'x-devpi-auth': own }), '', 'alone decides')
  t.match(served.log.told, [])
})

t.test('what every answer says (devpi-api 1.4)', async t => {
  const { devpi, alice } = await begin(t)
  const uuids = new Set<unknown>()
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/+api'],
    ['GET', '/alice/dev'],
    ['GET', '/alice/dev/+simple/'],
    ['GET', '/root/pypi/+simple/'],
    ['GET', '/nobody'],
    ['GET', '/+nothing'],
    ['PUT', '/alice'],
    ['DELETE', '/alice/dev/+f/abc/def/x'],
    ['POST', '/alice/dev'],
    ['PUSH', '/alice/dev'],
  ] as const) {
    const { headers } = await devpi.json(method, path, undefined, alice)
    t.equal(headers['x-devpi-api-version'], '2', `${method} ${path}`)
    t.match(headers['x-devpi-server-version'], /^6\./)
    t.equal(headers['x-devpi-serial'], '2')
    for (const name of ['uuid', 'master-uuid', 'primary-uuid'])
      uuids.add(headers[`x-devpi-${name}`])
  }
  t.equal(uuids.size, 1)
  t.match([...uuids][0], /^[0-9a-f]{32}$/)
  const { headers } = await devpi.json('GET', '/alice')
  t.equal(headers['content-type'], 'application/json', 'exactly')
})

t.test('a method that a place does not know is 404; HEAD is GET (devpi-api 1.5)', async t => {
  const { devpi, served } = await begin(t)
  for (const [method, path] of [
    ['POST', '/alice'],
    ['PUSH', '/alice'],
    ['PUSH', '/'],
    ['PUSH', '/alice/dev/x'],
    ['PUT', '/alice/dev/x'],
    ['PATCH', '/alice/dev/x'],
    ['DELETE', '/'],
    ['GET', '/+login'],
    ['PUT', '/+api'],
    ['POST', '/alice/dev/+simple/'],
    ['DELETE', '/alice/dev/+simple/x/'],
    ['MKCOL', '/alice'],
    ['OPTIONS', '/alice'],
    ['GET', '/alice/dev/+simple/x/refresh'],
  ] as const) {
    const answer = await devpi.json(method, path)
    t.equal(answer.status, 404, `${method} ${path}`)
    t.match(answer.json, { code: '404 Not Found', title: 'Not Found' })
  }
  for (const path of ['/', '/alice', '/alice/dev', '/+api', '/alice/dev/+simple/']) {
    const { status, text, headers } = await devpi.json('HEAD', path)
    t.same([status, text], [200, ''], path)
    t.ok(Number(headers['content-length']) > 0)
  }
  t.equal(
    (await ask(served.url, '/alice/dev/+simple/', { method: 'OPTIONS' })).status,
    204,
    'SA-49',
  )
})

t.test('slashes, plus signs and other spellings (devpi-api 1.1, 1.8)', async t => {
  const { devpi } = await begin(t)
  for (const [one, other] of [
    ['/alice', '/alice/'],
    ['/alice/dev', '/alice/dev/'],
    ['/+api', '/+api/'],
    ['/alice/dev/+api', '/alice/dev/+api/'],
    ['/+api', '/%2Bapi'],
    ['/alice/dev/+api', '/alice/dev/%2bapi'],
    ['/alice/dev/+simple/', '/alice/dev/%2Bsimple/'],
  ] as const) {
    const [first, second] = [await devpi.json('GET', one), await devpi.json('GET', other)]
    t.equal(first.status, 200, one)
    t.same([second.status, second.text], [first.status, first.text], other)
  }
  for (const [path, location] of [
    ['/alice/dev/Hello_World', '../../alice/dev/hello-world'],
    ['/alice/dev/Hello_World/', '../../../alice/dev/hello-world/'],
    ['/alice/dev/Hello_World/?ignore_bases=', '../../../alice/dev/hello-world/?ignore_bases='],
    ['/alice/dev/Hello.World/1.0', '../../../alice/dev/hello-world/1.0'],
    [
      '/alice/dev/Hello.World/1.0+a%20b/+d/x.html',
      '../../../../../alice/dev/hello-world/1.0+a%20b/+d/x.html',
    ],
  ] as const) {
    const answer = await devpi.json('GET', path)
    t.equal(answer.status, 302, path)
    t.equal(answer.headers.location, location)
    const target = new URL(location, new URL(path, devpi.url))
    t.match(target.pathname, /^\/alice\/dev\/hello-world/)
  }
})

t.test('who wants what (devpi-api 1.7)', async t => {
  const { served } = await begin(t)
  const { filename, bytes } = makeWheel({ name: 'acme', version: '1.0' })
  await drop(served.directory, `@alice/dev/acme/${filename}`, bytes)
  const people = { accept: 'text/html,*/*;q=0.8' }
  const get = (path: string, headers: Record<string, string> = {}) =>
    ask(served.url, path, { headers })
  const home = await get('/', people)
  t.match(home.headers['content-type'], 'text/html')
  t.match((await get('/')).headers['content-type'], 'text/html', 'as ever')
  t.match((await get('/', { accept: 'application/json' })).text, 'list:userconfig')
  t.match((await get('/alice')).text, 'userconfig')
  t.equal((await get('/alice', html)).status, 404)
  const moved = await get('/alice/dev', people)
  t.same([moved.status, moved.headers.location], [302, '../alice/dev/+simple/'])
  const project = await get('/alice/dev/acme/', people)
  t.same([project.status, project.headers.location], [302, '../../../alice/dev/+simple/acme/'])
  t.equal((await get('/alice/dev/acme')).status, 415)
  t.equal((await get('/alice/dev/acme', { accept: 'application/json' })).status, 200)
  t.equal((await get('/nobody/dev/acme')).status, 404)
  const simple = 'application/vnd.pypi.simple.v1+json'
  t.match((await get('/alice/dev/', { accept: simple })).headers['content-type'], simple)
  for (const agent of ['pip/24.0 {"ci":null}', 'uv/0.5.1', 'Python/3 setuptools/69.0', 'pex/2']) {
    const headers = { 'user-agent': agent, accept: '*/*' }
    t.match((await get('/alice/dev/', headers)).text, '<a href="acme/">acme</a>', agent)
    const page = await get('/alice/dev/acme/', headers)
    const [, href = ''] = /href="([^"#]+)/.exec(page.text) ?? []
    const file = await get(new URL(href, `${served.url}alice/dev/acme/`).pathname)
    t.ok(file.body.equals(bytes), `${agent}: its links are right where it was asked`)
  }
})

t.test('behind a reverse proxy: X-Outside-Url, --outside-url, Host (devpi-api 1.6)', async t => {
  const { devpi } = await begin(t, { outsideUrl: 'https://settled.example/deep/' })
  const login = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await devpi.json('GET', path, undefined, undefined, headers)
    return [answer.status, (answer.json.result as { login?: string } | undefined)?.login]
  }
  const settled = 'https://settled.example/deep/+login'
  t.same(await login('/+api'), [200, settled])
  t.same(await login('/deep/+api'), [200, settled], 'its path is stripped')
  t.same(await login('/+api', { 'x-outside-url': '' }), [200, settled])
  const told = { 'x-outside-url': 'http://told.example:81/py' }
  t.same(await login('/+api', told), [200, 'http://told.example:81/py/+login'])
  t.same(await login('/py/+api', told), [200, 'http://told.example:81/py/+login'])
  for (const hostile of ['javascript:x', 'http://a"b/', 'http://u:p@h/', 'http://h/../x'])
    t.same(await login('/+api', { 'x-outside-url': hostile }), [400, undefined], hostile)
  t.equal((await devpi.json('GET', '/deep/simple/')).status, 200, 'everything lies below')
  t.equal((await devpi.json('GET', '/deep/root/pypi/+simple/')).status, 200)
})

t.test('without either, the Host that was asked; a bad one counts for nothing', async t => {
  const { devpi } = await begin(t)
  const login = async (host: string) => {
    const answer = await raw(
      devpi.url,
      `GET /+api HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    return /"login": "([^"]*)"/.exec(answer)?.[1]
  }
  t.equal(await login('pypi.example:8080'), 'http://pypi.example:8080/+login')
  for (const host of ['a"b', 'a b', '<x>', ''])
    t.match(await login(host), /^http:\/\/127\.0\.0\.1:\d+\/\+login$/, host)
})

t.test('+status has what monitoring reads (devpi-api 16.1)', async t => {
  const { devpi, served } = await begin(t)
  const { json } = await devpi.json('GET', '/+status')
  t.match(json, {
    type: 'status',
    result: {
      uuid: /^[0-9a-f]{32}$/,
      versioninfo: { 'devpi-server': /^6\./ },
      'server-code': String,
      host: '127.0.0.1',
      port: Number(new URL(served.url).port),
      'outside-url': null,
      serial: 2,
      'event-serial': 2,
      'last-commit-timestamp': Number,
      'event-serial-timestamp': Number,
      'event-serial-in-sync-at': Number,
      role: 'MASTER',
      polling_replicas: {},
    },
  })
  const { metrics } = json.result as { metrics: [string, string, number][] }
  t.ok(metrics.some(([name]) => name === 'devpi_web_whoosh_index_queue_size'))
  for (const [name, kind, value] of metrics) {
    t.match(name, /^devpi_(?:server|web)_/)
    t.match(kind, /^(?:counter|gauge)$/)
    t.type(value, 'number')
  }
  t.notMatch(JSON.stringify(json), served.directory, 'where it lies is nobody’s business')
})

t.test('+authcheck judges for nginx (devpi-api 16.3)', async t => {
  const { devpi, served, alice } = await begin(t, { read: 'users' })
  const check = async (uri: string, as?: Credentials, agent = 'pip/24.0') => {
    const headers = { 'x-original-uri': uri, 'user-agent': agent }
    return (await devpi.json('GET', '/+authcheck', undefined, as, headers)).status
  }
  t.equal(await check('/+api'), 200)
  t.equal(await check('/+login'), 200)
  t.equal(await check(`${served.url}+api`), 200)
  t.equal(await check('/alice/dev/+simple/'), 401)
  t.equal(await check('/alice/dev/+simple/', alice), 200)
  t.equal(await check('/alice/dev/+simple/', undefined, 'devpi-client/7.2'), 403)
  t.equal(await check('/alice/dev/+f/abc/def/x.whl'), 403)
  t.equal(await check('/alice/dev/+f/abc/def/x.whl', alice), 200)
  t.equal(await check('/+nothing', alice), 403)
  t.equal(await check('/%2e%2e/x', alice), 403)
  t.equal(await check('', alice), 403)
})

t.test('pages of other sites change nothing (fault P25)', async t => {
  const { devpi, alice } = await begin(t)
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
    for (const [method, path, body] of [
      ['PUT', '/bob', { password: 'x' }],
      ['PATCH', '/alice', { title: 'x' }],
      ['DELETE', '/alice', undefined],
      ['PUT', '/alice/x', {}],
      ['PATCH', '/alice/dev', { title: 'x' }],
      ['DELETE', '/alice/dev', undefined],
      ['POST', '/+login', { user: 'alice', password: 'alice' }],
      ['POST', '/alice/dev', {}],
      ['PUSH', '/alice/dev', {}],
      ['POST', '/alice/dev/+simple/x/refresh', undefined],
      ['DELETE', '/alice/dev/x', undefined],
      ['DELETE', '/alice/dev/x/1.0', undefined],
      ['DELETE', '/alice/dev/+f/a/b/c', undefined],
      ['POST', '/alice/dev/+f/a/b/c', {}],
    ] as const) {
      const answer = await devpi.json(method, path, body, alice, headers)
      t.equal(answer.status, 403, `${method} ${path}`)
    }
  t.equal((await devpi.json('GET', '/alice/dev', undefined, alice)).status, 200)
})

t.test('an open house is open to this machine alone', async t => {
  const served = await serve(t)
  const devpi = new DevpiClient(served)
  const make = async (name: string, headers: Record<string, string>) =>
    (await devpi.json('PUT', `/${name}`, { password: 'x' }, undefined, headers)).status
  for (const headers of [
    { 'x-forwarded-for': '10.0.0.1' },
    { 'x-real-ip': '10.0.0.1' },
    { 'x-outside-url': 'http://pypi.example' },
    { via: '1.1 proxy' },
    { host: 'rebound.example' },
  ])
    t.equal(await make('bob', headers), 403, JSON.stringify(headers))
  const body = '{"password":"x"}'
  const lines = [
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    'Content-Length: 16',
    '',
    body,
  ]
  const bare = await raw(served.url, ['PUT /bob HTTP/1.0', ...lines].join('\r\n'))
  t.equal(statusOf(bare), 403, 'as nginx asks when nothing is configured')
  t.equal(await make('bob', {}), 201)
})

t.test('where only users may read, strangers learn how to log in and no more', async t => {
  const { devpi, alice } = await begin(t, { read: 'users' })
  for (const path of ['/', '/alice', '/alice/dev', '/alice/dev/+simple/', '/alice/dev/x']) {
    const { status, headers } = await devpi.json('GET', path)
    t.equal(status, 401, path)
    t.equal(headers['www-authenticate'], 'Basic realm="pypi"')
    t.not((await devpi.json('GET', path, undefined, alice)).status, 401)
  }
  for (const path of ['/+api', '/alice/dev/+api', '/+status'])
    t.equal((await devpi.json('GET', path)).status, 200, path)
})

t.test('the serial is that of the state that is answered', async t => {
  const { devpi, alice } = await begin(t)
  const serialOf = async (method: string, path: string, body?: unknown) =>
    (await devpi.json(method, path, body, alice)).headers['x-devpi-serial']
  t.equal(await serialOf('GET', '/alice'), '2')
  t.equal(await serialOf('PUT', '/alice/x', {}), '3')
  t.equal(await serialOf('PUT', '/alice/x', {}), '3', 'refused')
  t.equal(await serialOf('PATCH', '/alice/x', ['volatile=True']), '3', 'the same as before')
  t.equal(await serialOf('DELETE', '/alice/x'), '4')
  t.equal(await serialOf('DELETE', '/alice/x'), '4')
  t.equal(await serialOf('GET', '/+api'), '4')
})
