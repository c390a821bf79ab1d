import { createHash } from 'node:crypto'
import t from 'tap'
import { serve } from '../fixtures/serve.ts'
import { ask, lasting, raw, statusOf } from '../fixtures/wire.ts'

t.test('the page for people says what to type, with the URL of this visitor', async t => {
  const served = await serve(t)
  for (const host of [
    'pypi.example:8080',
    'pypi.example',
    '[::1]:8000',
    new URL(served.url).host,
  ]) {
    const { status, text, headers } = await ask(served.url, '/', { headers: { host } })
    t.equal(status, 200)
    const shown = text.replaceAll(/<[^>]+>/g, '')
    t.match(shown, `pip install --index-url http://${host}/simple/ PACKAGE`)
    t.match(shown, `uv add --default-index http://${host}/simple/ PACKAGE`)
    t.equal(headers['cache-control'], 'no-store', 'and nobody else gets it (fault X03)')
  }
})

t.test('a Host that is none is not repeated (faults X03, X08, C20)', async t => {
  const served = await serve(t)
  for (const host of ['"><script>alert(1)</script>', 'evil.example/x', 'a b', 'evil@example', '']) {
    const answer = await raw(
      served.url,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    t.notMatch(answer, /evil|alert|a b/)
    t.match(String(statusOf(answer)), /^[24]00$/)
  }
})

t.test('headers that claim another address count for nothing (fault X04)', async t => {
  const served = await serve(t)
  const plain = await ask(served.url, '/')
  for (const name of [
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-prefix',
    'x-forwarded-server',
    'forwarded',
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
  ])
    for (const path of ['/', '/simple/', '/simple', '/simple/none/']) {
      const headers = { [name]: name === 'forwarded' ? 'host=evil.example' : '/evil.example' }
      const answer = await ask(served.url, path, { headers })
      const usual = path === '/' ? plain : await ask(served.url, path)
      t.same([answer.status, answer.text], [usual.status, usual.text], `${name} ${path}`)
      t.same(lasting(answer), lasting(usual))
    }
})

t.test('its policy permits its own script only, and no frame (fault X10)', async t => {
  const served = await serve(t)
  const { text, headers } = await ask(served.url, '/')
  const script = /<script>([^]*?)<\/script>/.exec(text)?.[1] ?? ''
  const hash = createHash('sha256').update(script).digest('base64')
  const policy = String(headers['content-security-policy'])
  t.ok(policy.includes(`script-src 'sha256-${hash}';`))
  t.match(policy, /default-src 'none'.*frame-ancestors 'none'/)
  t.equal(headers['x-content-type-options'], 'nosniff')
})

t.test('its links are relative; what is below and unknown is 404', async t => {
  const served = await serve(t)
  const { text } = await ask(served.url, '/')
  const links = [...text.matchAll(/href="([^"]+)"/g)].map(found => found[1] ?? '')
  t.strictSame(links, ['simple/', 'local/'])
  for (const link of links) t.equal((await ask(served.url, `/${link}`)).status, 200)
  const lost = await ask(served.url, '/<script>alert(1)')
  t.equal(lost.status, 404)
  t.equal(lost.headers['content-type'], 'application/json')
  t.notMatch(lost.text, 'script')
  t.equal(lost.headers.server ?? lost.headers['x-powered-by'], undefined, 'fault X20')
})

t.test('nothing for other methods, as devpi has it (devpi-api 1.5)', async t => {
  const served = await serve(t)
  for (const method of ['PUT', 'DELETE', 'PATCH'])
    t.equal((await ask(served.url, '/', { method, body: 'x' })).status, 404)
  t.equal((await ask(served.url, '/', { method: 'POST', body: 'x' })).status, 415, 'no upload')
  t.equal((await ask(served.url, '/', { method: 'HEAD' })).body.length, 0)
})

t.test('it shows the URL that the settings say, whoever asks', async t => {
  const served = await serve(t, { outsideUrl: 'https://pypi.example/py/' })
  const { text } = await ask(served.url, '/')
  t.match(text, '--index-url <span class="url">https://pypi.example/py/</span>simple/ PACKAGE')
})
