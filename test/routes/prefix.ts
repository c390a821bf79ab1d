/** Behind a reverse proxy that puts us under a path of its own (needs 13, SA-8, TC-22, TC-30). */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, request as forward } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test as TapTest } from 'tap'
import { makeWheel } from '../fixtures/dist.ts'
import { drop } from '../fixtures/indexes.ts'
import { serve, upstreamAt, type Served, type Test } from '../fixtures/serve.ts'
import { startUpstream } from '../fixtures/upstream.ts'
import { ask } from '../fixtures/wire.ts'

const json = 'application/vnd.pypi.simple.v1+json'
const wheel = makeWheel({ name: 'leaf-lib', version: '1.0', size: 100_000 })
const mine = makeWheel({ name: 'Acme.Util', version: '2.0' })

const setUp = async (t: Test): Promise<Served> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...wheel }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await drop(served.directory, mine.filename, mine.bytes)
  return served
}

const get = (url: URL, headers = {}) => ask(url.origin, url.pathname + url.search, { headers })

/** What a client of `PUBLIC/py/` must find, whatever stands between. */
const everythingWorks = async (t: TapTest, origin: string, served: Served): Promise<void> => {
  const secret = new URL(served.url).host
  const follow = async (url: URL, headers = {}): Promise<{ url: URL; text: string }> => {
    const answer = await get(url, headers)
    t.notOk(answer.text.includes(secret), `${url.pathname} tells no inner address`)
    t.notOk(answer.headers.location?.includes(secret))
    if (answer.status !== 301) return { url, text: answer.text }
    return follow(new URL(answer.headers.location ?? '', url), headers)
  }
  for (const [asked, dist] of [
    ['simple/leaf-lib/', wheel],
    ['simple/Leaf_Lib', wheel],
    ['simple/acme.util/', mine],
    ['ext/pypi/simple/leaf-lib', wheel],
    ['root/pypi/+simple/leaf_lib/', wheel],
    ['local/ACME-util', mine],
  ] as const)
    for (const accept of ['text/html', json]) {
      const page = await follow(new URL(`/py/${asked}`, origin), { accept })
      const link =
        /href="([^"#]+)/.exec(page.text)?.[1] ?? /"url":"([^"]+)"/.exec(page.text)?.[1] ?? ''
      const file = new URL(link, page.url)
      t.match(file.href, new RegExp(`^${origin}/py/packages/`))
      t.ok((await get(file)).body.equals(dist.bytes), `${asked} ${accept}`)
      const part = await get(file, { range: 'bytes=10-19' })
      t.equal(part.status, 206)
      t.ok(part.body.equals(dist.bytes.subarray(10, 20)))
    }
  const list = await follow(new URL('/py/simple', origin))
  const [, name = ''] = /<a href="([^"]+)"/.exec(list.text) ?? []
  t.match((await follow(new URL(name, list.url))).text, 'Links for')
  const home = await follow(new URL('/py/', origin))
  t.match(home.text, `pip install --index-url <span class="url">${origin}/</span>simple/`)
  for (const [, link = ''] of home.text.matchAll(/<a href="([^"]+)"/g))
    t.equal((await get(new URL(link, home.url))).status, 200, link)
}

t.test('a reverse proxy that strips its prefix', async t => {
  const served = await setUp(t)
  const inner = new URL(served.url)
  const proxy = createServer((request, response) => {
    const { method, headers, url = '/' } = request
    const options = { host: inner.hostname, port: inner.port, method, headers, path: url.slice(3) }
    forward(options, answer => {
      response.writeHead(answer.statusCode ?? 0, answer.rawHeaders)
      answer.pipe(response)
    }).end()
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  const { port } = proxy.address() as AddressInfo
  await everythingWorks(t, `http://127.0.0.1:${port}`, served)
})

t.test('a prefix that is not stripped is 404: the proxy must strip it', async t => {
  const served = await setUp(t)
  for (const path of ['/py/simple/leaf-lib/', '/py/simple/', '/py/', '/py/packages/leaf-lib/x.whl'])
    t.equal((await ask(served.url, path)).status, 404, path)
})

const nginx = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map(directory => join(directory, 'nginx'))
  .find(path => existsSync(path))

const freePort = async (): Promise<number> => {
  const holder = createServer()
  await new Promise<void>(resolve => holder.listen(0, '127.0.0.1', resolve))
  const { port } = holder.address() as AddressInfo
  await new Promise(resolve => holder.close(resolve))
  return port
}

const reachable = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

const configuration = (home: string, port: number, inner: string, cache: string): string => `
daemon off; master_process off; pid ${home}/nginx.pid; error_log ${home}/error.log;
events {}
http {
  access_log off; client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/f; uwsgi_temp_path ${home}/u; scgi_temp_path ${home}/s;
  proxy_cache_path ${home}/cache keys_zone=pages:1m;
  server {
    listen 127.0.0.1:${port};
    location /py/ {
      proxy_pass http://${inner}/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      ${cache}
    }
  }
}
`

const startNginx = async (
  t: TapTest,
  nginx: string,
  served: Served,
  cache: string,
): Promise<string> => {
  const home = join(served.directory, '.nginx')
  await mkdir(home)
  const port = await freePort()
  const file = join(home, 'nginx.conf')
  await writeFile(file, configuration(home, port, new URL(served.url).host, cache))
  await promisify(execFile)(nginx, ['-t', '-q', '-c', file, '-p', home])
  const child = spawn(nginx, ['-c', file, '-p', home], { stdio: 'ignore' })
  const ended = new Promise(resolve => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill()
    await ended
  })
  while (!(await reachable(port))) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return `http://127.0.0.1:${port}`
}

if (nginx === undefined) t.comment('SKIPPED: no nginx on this machine, none was put in front')
else {
  t.test('nginx with a prefix, as the README shows it', async t => {
    const served = await setUp(t)
    await everythingWorks(t, await startNginx(t, nginx, served, 'proxy_buffering off;'), served)
  })

  t.test('a shared cache in front gives each client its own form (TC-22)', async t => {
    const served = await setUp(t)
    const caching =
      'proxy_cache pages; proxy_cache_revalidate on; proxy_ignore_headers Cache-Control; proxy_cache_valid 200 1m;'
    const origin = await startNginx(t, nginx, served, caching)
    for (const _ of ['first', 'again'])
      for (const [accept, start] of [
        [json, '{'],
        ['text/html', '<!DOCTYPE html>'],
      ] as const)
        for (const coding of ['identity', 'gzip']) {
          const headers = { accept, 'accept-encoding': coding }
          const answer = await ask(origin, '/py/simple/leaf-lib/', { headers })
          t.equal(answer.headers['content-encoding'], coding === 'gzip' ? 'gzip' : undefined)
          if (coding === 'identity') t.ok(answer.text.startsWith(start))
        }
  })
}
