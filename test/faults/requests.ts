/** Hostile and broken requests against the whole server (faults C and X, section 2 of the list). */
import { readdirSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { drop } from '../fixtures/indexes.ts'
import { serve, upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { startUpstream, usualPath, type Upstream } from '../fixtures/upstream.ts'
import { ask, lasting, raw, request11, statusOf } from '../fixtures/wire.ts'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.0' })
const path = usualPath(wheel)

const setUp = async (t: Test): Promise<{ served: Served; upstream: Upstream }> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...wheel }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  return { served, upstream }
}

const routes = [
  '',
  '/simple',
  '/simple/leaf-lib',
  '/ext/pypi/simple',
  '/root/pypi/+simple',
  '/local',
  '/packages',
  '/packages/leaf-lib',
  '/packages/source/l/leaf-lib',
  '/package',
  '/-',
  '/nosuch',
]

t.test('no route leads out of the directory or to what is ours alone (X01, X02)', async t => {
  const { served, upstream } = await setUp(t)
  await ask(served.url, path)
  await writeFile(join(served.directory, '.proxypypi/keep/secret-1.0.tar.gz'), 'SECRET')
  await writeFile(join(served.directory, 'proxypypi.toml'), '# SECRET')
  await mkdir(join(served.directory, 'linked'))
  await symlink('/etc/passwd', join(served.directory, 'linked', 'linked-1.0.tar.gz'))
  await symlink('/etc', join(served.directory, 'outside'))
  const before = upstream.count()
  const up = '../../../../../../../../etc/passwd'
  const ways = [
    up,
    up.replaceAll('/', '%2f'),
    up.replaceAll('.', '%2e'),
    up.replaceAll('.', '%2E').replaceAll('/', '%2F'),
    up.replaceAll('.', '%252e'),
    up.replaceAll('../', '..%5c'),
    up.replaceAll('../', '..\\'),
    up.replaceAll('../', '....//'),
    up.replaceAll('../', '..;/'),
    up.replaceAll('.', '%c0%ae'),
    up.replaceAll('../', '%uff0e%uff0e/'),
    '/etc/passwd',
    '%2fetc%2fpasswd',
    'file:///etc/passwd',
    `..%00/leaf_lib-1.0.tar.gz`,
    '.proxypypi/keep/secret-1.0.tar.gz',
    '../.proxypypi/keep/secret-1.0.tar.gz',
    '%2e%2e/.proxypypi/keep/secret-1.0.tar.gz',
    '.proxypypi%2fkeep%2fsecret-1.0.tar.gz',
    `.proxypypi/keep/facts/root/pypi/leaf-lib/${wheel.filename}.json`,
    '.proxypypi/cache/pages/pypi/leaf-lib.json',
    '.proxypypi/layout',
    'keep/secret-1.0.tar.gz',
    'proxypypi.toml',
    'outside/passwd',
    'linked-1.0.tar.gz',
    'linked/linked-1.0.tar.gz',
  ]
  for (const route of routes)
    for (const way of ways)
      for (const end of ['', '/', '.metadata']) {
        const answer = await raw(served.url, request11(`GET ${route}/${way}${end}`))
        // A redirect to the normal form of what could be a name, as `proxypypi.toml`, tells nothing.
        t.match(String(statusOf(answer)), /^(?:301|40[04])$/, `${route}/${way}${end}`)
        t.notMatch(answer, /root:|SECRET|sha256/)
      }
  const asked = upstream.requests.slice(before).map(request => request.path)
  t.ok(
    asked.every(one => /^\/simple\/[a-z0-9-]+\/$/.test(one)),
    'upstream is asked for names only',
  )
  t.notMatch((await ask(served.url, '/simple/')).text, /outside|proxypypi|keep/)
})

t.test('bad percent-encoding and raw bytes: 400 or 404 (faults C23, X13)', async t => {
  const { served, upstream } = await setUp(t)
  for (const route of routes)
    for (const bad of [
      '%',
      '%z',
      '%zz',
      '%00',
      '%ff',
      '%c0%ae',
      '%0d%0aX-Evil:%201',
      '\xe9',
      '\x80',
    ])
      for (const target of [`${route}/${bad}`, `${route}/${bad}/`, `${route}/a${bad}-1.0.tar.gz`]) {
        const answer = await raw(served.url, request11(`GET ${target}`))
        t.match(String(statusOf(answer)), /^40[04]$/, JSON.stringify(target))
        t.notMatch(answer, /^X-Evil/im)
      }
  t.equal(upstream.count(), 0)
})

t.test('a request in a request is never carried out (C07 to C11)', async t => {
  const { served, upstream } = await setUp(t)
  const second = `GET /simple/leaf-lib/ HTTP/1.1\r\nHost: a\r\n\r\n`
  for (const head of [
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    'Content-Length: 0\r\nContent-Length: 60',
    'Transfer-Encoding: xchunked',
    'Content-Length: 60',
    'X: a\nContent-Length: 60',
  ])
    for (const method of ['GET', 'POST', 'HEAD', 'OPTIONS']) {
      await raw(
        served.url,
        `${method} /-/health HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n0\r\n\r\n${second}`,
      )
      t.equal(upstream.count(), 0, `${method} ${JSON.stringify(head)}`)
    }
})

