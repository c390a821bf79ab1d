import t from 'tap'
import { makeWheel } from '../../fixtures/dist.ts'
import { serve } from '../../fixtures/serve.ts'
import { changeIndex, makeIndex, submit } from '../../fixtures/stages.ts'
import { ask } from '../../fixtures/wire.ts'

const wheel = makeWheel({ name: 'acme-util', version: '1.0' })
const json = { accept: 'application/vnd.pypi.simple.v1+json' }

t.test('attestations that came with an upload are where pages say (PEP 740)', async t => {
  const served = await serve(t)
  await makeIndex(served, 'alice/dev')
  const attestations = JSON.stringify([{ version: 1 }])
  t.equal((await submit(served, 'alice/dev', wheel, { attestations })).status, 200)
  const page = '/alice/dev/+simple/acme-util/'
  const { text } = await ask(served.url, page, { headers: json })
  const [file] = (JSON.parse(text) as { files: { provenance: string }[] }).files
  const path = new URL(file?.provenance ?? '', new URL(page, served.url)).pathname
  t.match(path, /^\/alice\/dev\/(?:\+|%2B)integrity\/acme-util\/1\.0\//)
  const provenance = await ask(served.url, path)
  t.equal(provenance.status, 200)
  t.match(JSON.parse(provenance.text), {
    attestation_bundles: [{ attestations: [{ version: 1 }] }],
  })
  const other = await ask(served.url, path.replace('/acme-util/', '/Acme_Util/'))
  t.equal(other.status, 302)
  t.equal(new URL(other.headers.location ?? '', new URL(path, served.url)).pathname, path)
  t.equal((await ask(served.url, path.replace('1.0', '2.0'))).status, 404)
  await changeIndex(served, 'alice/dev', { acl_read: ['alice'] })
  t.equal((await ask(served.url, path)).status, 401)
})
