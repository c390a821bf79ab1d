import t from 'tap'
import { makeSdist } from '../../fixtures/dist.ts'
import { serve, upstreamAt } from '../../fixtures/serve.ts'
import { makeIndex } from '../../fixtures/stages.ts'
import { startUpstream } from '../../fixtures/upstream.ts'
import { ask } from '../../fixtures/wire.ts'

const old = makeSdist({ name: 'leaf-lib', version: '1.0' })
const fresh = makeSdist({ name: 'leaf-lib', version: '2.0' })

t.test('every mirror of the chain looks at its upstream now (devpi-api 10.6)', async t => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [{ ...old }])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await makeIndex(served, 'alice/dev', { bases: 'root/pypi' })
  const page = '/alice/dev/+simple/leaf-lib/'
  t.match((await ask(served.url, page)).text, old.filename)
  upstream.project('leaf-lib', [{ ...old }, { ...fresh }])
  t.notMatch((await ask(served.url, page)).text, fresh.filename, 'it is fresh enough')
  const asked = () => upstream.requests.filter(({ path }) => path === '/simple/leaf-lib/').length
  const before = asked()
  const refresh = () => ask(served.url, `${page}refresh`, { method: 'POST' })
  const answer = await refresh()
  t.equal(answer.status, 302)
  t.equal(
    new URL(answer.headers.location ?? '', new URL(`${page}refresh`, served.url)).pathname,
    page,
  )
  t.match((await ask(served.url, page)).text, fresh.filename)
  t.equal(asked(), before + 1)
  await Promise.all([refresh(), refresh(), refresh()])
  t.equal(asked(), before + 1, 'nobody makes us ask all the time')
})

t.test('of an unknown index nothing is refreshed', async t => {
  const served = await serve(t)
  const path = '/alice/dev/+simple/leaf-lib/refresh'
  t.equal((await ask(served.url, path, { method: 'POST' })).status, 404)
  t.equal((await ask(served.url, path)).status, 404)
})