t.test('never a proxy for others (fault C19), never a redirect to them (X12)', async t => {
  const { served, upstream } = await setUp(t)
  for (const target of [
    `${upstream.origin}/simple/leaf-lib/`,
    'http://evil.example/simple/leaf-lib/',
    'https://user:pass@evil.example/simple/leaf-lib/',
  ])
    t.match(
      await raw(served.url, request11(`GET ${target}`)),
      /\.\.\/\.\.\/packages/,
      'our own page',
    )
  for (const target of [
    '//evil.example/simple/leaf-lib',
    '/\\evil.example/simple/leaf-lib',
    '/%5cevil.example',
    '/%2f%2fevil.example',
    '/simple//evil.example',
    '/simple//evil.example/..',
    '/simple/%2f%2fevil.example/',
    '/simple/https:evil.example',
    '/simple/.evil.example',
    '///evil.example/%2e%2e',
    '/simple/leaf.lib;//evil.example',
  ]) {
    const answer = await raw(served.url, request11(`GET ${target}`))
    t.notMatch(answer, /^Location:.*(?:\/\/|\\|https?:)/im)
    t.match(String(statusOf(answer)), /^(?:301|40[04])$/, target)
  }
})

t.test('names of headers and parameters that are those of objects (C28, X22)', async t => {
  const { served } = await setUp(t)
  const usual = await ask(served.url, '/simple/leaf-lib/')
  const bare = await raw(
    served.url,
    request11(
      'GET /simple/leaf-lib/?__proto__=x&constructor=y&format=__proto__&__proto__[format]=json',
      '__proto__: x',
      'constructor: x',
      'toString: x',
      'Accept: __proto__, constructor;q=1',
      'Accept-Encoding: __proto__',
    ),
  )
  t.ok(bare.endsWith(usual.text))
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
    for (const target of [`/simple/${name}/`, `/${name}`, `/packages/${name}`])
      t.match(String((await ask(served.url, target)).status), /^(?:301|404)$/, target)
  t.equal((await ask(served.url, '/simple/constructor/')).status, 404)
})

t.test('look-alikes of a name are the name or nothing (fault X18)', async t => {
  const { served, upstream } = await setUp(t)
  await drop(served.directory, 'acme_util-1.0.tar.gz', 'no archive')
  for (const spelling of ['leaf_lib', 'LEAF.LIB', 'leaf--lib', 'leaf-_.lib'])
    t.equal((await ask(served.url, `/simple/${spelling}/`)).headers.location, '../leaf-lib/')
  for (const other of [
    'leaf%E2%80%90lib',
    '%D0%BBeaf-lib',
    'leaf-lib%E2%80%8B',
    'leaf%20lib',
    'ﬂeaf',
  ])
    t.match(
      String((await ask(served.url, `/simple/${encodeURI(decodeURI(other))}/`)).status),
      /^40[04]$/,
    )
  t.equal(upstream.count(), 0)
})

t.test('a body of ten gigabytes is refused without being read (C30, X27)', async t => {
  const { served } = await setUp(t)
  const form = 'Content-Type: multipart/form-data; boundary=b'
  for (const [start, status] of [
    ['GET /simple/ HTTP/1.1\r\nHost: a', 200],
    ['PUT /simple/ HTTP/1.1\r\nHost: a', 405],
    ['POST /local/ HTTP/1.1\r\nHost: a', 405],
    ['POST /simple/ HTTP/1.1\r\nHost: a', 401],
    ['POST /simple/ HTTP/1.1\r\nHost: localhost', 415],
    [`POST /simple/ HTTP/1.1\r\nHost: localhost\r\n${form}`, 413],
  ] as const) {
    const answer = await raw(served.url, `${start}\r\nContent-Length: 10000000000\r\n\r\nsome`)
    t.equal(statusOf(answer), status, start)
    t.match(answer, /\r\nConnection: close\r\n/)
  }
})

t.test('whatever was asked, the server lives and its directory is as it was (X29)', async t => {
  const { served } = await setUp(t)
  const usual = lasting(await ask(served.url, '/simple/leaf-lib/', { headers: { accept: '*/*' } }))
  const before = readdirSync(served.directory)
  for (const bytes of [
    '\x16\x03\x01',
    '\x00',
    'GET',
    'GET / HTTP/1.1\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    request11('TRACE /'),
  ])
    await raw(served.url, `${bytes}\r\n\r\n`)
  t.same(readdirSync(served.directory), before)
  t.same(
    { ...lasting(await ask(served.url, '/simple/leaf-lib/')), 'x-cache': usual['x-cache'] },
    usual,
  )
  t.same(
    served.log.told.filter(({ level }) => level === 'error'),
    [],
  )
})
