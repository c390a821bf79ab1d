import t from 'tap'
import { proxyFor } from '../../src/upstream/proxy.ts'

const proxied = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env)?.href

const isDirect = (url: string, exceptions: string) =>
  proxied(url, { ALL_PROXY: 'http://p', no_proxy: exceptions }) === undefined

t.test('the variables of the environment choose the proxy (need 16)', async t => {
  t.equal(proxied('https://a.example/', {}), undefined)
  t.equal(proxied('https://a.example/', { HTTPS_PROXY: 'http://p:3128' }), 'http://p:3128/')
  t.equal(
    proxied('https://a.example/', { https_proxy: 'p:3128', HTTPS_PROXY: 'http://q' }),
    'http://p:3128/',
  )
  t.equal(proxied('https://a.example/', { HTTP_PROXY: 'http://p' }), undefined)
  t.equal(proxied('http://a.example/', { HTTP_PROXY: 'http://p' }), 'http://p/')
  t.equal(proxied('http://a.example/', { ALL_PROXY: 'https://p' }), 'https://p/')
  for (const value of ['socks5://p', 'http://['])
    t.throws(() => proxied('http://a.example/', { HTTP_PROXY: value }), {
      message: /^HTTP_PROXY is not/,
    })
})

t.test('NO_PROXY knows hosts, suffixes, ports, networks and *', async t => {
  for (const [url, exceptions] of [
    ['http://a.example/', 'b.example, A.example'],
    ['http://x.a.example/', 'a.example'],
    ['http://x.a.example/', '.a.example'],
    ['http://x.a.example/', '*.a.example'],
    ['http://a.example:8080/', 'a.example:8080'],
    ['https://a.example/', 'a.example:443'],
    ['http://10.1.2.3/', '10.0.0.0/8'],
    ['http://[fd00::1]/', 'fd00::/8'],
    ['http://[::1]:80/', '::1'],
    ['http://[::1]:81/', '[::1]:81'],
    ['http://a.example/', '*'],
  ] as const)
    t.equal(isDirect(url, exceptions), true, `${url} ${exceptions}`)
  for (const [url, exceptions] of [
    ['http://a.example/', ''],
    ['http://a.example/', ' , .'],
    ['http://aa.example/', 'a.example'],
    ['http://a.example/', 'a.example:81'],
    ['http://11.1.2.3/', '10.0.0.0/8'],
    ['http://10.1.2.3/', '10.0.0.0/99'],
    ['http://10.1.2.3/', '10.0.0.0/x'],
    ['http://a.example/', '10.0.0.0/8'],
  ] as const)
    t.equal(isDirect(url, exceptions), false, `${url} ${exceptions}`)
})
